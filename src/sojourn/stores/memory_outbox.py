"""The executable model of an outbox: letters and leases of the memory store."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sojourn.core.events import Event, payload
from sojourn.core.fading import bare, bare_event
from sojourn.core.outbox import BATCH_MAX, Batch, Failing, Lease, Letter, revived, settled


@dataclass(slots=True)
class MemoryOutbox:
    """Recorded events, in the order of recording. Not thread-safe: its store holds the lock."""

    letters: dict[str, Letter] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    """What the letters tell, as it was recorded here; nothing of those that came from another store."""
    leases: dict[str, Lease] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    """The latest end that each lease ever had."""
    sinks: dict[str, Failing] = field(default_factory=dict)

    def record(self, event: Event, *, wanted: bool) -> None:
        """Record an event, unless it is there already."""
        if event.id not in self.letters:
            self.events[event.id] = event
            self.letters[event.id] = Letter(payload(event), event.at if wanted else None)

    def bring_in(self, letters: Iterable[Letter]) -> None:
        """Keep what another store has recorded."""
        for letter in letters:
            self.letters.setdefault(letter.id, letter)

    def forget(self, letters: Iterable[Letter]) -> None:
        """Forget these."""
        for letter in letters:
            del self.letters[letter.id]
            self.events.pop(letter.id, None)

    def forget_addresses(self, before: int) -> None:
        """Forget the addresses in what is recorded from before `before`."""
        for key, letter in self.letters.items():
            if letter.at < before:
                self.letters[key] = replace(letter, event=bare(letter.event))
                if key in self.events:
                    self.events[key] = bare_event(self.events[key])

    def forget_subject(self, subject: str) -> None:
        """Forget who tells of the subject, and when anybody last did."""
        self.leases.pop(subject, None)
        self.used.pop(subject, None)

    def forget_leases(self, before: int, limit: int) -> None:
        """Forget at most `limit` leases whose latest end was before `before`."""
        for subject in [subject for subject, used in self.used.items() if used < before][:limit]:
            self.forget_subject(subject)

    def of(self, subject: str) -> list[Letter]:
        """Those about the subject."""
        return [letter for letter in self.letters.values() if letter.subject == subject]

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
        self.lease(Lease(mine, worker, until, told))
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
                kept = settled(replace(self.letters[letter.id], due=letter.due, progress=letter.progress))
                self.letters[letter.id] = kept
                if letter.id in self.events:
                    self.events[letter.id] = replace(self.events[letter.id], contact=kept.contact)
        if until is None:
            self.lease(Lease(lease.subject, "", 0, dict(told)))
            return None
        self.lease(Lease(lease.subject, lease.worker, until, dict(told)))
        return self.leases[lease.subject]

    def dead_letters(self, limit: int, after: str | None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        order = list(self.letters)
        start = 0 if after is None else order.index(after) + 1 if after in self.letters else len(order)
        return [self.letters[each] for each in order[start:] if self.letters[each].dead][:limit]

    def revive(self, ids: Collection[str], now: int, sink: str | None) -> int:
        """See `Outbox.revive`."""
        number = 0
        for each in ids:
            letter = self.letters.get(each)
            after = revived(letter, now, sink) if letter else None
            if after is not None:
                self.letters[each] = after
                told = self.leases[after.subject].told if after.subject in self.leases else {}
                self.lease(Lease(after.subject, "", 0, told))
                number += 1
        return number

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        gone = list(self.letters.values())[: min(limit, max(0, len(self.letters) - keep))]
        self.forget(gone)
        return len(gone)

    def lease(self, lease: Lease) -> None:
        """Keep it, and the latest end that one on its subject ever had."""
        self.leases[lease.subject] = lease
        self.used[lease.subject] = max(lease.until, self.used.get(lease.subject, 0))

    def _held(self, subject: str, now: int) -> bool:
        return subject in self.leases and self.leases[subject].until > now
