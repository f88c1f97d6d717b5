"""For the tests of a site that uses Sojourn.

Most of them are not about sessions. They use two clients of one user, count queries and make cookies by hand, and
pass as they are with Sojourn switched off in the settings of the tests:

    SOJOURN = {**SOJOURN, "ENABLED": False}

The few that are about sessions switch it on, on a clock that moves when they say so:

    with session_control(LIMITS=[{"max_sessions": 1, "overflow": "refuse"}]) as clock:
        ...
        clock.advance(30 * MINUTE)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings as django_settings
from django.test import override_settings

from sojourn.contrib.django.delivery import deliver
from sojourn.contrib.django.internal import wiring
from sojourn.control import system_clock
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND
from sojourn.testing.clock import FakeClock

__all__ = ["DAY", "HOUR", "MINUTE", "SECOND", "FakeClock", "deliver", "session_control"]


@contextmanager
def session_control(clock: FakeClock | None = None, **changes: Any) -> Iterator[FakeClock]:
    """Switch Sojourn on, with `changes` to the site's SOJOURN, for a `with` block or, as a decorator, for a function.

    Gives the clock that Sojourn goes by meanwhile: `clock`, or one that begins now and stands still until a test
    calls `advance(milliseconds)`. Django's own sessions go by the real time throughout. Raises ImproperlyConfigured
    at the first request if a setting cannot be used.
    """
    chosen = FakeClock(system_clock()) if clock is None else clock
    earlier, wiring.clock = wiring.clock, chosen
    try:
        with override_settings(SOJOURN={**getattr(django_settings, "SOJOURN", {}), "ENABLED": True, **changes}):
            yield chosen
    finally:
        wiring.clock = earlier
