"""Time that a test moves: the clock of an audit, and of the application that it audits."""

from __future__ import annotations

from sojourn.probe.clock import Clock


class MovedClock(Clock):
    """Stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
