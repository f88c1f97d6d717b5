"""The letters of one subject that a worker has before it, and what it has yet to write down of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sojourn.core.outbox import Fate, Lease, Letter, Outbox, Progress
from sojourn.core.timeouts import MINUTE, SECOND
from sojourn.notify.sinks import Sink
from sojourn.notify.turns import ended, marked, next_due, waits

LEASE = MINUTE
"""For how long a worker leases a subject. If it is killed, another goes on after that; a sink's call is far shorter."""


class LeaseLost(Exception):
    """Another worker tells of the subject by now: this one must stop."""


@dataclass(slots=True)
class Desk:
    """One worker at one subject, for as long as it has the lease. `told`: when each sink last told them anything."""

    outbox: Outbox
    clock: Callable[[], int]
    lease: Lease
    told: dict[str, int]
    letters: dict[str, Letter] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def lay_out(self, letters: Iterable[Letter]) -> None:
        """Begin with these."""
        self.letters = {letter.id: letter for letter in letters}

    def waiting(self, sink: Sink) -> list[Letter]:
        """Those of which the sink has yet to tell."""
        return [letter for letter in self.letters.values() if waits(sink, letter)]

    def keep(self, letters: Iterable[Letter]) -> None:
        """Remember these as they are now, to be written down later."""
        for letter in letters:
            self.letters[letter.id] = letter
            self._changed.add(letter.id)

    def give_up(self, sink: Sink, letters: Iterable[Letter], error: str) -> None:
        """The sink tells nobody of these any more, until an operator says so."""
        for letter in letters:
            begun = letter.progress.get(sink.name, Progress())
            self.keep(marked([letter], sink.name, ended(begun, Fate.DEAD, error=begun.error or error)))

    def renew(self, now: int) -> None:
        """See to it that the lease lasts for another call of a sink. Raises LeaseLost."""
        if self._changed or self.lease.until - now < LEASE - 5 * SECOND:
            self.write(())

    def write(self, letters: Iterable[Letter]) -> None:
        """Write down all that has changed, and these; the lease goes on. Raises LeaseLost, StoreError."""
        self.keep(letters)
        changed = [self.letters[each] for each in self._changed]
        lease = self.outbox.settle(self.lease, changed, self.told, until=self.clock() + LEASE)
        if lease is None:
            raise LeaseLost
        self.lease = lease
        self._changed.clear()

    def put_away(self, sinks: Sequence[Sink], blocked: dict[str, int], *, last: bool, stopped: bool) -> None:
        """Write down how far each letter is and when it is due again. With `last` the lease is given up."""
        for letter in list(self.letters.values()):
            due = next_due(letter, sinks, blocked)
            if stopped and due is not None:
                due = min(letter.due or 0, self.clock())  # whoever goes on looks at all of it again
            if due != letter.due:
                self.keep([Letter(letter.event, due, letter.progress)])
        if not last:
            self.write(())
            return
        changed = [self.letters[each] for each in self._changed]
        self.outbox.settle(self.lease, changed, self.told, until=None)
