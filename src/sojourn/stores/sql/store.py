"""A `Store` in a SQL database: lock the subject, read its roster, decide, write, in one transaction."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError
from sojourn.core.events import Event
from sojourn.core.fading import last_use
from sojourn.core.outbox import Batch, Failing, Lease, Letter
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.store import Decide
from sojourn.core.timeouts import visit_due
from sojourn.core.tokens import check_subject
from sojourn.stores.damage import moment
from sojourn.stores.movable import Moves
from sojourn.stores.profiles import profile_of, profile_text
from sojourn.stores.rows import (
    EVENT,
    SESSION,
    TICKET,
    WIDTHS,
    Row,
    Value,
    deadline_value,
    event_values,
    session_of,
    session_values,
    storable,
    ticket_of,
    ticket_values,
)
from sojourn.stores.sql.answers import Answers, undamaged
from sojourn.stores.sql.attempts import attempt
from sojourn.stores.sql.database import Database
from sojourn.stores.sql.fading import SQLFading
from sojourn.stores.sql.moves import SQLMoves
from sojourn.stores.sql.outbox import SQLOutbox
from sojourn.stores.sql.statements import Statements

T = TypeVar("T")
Plan = list[tuple[str, Sequence[Value]]]
_BATCH = 200  # rows that one transaction of a purge deletes


def nobody(_: Event) -> bool:
    """What a store is told of the events that are wanted where nobody delivers any."""
    return False


@dataclass(frozen=True, slots=True)
class Beside:
    """One row of a table that is not the store's, to be read along with a session: see `SQLStore.lookup_beside`."""

    columns: str
    """What to read of it, with the table's name; at least one of them is never NULL."""
    width: int
    """How many columns that is."""
    source: str
    """The table, or tables that are joined."""
    condition: str
    """Which row: at most one meets it. Refers to no column of the store's."""
    params: Sequence[Any] = ()
    """What stands for `%s` in the condition, as the driver takes it."""


