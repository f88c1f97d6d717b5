"""A clock that stands still until it is told to go on: no test needs to sleep."""

START = 1_700_000_000_000


class FakeClock:
    """Call it for the time, in integer milliseconds since 1970; `advance` moves it."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, milliseconds: int) -> int:
        """Go on by `milliseconds`, not back, and return the new time. Raises ValueError for less than zero."""
        if milliseconds < 0:
            raise ValueError("A clock does not go back; make a new one to begin earlier.")
        self.now += milliseconds
        return self.now
