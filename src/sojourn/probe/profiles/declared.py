"""What the operator says of the limit (`[limit]` in the profile): what the application is meant to do."""

from dataclasses import dataclass
from enum import StrEnum

from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles.profile import Profile

AT_MOST = 6
"""Sign-ins after which an application without any sign of a limit is said to have none."""


class Overflow(StrEnum):
    """What happens to the sign-in that is one too many."""

    REFUSES = "refuse"
    ENDS = "end_existing"
    ASKS = "ask"


@dataclass(frozen=True, slots=True)
class Declared:
    """The limit as it is documented."""

    max_sessions: int | None
    overflow: Overflow | None
    at_most: int
    """How many sign-ins are made to see it."""


def declared(profile: Profile) -> Declared:
    """Read the table `limit`: `max_sessions`, `overflow` and `at_most`, all optional. Raises WrongProfile."""
    table = profile.extra.get("limit", {})
    if not isinstance(table, dict) or not table.keys() <= {"max_sessions", "overflow", "at_most"}:
        raise WrongProfile("[limit] has max_sessions, overflow and at_most, and nothing else")
    sessions, overflow = table.get("max_sessions"), table.get("overflow")
    if sessions is not None and not (type(sessions) is int and sessions > 0):
        raise WrongProfile(f"max_sessions in [limit] is a number of sessions, not {sessions!r}")
    if overflow is not None and overflow not in list(Overflow):
        raise WrongProfile(f"overflow in [limit] is one of {', '.join(Overflow)}, not {overflow!r}")
    at_most = table.get("at_most", max(AT_MOST, (sessions or 0) + 1))
    if not (type(at_most) is int and at_most > 1):
        raise WrongProfile(f"at_most in [limit] is a number of sign-ins, at least 2, not {at_most!r}")
    return Declared(sessions, overflow and Overflow(overflow), at_most)
