"""The demonstration's limit, which its front page changes while the site runs: how a policy resolver is written."""

import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival
from sojourn.core.timeouts import MINUTE, Timeouts

CHOICES = (1, 2)
"""How many sessions the front page lets one choose."""


@dataclass(frozen=True, slots=True)
class DemoLimit:
    """How many sessions an account may have, and what happens at the limit."""

    overflow: Overflow = Overflow.END_EXISTING
    max_sessions: int = 1

    @classmethod
    def of(cls, overflow: object, max_sessions: object) -> "DemoLimit":
        """The limit of two values from outside. Raises ValueError for any that the front page does not offer."""
        chosen = cls(Overflow(str(overflow)), int(str(max_sessions)))
        if chosen.max_sessions not in CHOICES:
            raise ValueError
        return chosen


def _file() -> Path:
    return Path(settings.DATABASES["default"]["NAME"]).with_name("limit.json")


def load() -> DemoLimit:
    """The limit as it is now; the one the demonstration begins with if there is no file that can be read."""
    try:
        stored = json.loads(_file().read_text(encoding="utf-8"))
        return DemoLimit.of(stored["overflow"], stored["max_sessions"])
    except (OSError, ValueError, TypeError, KeyError):
        return DemoLimit()


def save(limit: DemoLimit) -> None:
    """Let `limit` hold from the next sign-in on. The file is replaced whole, so that nobody reads half of it."""
    fresh = _file().with_suffix(".new")
    fresh.write_text(
        json.dumps({"overflow": str(limit.overflow), "max_sessions": limit.max_sessions}), encoding="utf-8"
    )
    fresh.replace(_file())


def policy(_arrival: Arrival) -> Policy:
    """The policy for one sign-in: named in `SOJOURN["POLICY"]`, and asked at each, so a new limit holds at once.

    A limit that refuses needs an inactivity timeout: otherwise a closed browser would lock its owner out for ever.
    """
    limit = load()
    return Policy(
        limits=(Limit(limit.max_sessions, limit.overflow),),
        timeouts=Timeouts(inactivity=30 * MINUTE),
    )