class SQLStore:
    """A `Store` on SQLite, PostgreSQL or MariaDB. Thread-safe if its database is.

    The first statement of every change writes the subject's row, which creates it if need be and locks it till the
    transaction ends; the roster is read after that, in a statement of its own. So two sign-ins of one subject come
    one after the other under every isolation level from READ COMMITTED up. A change that somebody else's was in the
    way of is tried again a few times, but only when the transaction is the store's own: a caller's cannot be.
    `wanted` says of an event whether it is to be delivered to anybody.
    """

    def __init__(
        self,
        database: Database,
        *,
        wanted: Callable[[Event], bool] = nobody,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._db, self._wanted = database, wanted
        self._sql = Statements(database.vendor)
        self._sleep = sleep
        self._answers = Answers(self._sql.dialect, self._query)
        self._outbox = SQLOutbox(self._sql.dialect, self._query, self._execute, self._attempt)
        self._fading = SQLFading(self._sql, self._query, self._execute, self._attempt, self.transact)
        self.moves: Moves = SQLMoves(self._db, self._sql, self._query, self._execute, self._attempt, self._outbox)
        """See `Movable.moves`."""

    def lookup(self, digest: bytes, route: int) -> Session | None:  # noqa: ARG002  # everything is in one database
        """See `Store.lookup`. One statement for a session's newest token, two for the one before or an unknown one."""
        for statement in self._sql.lookup:
            found = _only([session_of(row) for row in self._query(statement, (digest.hex(),))])
            if found is not None:
                return found
        return None

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`. As many statements as `lookup`, and one more where a touch is due."""
        found = self.lookup(digest, route)
        if found is not None and visit_due(found, digest, now, wished):
            self.touch(found, now, None)
        return found

    def lookup_beside(self, digest: bytes, beside: Beside) -> tuple[Session | None, Row | None]:
        """`lookup`, and one row of somebody else's along with it, in its statements: a trip to the database less.

        The row is answered as the database gives it, and None if there is no such row, or no such session.
        """
        params, width = (*beside.params, *self._sent((digest.hex(),))), beside.width
        for statement in self._sql.lookup_beside(beside.columns, beside.source, beside.condition):
            rows = self._db.query(statement, params)
            found = _only([(session_of(row[:-width]), row[-width:]) for row in rows])
            if found is not None:
                session, other = found
                return session, None if all(value is None for value in other) else other
        return None, None

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        if not storable(sid, WIDTHS["sid"]):
            return None
        return _only([session_of(row) for row in self._query(self._sql.find, (sid,))])

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        if not storable(subject, WIDTHS["subject"]):
            return Roster(subject)
        return self._roster(self._sql.roster, subject)

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        if not storable(subject, WIDTHS["subject"]):
            return ()
        return tuple(session_of(row) for row in self._query(self._sql.history, (subject, limit)))

    def ticket(self, digest: bytes, route: int) -> Ticket | None:  # noqa: ARG002  # everything is in one database
        """See `Store.ticket`."""
        return _only([ticket_of(row) for row in self._query(self._sql.ticket, (digest.hex(),))])

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`. Raises InvalidSubject, RecordFormatError too.

        Inside a transaction of the caller's nothing is tried again, and what `decide` raises leaves it usable: only
        the subject stays locked.
        """
        check_subject(subject)

        def work() -> T:
            self._execute(self._sql.lock, (subject,))
            roster = self._roster(self._sql.roster_locked, subject)
            if ticket is not None:
                rows = self._query(self._sql.ticket_locked, (ticket.hex(), subject))
                roster = replace(roster, ticket=_only([ticket_of(row) for row in rows]))
            decision = decide(roster)
            # All of it is made before any of it is written: a record that cannot be stored changes nothing.
            for statement, values in self._changes(roster, decision) + self._additions(decision):
                self._execute(statement, values)
            return decision.outcome

        return self._attempt(work)

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        plan = self._additions(decision)

        def work() -> None:
            for statement, values in plan:
                self._execute(statement, values)

        if plan:
            self._attempt(work)

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`. One statement; on PostgreSQL it does not wait for the disk, unless in a transaction."""
        statement = self._sql.touch if self._db.in_transaction else self._sql.touch_relaxed
        values = (now, carrier_expires, now, carrier_expires, session.sid, now, now)
        return self._attempt(lambda: self._execute(statement, values) > 0, atomic=False)

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`. Damaged records are passed over: one of them must not stop all sweeps."""
        return undamaged(self._query(self._sql.overdue, (now, now, limit, now, limit, now, limit, limit)))

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`. Subjects and leases of whom nothing is left to remember are forgotten too, uncounted."""
        self._purge_all("sojourn_lease", "subject", "used", before, limit)
        return (
            self._purge_all("sojourn_session", "sid", "ended", before, limit)
            + self._purge_all("sojourn_ticket", "digest", "expires", before, limit)
            + self._purge_all("sojourn_event", "id", "at", before, limit)
        )

    def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`. A short transaction for each subject; whoever has nothing left is forgotten altogether."""
        subjects = self._fading.dormant(before, limit)
        for subject in subjects:
            self._fading.fade(str(subject), before)
            if not self._db.in_transaction:
                self._forget(subject)
        return len(subjects)

    def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        return self._fading.forget_addresses(before)

    def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`. At most three statements."""
        return self._answers.search(query, now)

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`. At most two statements."""
        return self._answers.count(query, now, at_most)

    def census(self, now: int) -> Census:
        """See `Store.census`. Three statements."""
        return self._answers.census(now)

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`. Three statements."""
        return self._answers.tally(start, step, count)

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`. One statement. Raises RecordFormatError for a damaged event."""
        return self._answers.journal(query)

    def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`. One statement, whatever the number of sessions."""
        self._attempt(lambda: self._execute(self._sql.begin_epoch, (at, at)), atomic=False)

    def epoch(self) -> int | None:
        """See `Store.epoch`. One statement. Raises RecordFormatError."""
        return moment(self._query(self._sql.epoch, ())[0][0])

    def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        if not storable(subject, WIDTHS["subject"]):
            return 0

        def work() -> int:
            self._execute(self._sql.lock, (subject,))
            gone = [self._execute(statement, (subject,)) for statement in self._sql.erase]
            return sum(gone[1:4])  # not a lease, and not the subject's own row, which the lock may only just have made

        return self._attempt(work)

    def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        return self._outbox.claim(worker, now, until, subject)

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        return self._outbox.more(subject, after)

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        return self._outbox.settle(lease, letters, told, until=until)

    def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        return self._outbox.dead_letters(limit, after)

    def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        return self._outbox.revive(ids, now, sink)

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`. In short transactions; one statement where there are not so many."""
        excess, end = self._outbox.beyond(keep)
        return self._purge_all("sojourn_event", "id", "id", end, min(limit, excess))

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        self._outbox.note_failing(sink, failing)

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return self._outbox.failing()

    def _purge_all(self, table: str, key: str, column: str, before: int, limit: int) -> int:
        """Delete up to `limit` rows, a few at a time; how many went."""
        total, left = 0, limit
        while left > 0:
            found, gone = self._purge(table, key, column, before, min(left, _BATCH))
            total += gone
            left -= found
            if not found:
                break
        return total

    def _purge(self, table: str, key: str, column: str, before: int, count: int) -> tuple[int, int]:
        """Delete up to `count` rows in one short transaction; how many were there, and how many went."""
        subjects: set[Value] = set()
        sessions = table == "sojourn_session"

        def work() -> tuple[int, int]:
            statement = self._sql.purgeable(table, key, column, "subject" if sessions else "")
            rows = self._query(statement, (before, count))
            if not rows:
                return 0, 0
            subjects.update(row[1] for row in rows if sessions)
            keys = [row[0] for row in rows]
            return len(rows), self._execute(self._sql.purge(table, key, column, len(rows)), (*keys, before))

        done = self._attempt(work)
        if not self._db.in_transaction:
            # One at a time and each on its own: a subject's row is its lock, and a purge must not hold several.
            for subject in subjects:
                self._forget(subject)
        return done

    def _forget(self, subject: Value) -> None:
        for version, profile in self._query(self._sql.idle_subject, (subject,)):
            if _is_empty(profile):
                forget = partial(self._execute, self._sql.forget_subject, (subject, version))
                self._attempt(forget, atomic=False)

    def _changes(self, roster: Roster, decision: Decision[T]) -> Plan:
        """The statements for the sessions of a decision. What is not on the roster is not open: left alone."""
        plan: Plan = []
        known = {session.sid: session for session in roster.sessions}
        for session in decision.update:
            present = known.get(session.sid)
            if present is None:
                continue
            old, new = session_values(present), session_values(session)
            changed = [name for name in SESSION if old[name] != new[name] and name not in ("sid", "subject")]
            if changed:
                statement, order = self._sql.change(changed, ended=not session.open)
                plan.append((statement, [new[name] for name in order]))
        if decision.insert is not None:
            values = session_values(decision.insert)
            row = [*(values[name] for name in SESSION), deadline_value(decision.insert)]
            plan.append((self._sql.insert_session, row))
        if decision.redeem is not None:
            plan.append((self._sql.redeem, (decision.redeem.hex(),)))
        if decision.profile is not None and decision.profile != roster.profile:
            profile = (profile_text(decision.profile), last_use(decision.profile))
            plan.append((self._sql.set_profile, (*profile, roster.subject)))
        return plan

    def _additions(self, decision: Decision[T]) -> Plan:
        """The statements for the ticket and the events of a decision; they can be repeated."""
        plan: Plan = []
        if decision.issue is not None:
            plan.append((self._sql.insert_ticket, _in_order(ticket_values(decision.issue), TICKET)))
        events = [_in_order(event_values(event, wanted=self._wanted(event)), EVENT) for event in decision.events]
        for start in range(0, len(events), _BATCH):
            batch = events[start : start + _BATCH]
            plan.append((self._sql.insert_events(len(batch)), [value for row in batch for value in row]))
        return plan

    def _attempt(self, work: Callable[[], T], *, atomic: bool = True) -> T:
        return attempt(self._db, work, atomic=atomic, sleep=self._sleep)

    def _roster(self, statement: str, subject: str) -> Roster:
        rows = self._query(statement, (subject, subject))
        # The profile is the first column of each row; where there is no session, the rest of the only row is empty.
        sessions = tuple(session_of(row[1:]) for row in rows if row[1] is not None)
        return Roster(subject, sessions, profile=profile_of(rows[0][0]))

    def _query(self, statement: str, values: Sequence[Value]) -> list[Row]:
        return self._db.query(statement, self._sent(values))

    def _execute(self, statement: str, values: Sequence[Value]) -> int:
        return self._db.execute(statement, self._sent(values))

    def _sent(self, values: Sequence[Value]) -> Sequence[Value]:
        if not self._sql.dialect.binary_text:
            return values
        return [value.encode() if isinstance(value, str) else value for value in values]


def _in_order(values: Mapping[str, Value], columns: Sequence[str]) -> list[Value]:
    return [values[name] for name in columns]


def _is_empty(profile: object) -> bool:
    try:
        return profile_of(profile).empty
    except RecordFormatError:
        return False


def _only(found: Sequence[T]) -> T | None:
    """The one record found, if any. Two for one key cannot be trusted, neither of them."""
    if len(found) > 1:
        raise RecordFormatError
    return found[0] if found else None
