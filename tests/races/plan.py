"""Which bursts a race consists of: plain data, sent to every contender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

OVERFLOWS = ("refuse", "end_existing", "ask")


@dataclass(frozen=True, slots=True)
class Burst:
    """One moment at which all contenders sign one user in.

    `again`: the user has signed in before, so that their subject's row is there; under end_existing and ask with the
    session of that time still open. Otherwise it is the very first time, and the row is raced for as well.
    """

    overflow: str
    atomic: bool
    again: bool
    user: str

    def plain(self) -> dict[str, Any]:
        """As a dict, for another process."""
        return asdict(self)


def plan(bursts: int, overflows: Sequence[str] = OVERFLOWS, atomic: Sequence[bool] = (False, True)) -> list[Burst]:
    """`bursts` of first sign-ins and as many of later ones, for each overflow, with and without ATOMIC_REQUESTS."""
    return [
        Burst(overflow, whole, again, f"{overflow}-{'whole' if whole else 'parts'}-{number}")
        for overflow in overflows
        for whole in atomic
        for number in range(bursts)
        for again in (False, True)
    ]
