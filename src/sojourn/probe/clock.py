"""The time of an audit: one clock for all that waits, so that a test can move it."""

import time


class Clock:
    """The machine's own."""

    def now(self) -> float:
        """Seconds since some moment that stays the same."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds go by."""
        time.sleep(seconds)
