"""What the plain application can be ill with: one wrong line each, as it is found in the wild. Data, by concept."""

from __future__ import annotations

from dataclasses import dataclass

from sojourn.probe.answers import Answer


@dataclass(frozen=True)
class Illness:
    """One weakness."""

    check: str
    """The check that must find it."""
    answer: Answer = Answer.FAIL
    """What that check must answer."""
    along: frozenset[str] = frozenset()
    """Checks that cannot but answer worse than the healthy twin's along with it."""


LEAVING = {
    "logout-keeps": Illness("logout-replay"),  # the cookie goes, the session stays
}

ILLNESSES: dict[str, Illness] = {**LEAVING}
"""Each illness by the name that `Plain` knows it by."""
