"""Is this session over? Judged when it is looked up, never by a clean-up job; a judgement changes nothing."""

import re
from dataclasses import dataclass
from datetime import timedelta

from sojourn.core.errors import ConfigurationError
from sojourn.core.records import EndReason, Session

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")


def parse_duration(value: object) -> int:
    """A duration as people write it, in milliseconds: "30m", "12h", "14d", "45s", a number of seconds, a timedelta.

    Raises ConfigurationError, saying what to write, for anything else and for durations that are not longer than zero.
    """
    milliseconds = 0
    if isinstance(value, timedelta):
        milliseconds = value // timedelta(milliseconds=1)
    elif isinstance(value, int) and not isinstance(value, bool):
        milliseconds = value * SECOND
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        milliseconds = int(match[1]) * _UNITS[match[2]]
    if not 0 < milliseconds < 1000 * 365 * DAY:
        raise ConfigurationError(
            f"{value!r} is not a duration. Write a number of seconds, or a text such as '30m', '12h' or '14d'."
        )
    return milliseconds


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a session may last, in milliseconds; None means no such bound.

    `inactivity`: without activity (NIST SP 800-63B-4 section 5.2, ASVS 7.3.1). `absolute`: however active
    (ASVS 7.3.2). `touch_interval`: how often activity is to be written at most, checked here against the inactivity
    timeout and applied by `sojourn.control.Options`; by default a minute, or a tenth of the inactivity timeout if that
    is less. A session therefore ends never late, and at most one interval early.
    """

    inactivity: int | None = None
    absolute: int | None = None
    touch_interval: int | None = None

    def __post_init__(self) -> None:
        for name in ("inactivity", "absolute", "touch_interval"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigurationError(f"The {name} timeout must be longer than zero; leave it out for none.")
        if self.inactivity is not None and self.interval >= self.inactivity:
            raise ConfigurationError("The touch interval must be shorter than the inactivity timeout.")

    @property
    def interval(self) -> int:
        """The touch interval, in milliseconds."""
        return self.touch_interval or touch_interval(self.inactivity)


def touch_interval(inactivity: int | None, wished: int | None = None) -> int:
    """How often the activity of a session is written at most; all in milliseconds.

    `wished`, if an active session survives it; else a minute, or a tenth of the inactivity timeout if that is less.
    """
    if wished is not None and (inactivity is None or wished < inactivity):
        return wished
    return MINUTE if inactivity is None else max(1, min(MINUTE, inactivity // 10))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one session at one moment."""

    live: bool
    reason: EndReason | None = None
    """Why it is over; None while it lives."""
    at: int | None = None
    """When it ended or, while it lives, when it ends at the latest without more activity; None if never."""


def deadlines(session: Session) -> list[tuple[int, EndReason]]:
    """The moments at which time ends the session, each with its reason, soonest first."""
    found = []
    if session.expires is not None:
        found.append((session.expires, EndReason.ABSOLUTE_TIMEOUT))
    if session.inactivity_timeout is not None:
        found.append((session.last_seen + session.inactivity_timeout, EndReason.INACTIVITY_TIMEOUT))
    if session.carrier_expires is not None:
        found.append((session.carrier_expires, EndReason.CARRIER_EXPIRED))
    if session.voided is not None:
        found.append((session.voided, EndReason.EPOCH))
    return sorted(found, key=lambda deadline: deadline[0])


def deadline(session: Session) -> int | None:
    """The moment at which time ends the session unless it is used before; None if never."""
    return next((at for at, _ in deadlines(session)), None)


def judge(session: Session, now: int) -> Verdict:
    """Whether `session` may be used at `now`; if not, why and since when. Changes nothing."""
    if not session.open:
        return Verdict(live=False, reason=session.end_reason, at=session.ended)
    for at, reason in deadlines(session):
        return Verdict(live=False, reason=reason, at=at) if at <= now else Verdict(live=True, at=at)
    return Verdict(live=True)


def touch_due(session: Session, now: int, interval: int) -> bool:
    """Whether activity at `now` is to be written: the last one written is at least `interval` milliseconds old."""
    return now - session.last_seen >= interval


def visit_due(session: Session, digest: bytes, now: int, wished: int | None) -> bool:
    """Whether activity at `now`, by the token with this digest, is to be written: see `touch_interval` for `wished`.

    Only for a live session, and only by its newest token or by the one before while that is still accepted.
    """
    return (
        judge(session, now).live
        and (digest == session.digest or now < session.predecessor_until)
        and touch_due(session, now, touch_interval(session.inactivity_timeout, wished))
    )
