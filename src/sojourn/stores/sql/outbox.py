"""Delivery on a SQL database: who tells of whom, and how far they are. Never inside a caller's transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from sojourn.core.errors import RecordFormatError
from sojourn.core.outbox import BATCH_MAX, Batch, Failing, Fate, Lease, Letter, Progress
from sojourn.stores.sql.database import Row, Value
from sojourn.stores.sql.letters import failing_of, letter_of, progress_text, told_of, told_text
from sojourn.stores.sql.outbox_statements import OutboxStatements
from sojourn.stores.sql.statements import Dialect

T = TypeVar("T")
Query = Callable[[str, Sequence[Value]], list[Row]]
Execute = Callable[[str, Sequence[Value]], int]
_CANDIDATES = 8


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
        """See `Outbox.claim`. Five short statements where nobody else is after the same subject."""
        one, mine = ("", []) if subject is None else (" AND sojourn_event.subject = %s", [subject])
        candidates = self._query(self._sql.due.format(one=one), [now, now, *mine, _CANDIDATES])
        for found in dict.fromkeys(_text(row[0]) for row in candidates):
            told = self._attempt(partial(self._take, found, worker, now, until))
            if told is None:
                continue
            lease = Lease(found, worker, until, told)
            letters = self._letters(found)
            # In a full batch none may be due, though one beyond it is.
            if len(letters) == BATCH_MAX or any(letter.due is not None and letter.due <= now for letter in letters):
                return Batch(lease, tuple(letters))
            self.settle(lease, (), told, until=None)  # somebody was quicker, between the two reads
        return None

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`. Two statements."""
        found = self._query(self._sql.id, (after,))
        return self._letters(subject, found[0][0]) if found else ()

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`. One statement, and one more for each letter."""
        # A lease that is given up lasts until somebody was last told: it is kept for that, and forgotten after it.
        end = max(told.values(), default=0) if until is None else until
        worker = "" if until is None else lease.worker

        def work() -> bool:
            if not self._execute(self._sql.settle, (worker, end, told_text(told), lease.subject, lease.worker)):
                return False
            for letter in letters:
                self._write(letter)
            return True

        if not self._attempt(work) or until is None:
            return None
        return Lease(lease.subject, lease.worker, until, dict(told))

    def dead_letters(self, limit: int, after: str | None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        found = [] if after is None else self._query(self._sql.id, (after,))
        rows = self._query(self._sql.dead, (found[0][0] if found else 0, limit))
        return tuple(letter_of(row) for row in rows)

    def revive(self, ids: Collection[str], now: int, sink: str | None) -> int:
        """See `Outbox.revive`. One transaction for each letter."""
        return sum(self._attempt(partial(self._revive, each, now, sink)) for each in ids)

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        if failing is None:
            self._attempt(lambda: self._execute(self._sql.works, (sink,)))
        else:
            facts = (failing.since, failing.error, failing.disabled)
            self._attempt(lambda: self._execute(self._sql.fail, (sink, *facts, *facts)))

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return dict(map(failing_of, self._query(self._sql.failing, ())))

    def _take(self, subject: str, worker: str, now: int, until: int) -> Mapping[str, int] | None:
        """Take the lease, if it is free: when the sinks last told; None if it is not."""
        if not self._execute(self._sql.renew, (worker, until, subject, now)):
            self._execute(self._sql.begin, (subject, worker, until))
        ((holder, end, told),) = self._query(self._sql.lease, (subject,)) or (("", 0, ""),)
        # Asked rather than counted: MariaDB counts a row that it leaves as it is.
        return told_of(told) if (_text(holder), end) == (worker, until) else None

    def _letters(self, subject: str, after: Value = 0) -> list[Letter]:
        found = []
        for *columns, event in self._query(self._sql.waiting, (subject, after, BATCH_MAX)):
            try:
                found.append(letter_of(tuple(columns)))
            except RecordFormatError:
                # It cannot be told, and must not keep the others from being told: kept for whoever looks into it.
                lost = (None, None, None, event)
                self._attempt(partial(self._execute, self._sql.letter, lost))
        return found

    def _write(self, letter: Letter) -> None:
        dead = letter.at if letter.dead else None
        self._execute(self._sql.letter, (letter.due, progress_text(letter), dead, letter.id))

    def _revive(self, event: str, now: int, sink: str | None) -> bool:
        rows = self._query(self._sql.one, (event,))
        letter = letter_of(rows[0]) if rows else None
        if letter is None or not _dead(letter, sink):
            return False
        progress = {name: Progress() if name in _dead(letter, sink) else kept for name, kept in letter.progress.items()}
        self._write(Letter(letter.event, now, progress))
        return True


def _dead(letter: Letter, sink: str | None) -> set[str]:
    return {name for name, each in letter.progress.items() if each.fate is Fate.DEAD and sink in (None, name)}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
