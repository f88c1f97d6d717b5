"""Delivery on a SQL database: who tells of whom, and how far they are. Never inside a caller's transaction."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from sojourn.core.errors import RecordFormatError
from sojourn.core.events import uncontacted
from sojourn.core.outbox import BATCH_MAX, Batch, Failing, Lease, Letter, revived
from sojourn.stores.letters import failing_of, letter_of, progress_text, told_of, told_text
from sojourn.stores.rows import WIDTHS, Row, Value, storable
from sojourn.stores.sql.outbox_statements import OutboxStatements
from sojourn.stores.sql.statements import Dialect

T = TypeVar("T")
Query = Callable[[str, Sequence[Value]], list[Row]]
Execute = Callable[[str, Sequence[Value]], int]
_CANDIDATES = 8
_ROUNDS = 20


class Attempt(Protocol):
    """Runs a change in a transaction of its own, and again when somebody else's was in the way."""

    def __call__(self, work: Callable[[], T], *, atomic: bool = True) -> T:
        """What `work` returns, once it is committed."""
        ...


class SQLOutbox:
    """The part of a SQL store that `sojourn.core.outbox.Outbox` describes."""

    def __init__(self, dialect: Dialect, query: Query, execute: Execute, attempt: Attempt) -> None:
        self._sql = OutboxStatements(dialect)
        self._query, self._execute, self._attempt = query, execute, attempt

    def claim(self, worker: str, now: int, until: int, subject: str | None) -> Batch | None:
        """See `Outbox.claim`. One statement if nothing is due; four where nobody else is after the same subject."""
        if subject is not None and not storable(subject, WIDTHS["subject"]):
            return None
        statement, mine = (self._sql.due, []) if subject is None else (self._sql.due_of_one, [subject])
        # Somebody else was quicker with all of them: there may be more. Bounded, for whoever calls this inside a
        # transaction that does not see what others do.
        for _ in range(_ROUNDS):
            candidates = [_text(row[0]) for row in self._query(statement, [now, now, *mine, _CANDIDATES])]
            if not candidates:
                return None
            for found in dict.fromkeys(candidates):
                batch = self._claim(found, worker, now, until)
                if batch is not None:
                    return batch
        return None

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`. Two statements."""
        number = self._number(after)
        return () if number is None else self._letters(subject, number)

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`. One statement, and one more for each letter; three if its contact is forgotten."""
        mine = (told_text(told), lease.subject, lease.worker)

        def work() -> bool:
            # First, for it locks the lease: whoever would take it, or take it away, waits.
            if until is None:
                held = self._execute(self._sql.give_up, mine)
            else:
                held = self._execute(self._sql.go_on, (until, until, *mine))
            if held:
                for letter in letters:
                    self.write(letter)
            return held > 0

        if not self._attempt(work) or until is None:
            return None
        return Lease(lease.subject, lease.worker, until, dict(told))

    def dead_letters(self, limit: int, after: str | None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`. Those that cannot be read are passed over."""
        last = 0 if after is None else self._number(after)
        found: list[Letter] = []
        while last is not None and len(found) < limit:
            rows = self._query(self._sql.dead, (last, limit - len(found)))
            found += [letter for row in rows if (letter := _readable(row[:-1])) is not None]
            last = rows[-1][-1] if rows else None
        return tuple(found)

    def revive(self, ids: Collection[str], now: int, sink: str | None) -> int:
        """See `Outbox.revive`. One transaction for each letter."""
        return sum(self._revive(each, now, sink) for each in ids)

    def beyond(self, keep: int) -> tuple[int, int]:
        """How many events there are beyond `keep`, and a number that is higher than that of any event.

        They are counted only where their numbers, of which some were never used, say that there may be so many.
        """
        ((lowest, newest),) = self._query(self._sql.ends, ())
        if newest is None or newest - lowest < keep:
            return 0, 0
        ((number,),) = self._query(self._sql.number, ())
        return max(0, number - keep), newest + 1

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`. One statement."""
        if failing is None:
            self._attempt(lambda: self._execute(self._sql.works, (sink,)), atomic=False)
        else:
            facts = (failing.since, failing.error, failing.disabled)
            self._attempt(lambda: self._execute(self._sql.fail, (sink, *facts, *facts)), atomic=False)

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return dict(map(failing_of, self._query(self._sql.failing, ())))

    def _claim(self, subject: str, worker: str, now: int, until: int) -> Batch | None:
        taken = (subject, worker, until, until, now, worker, until, now, until)
        self._attempt(lambda: self._execute(self._sql.take, taken), atomic=False)
        ((holder, end, told),) = self._query(self._sql.lease, (subject,)) or (("", 0, ""),)
        # Asked rather than counted: MariaDB counts a row that it leaves as it is.
        if (_text(holder), end) != (worker, until):
            return None
        lease = Lease(subject, worker, until, told_of(told))
        letters = self._letters(subject)  # read once the lease is ours, so as the one before us has left them
        # In a full batch none may be due, though one beyond it is.
        if len(letters) == BATCH_MAX or any(letter.due is not None and letter.due <= now for letter in letters):
            return Batch(lease, tuple(letters))
        self.settle(lease, (), lease.told, until=None)  # somebody was quicker, between the two reads
        return None

    def _letters(self, subject: str, after: int = 0) -> list[Letter]:
        found = []
        for *columns, event in self._query(self._sql.waiting, (subject, after, BATCH_MAX)):
            letter = _readable(tuple(columns))
            if letter is not None:
                found.append(letter)
            else:
                # It cannot be told, and must not keep the others from being told: kept for whoever looks into it.
                self._attempt(partial(self._execute, self._sql.damaged, (event,)), atomic=False)
        return found

    def write(self, letter: Letter) -> None:
        """How far the sinks are with a letter that is recorded, within a transaction that somebody else has begun."""
        statement = self._sql.dead_letter if letter.dead else self._sql.letter
        self._execute(statement, (letter.due, progress_text(letter), letter.id))
        if letter.over and letter.contact:
            self._without_contact(letter.id)

    def _without_contact(self, event: str) -> None:
        # As it is by now: its addresses may have been forgotten since it was read.
        for row in self._query(self._sql.one, (event,)):
            present = _readable(row)
            if present is not None:
                self._execute(self._sql.retell, (json.dumps(uncontacted(present.event)), event))

    def _revive(self, event: str, now: int, sink: str | None) -> bool:
        found = self._query(self._sql.subject, (event,)) if storable(event, WIDTHS["event"]) else []
        if not found:
            return False

        def work() -> bool:
            self._execute(self._sql.interrupt, (found[0][0], now))
            rows = self._query(self._sql.one, (event,))
            before = _readable(rows[0]) if rows else None
            after = None if before is None else revived(before, now, sink)
            if after is not None:
                self.write(after)
            return after is not None

        return self._attempt(work)

    def _number(self, event: str) -> int | None:
        rows = self._query(self._sql.id, (event,)) if storable(event, WIDTHS["event"]) else []
        return int(rows[0][0]) if rows else None


def _readable(row: Row) -> Letter | None:
    try:
        return letter_of(row)
    except RecordFormatError:
        return None


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
