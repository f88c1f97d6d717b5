"""An authenticated request, by every contender: interleaved round by round, so that all see the same machine."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.children import Child
from benchmarks.contenders import Contender

_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(slots=True)
class Cost:
    """What one contender's request cost on one database."""

    key: str
    title: str
    queries: list[str]
    stranger: dict[str, Any]
    """What a request without a session cookie asked, and what its answer varies on."""
    versions: dict[str, str]
    rounds: list[float] = field(default_factory=list)
    """The median of each round, in microseconds."""

    @property
    def microseconds(self) -> float:
        """The median of the rounds' medians."""
        return statistics.median(self.rounds)

    @property
    def reads(self) -> int:
        """How many statements read something."""
        return sum(sql.startswith("SELECT") for sql in self.queries)

    @property
    def writes(self) -> int:
        """How many statements write something."""
        return sum(sql.startswith(_WRITES) for sql in self.queries)


def ratio(one: Cost, other: Cost) -> float:
    """How long `one` takes where `other` takes 1: the median over the rounds, each of which saw both."""
    return statistics.median(a / b for a, b in zip(one.rounds, other.rounds, strict=True))


def measure(
    contenders: Sequence[Contender],
    new_database: Callable[[], Mapping[str, Any]],
    *,
    rounds: int,
    requests: int,
    core: int,
    progress: Callable[[str], None],
) -> dict[str, Cost]:
    """`rounds` rounds, in each of which every contender in turn serves `requests` requests."""
    children: list[Child] = []
    try:
        progress(f"starting {len(contenders)} sites")
        children += [Child("benchmarks.worker", each.key, new_database(), core) for each in contenders]
        costs = [Cost(each.key, each.title, **child.answer()) for each, child in zip(contenders, children, strict=True)]
        pairs = list(zip(children, costs, strict=True))
        for number in range(rounds):
            progress(f"requests: round {number + 1} of {rounds}")
            # Every other round the other way about: whoever comes after whom must make no difference.
            for child, cost in pairs if number % 2 == 0 else reversed(pairs):
                cost.rounds.append(statistics.median(child.answer(requests)) / 1000)
    finally:
        for child in children:
            child.stop()
    return {cost.key: cost for cost in costs}
