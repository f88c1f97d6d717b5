"""When to try again, and when to give up: pure. Durations in milliseconds."""

from sojourn.core.timeouts import HOUR, SECOND

SOONEST = 10 * SECOND
LATEST = 6 * HOUR
TRIES_MIN = 5
"""How many attempts are made at least, however old an event is when its turn comes: whoever was to deliver it may have
stopped for longer than anybody has patience."""


def wait(attempts: int, draw: float) -> int:
    """How long to wait after so many failed attempts (1 or more): twice as long each time, SOONEST to LATEST.

    `draw`, from 0 to 1, spreads over half as long again what has failed at one moment, so that it does not come back
    at one moment.
    """
    doubled = SOONEST << min(attempts - 1, 20)
    return int(min(doubled, LATEST * 2 // 3) * (1 + draw / 2))


def heeded(own: int, asked: int) -> int:
    """How long to wait where a receiver has asked for `asked`: no less than our `own` wait, no more than LATEST."""
    return max(own, min(asked, LATEST))


def gives_up(attempts: int, at: int, now: int, patience: int) -> bool:
    """Whether what happened `at` is not tried again after so many attempts."""
    return attempts >= TRIES_MIN and now - at >= patience
