"""Whether the sinks work: one that fails again and again rests for a while, so that it holds nobody else up."""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from sojourn.core.outbox import Failing, Outbox
from sojourn.core.timeouts import MINUTE
from sojourn.notify.schedule import wait
from sojourn.notify.sinks import Sink

ENOUGH = 3
"""After so many failures on end, with no success between, it is the sink that fails and not a message."""
REST = 5 * MINUTE
"""A sink that fails is tried again at least this often."""
CLOSED = "closed by whoever was to be told"


@dataclass(slots=True)
class _Condition:
    failures: int = 0
    since: int = 0
    resting: int = 0


@dataclass(slots=True)
class Health:
    """How each sink is doing, as one worker sees it, and what is noted of it in the store for all of them.

    `disabled_now` is called with a sink and why, once it has been disabled. Not thread-safe: each worker has its own.
    """

    outbox: Outbox
    disabled_now: Callable[[str, Failing], None] = lambda _sink, _failing: None
    draw: Callable[[], float] = random.random
    noted: Mapping[str, Failing] = field(default_factory=dict)
    _conditions: dict[str, _Condition] = field(default_factory=dict)

    def refresh(self) -> None:
        """Learn what other workers have noted, and operators undone. Raises StoreError."""
        self.noted = self.outbox.failing()

    def disabled(self, sink: str) -> bool:
        """Whether nothing is to be told by the sink."""
        failing = self.noted.get(sink)
        return failing is not None and failing.disabled is not None

    def resting(self, sink: str) -> int:
        """Until when the sink is not to be tried; 0 if it can be."""
        return self._conditions.get(sink, _Condition()).resting

    def works(self, sink: str) -> None:
        """It has told somebody. Raises StoreError."""
        self._conditions.pop(sink, None)
        if sink in self.noted:
            self._note(sink, None)

    def fails(self, sink: Sink, error: str, now: int, *, attempts: int) -> None:
        """It has failed, for the `attempts`th time with the same message. Raises StoreError."""
        condition = self._conditions.setdefault(sink.name, _Condition(since=now))
        condition.failures += 1
        if max(condition.failures, attempts) < ENOUGH and sink.name not in self.noted:
            return
        earlier = self.noted.get(sink.name)
        since = condition.since if earlier is None else min(earlier.since, condition.since)
        if condition.failures >= ENOUGH:
            condition.resting = now + min(wait(condition.failures - ENOUGH + 1, self.draw()), REST)
        if sink.endurance and now - since >= sink.endurance:
            self.close(sink.name, error, now, since)
        else:
            self._note(sink.name, Failing(since, error))

    def close(self, sink: str, error: str, now: int, since: int | None = None) -> None:
        """Disable the sink until an operator enables it. Raises StoreError."""
        failing = Failing(now if since is None else since, error, now)
        self._note(sink, failing)
        self.disabled_now(sink, failing)

    def forget(self, present: Collection[str]) -> None:
        """Forget sinks that there are no more."""
        for name in set(self.noted) - set(present):
            self._note(name, None)

    def _note(self, sink: str, failing: Failing | None) -> None:
        self.outbox.note_failing(sink, failing)
        self.noted = {name: kept for name, kept in self.noted.items() if name != sink}
        if failing is not None:
            self.noted = {**self.noted, sink: failing}
