"""The executable model of an outbox: letters and leases of the memory store."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sojourn.core.events import Event, payload
from sojourn.core.outbox import BATCH_MAX, Batch, Failing, Fate, Lease, Letter, Progress


@dataclass(slots=True)
class MemoryOutbox:
    """Recorded events, in the order of recording. Not thread-safe: its store holds the lock."""

    events: dict[str, Event] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    sinks: dict[str, Failing] = field(default_factory=dict)

    def record(self, event: Event, *, wanted: bool) -> None:
        """Record an event, unless it is there already."""
        if event.id not in self.events:
            self.events[event.id] = event
            self.letters[event.id] = Letter(payload(event), event.at if wanted else None)

    def forget(self, events: Iterable[Event]) -> None:
        """Forget these."""
        for event in events:
            del self.events[event.id], self.letters[event.id]

    def forget_subject(self, subject: str) -> None:
        """Forget when anybody told the subject anything."""
        self.leases.pop(subject, None)

    @property
    def waiting(self) -> list[Letter]:
        """Those that somebody waits for."""
        return [letter for letter in self.letters.values() if letter.due is not None]

    def claim(self, worker: str, now: int, until: int, subject: str | None) -> Batch | None:
        """See `Outbox.claim`."""
        due = [
            (letter.due, number, letter.subject)
            for number, letter in enumerate(self.letters.values())
            if letter.due is not None
            and letter.due <= now
            and subject in (None, letter.subject)
            and not self._held(letter.subject, now)
        ]
        if not due:
            return None
        mine = min(due)[2]
        told = self.leases[mine].told if mine in self.leases else {}
        self.leases[mine] = Lease(mine, worker, until, told)
        letters = [letter for letter in self.waiting if letter.subject == mine]
        return Batch(self.leases[mine], tuple(letters[:BATCH_MAX]))

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        order = list(self.letters)
        later = order[order.index(after) + 1 :] if after in self.letters else []
        mine = [self.letters[each] for each in later if self.letters[each].subject == subject]
        return [letter for letter in mine if letter.due is not None][:BATCH_MAX]

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        present = self.leases.get(lease.subject)
        if present is None or present.worker != lease.worker:
            return None
        for letter in letters:
            if letter.id in self.letters:
                self.letters[letter.id] = replace(self.letters[letter.id], due=letter.due, progress=letter.progress)
        kept = Lease(lease.subject, lease.worker if until else "", until or 0, dict(told))
        self.leases[lease.subject] = kept
        return kept if until else None

    def dead_letters(self, limit: int, after: str | None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        order = list(self.letters)
        start = order.index(after) + 1 if after in self.letters else 0
        return [self.letters[each] for each in order[start:] if self.letters[each].dead][:limit]

    def revive(self, ids: Collection[str], now: int, sink: str | None) -> int:
        """See `Outbox.revive`."""
        revived = 0
        for each in ids:
            letter = self.letters.get(each)
            dead = {
                name
                for name, progress in (letter.progress if letter else {}).items()
                if progress.fate is Fate.DEAD and sink in (None, name)
            }
            if letter is not None and dead:
                progress = {name: Progress() if name in dead else kept for name, kept in letter.progress.items()}
                self.letters[each] = replace(letter, due=now, progress=progress)
                revived += 1
        return revived

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        gone = list(self.events.values())[: min(limit, max(0, len(self.events) - keep))]
        self.forget(gone)
        return len(gone)

    def _held(self, subject: str, now: int) -> bool:
        return subject in self.leases and self.leases[subject].until > now
