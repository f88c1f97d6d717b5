"""Subjects that leave a SQL database, and that come to it. The table `sojourn_move` says who has come."""

from collections.abc import Sequence

from sojourn.core.fading import last_use
from sojourn.core.outbox import Lease
from sojourn.stores.letters import LETTER, letter_of, told_of, told_text
from sojourn.stores.movable import DONE, Belongings, Whereabouts, mark_of
from sojourn.stores.profiles import profile_of, profile_text
from sojourn.stores.rows import (
    SESSION,
    TICKET,
    deadline_value,
    letter_values,
    session_of,
    session_values,
    ticket_of,
    ticket_values,
)
from sojourn.stores.sql.database import Database
from sojourn.stores.sql.outbox import Attempt, Execute, Query, SQLOutbox
from sojourn.stores.sql.statements import Statements, seen

_MOVE = ""
"""The mark of the move itself; all others are of subjects (`mark_of`)."""
_TABLES = ("sojourn_subject", "sojourn_session", "sojourn_ticket", "sojourn_event", "sojourn_lease")
_BATCH = 100


class SQLMoves:
    """The part of a SQL store that `sojourn.stores.movable.Movable` describes."""

    def __init__(
        self, database: Database, sql: Statements, query: Query, execute: Execute, attempt: Attempt, outbox: SQLOutbox
    ) -> None:
        self._db, self._sql, self._query, self._execute = database, sql, query, execute
        self._attempt, self._outbox = attempt, outbox
        dialect = sql.dialect
        each = " UNION ".join(
            f"SELECT * FROM (SELECT DISTINCT subject FROM {table} WHERE subject > %s ORDER BY subject LIMIT %s) AS one"
            for table in _TABLES
        )
        self._subjects = f"SELECT subject FROM ({each}) AS found ORDER BY subject LIMIT %s"
        mine = f"WHERE subject = %s{{order}}{dialect.locking}"
        self._sessions = f"SELECT {seen()} FROM sojourn_session {mine.format(order='')}"
        self._tickets = f"SELECT {', '.join(TICKET)} FROM sojourn_ticket {mine.format(order='')}"
        self._letters = f"SELECT {', '.join(LETTER)} FROM sojourn_event {mine.format(order=' ORDER BY id')}"
        self._lease = f"SELECT worker, until, told, used FROM sojourn_lease {mine.format(order='')}"
        self._profile = f"SELECT profile FROM sojourn_subject {mine.format(order='')}"
        # The newest state also in a transaction that sees an older one, and without making others wait.
        self._marks = f"SELECT mark, move FROM sojourn_move WHERE mark IN ('{_MOVE}', %s){dialect.sharing}"
        self._mark = f"INSERT INTO sojourn_move (mark, move) VALUES (%s, %s) {dialect.keep.format(key='mark')}"
        self._finish = "UPDATE sojourn_move SET move = %s WHERE mark = %s"
        self._unmark = f"DELETE FROM sojourn_move WHERE mark <> '{_MOVE}'"
        self._forget = "DELETE FROM sojourn_move"
        self._take = (
            "INSERT INTO sojourn_lease (subject, worker, until, told, used) VALUES (%s, %s, %s, %s, %s)"
            f" {dialect.keep.format(key='subject')}"
        )

    def subjects(self, after: str, limit: int) -> Sequence[str]:
        """See `Moves.subjects`."""
        rows = self._query(self._subjects, (*(after, limit) * len(_TABLES), limit))
        return [_text(row[0]) for row in rows]

    def pack(self, subject: str) -> Belongings:
        """See `Moves.pack`. The lock is the barrier: whoever had it before has committed or gone."""

        def work() -> Belongings:
            self._execute(self._sql.lock, (subject,))
            ((profile,),) = self._query(self._profile, (subject,))
            lease, used = None, 0
            for worker, until, told, latest in self._query(self._lease, (subject,)):
                lease, used = Lease(subject, _text(worker), until, told_of(told)), latest
            return Belongings(
                subject,
                tuple(session_of(row) for row in self._query(self._sessions, (subject,))),
                tuple(ticket_of(row) for row in self._query(self._tickets, (subject,))),
                tuple(letter_of(row) for row in self._query(self._letters, (subject,))),
                lease,
                used,
                profile_of(profile),
            )

        return self._attempt(work)

    def begin_move(self, move: str) -> str:
        """See `Moves.begin_move`."""
        self._attempt(lambda: self._execute(self._mark, (_MOVE, move)), atomic=False)
        return self.whereabouts("").move

    def whereabouts(self, subject: str) -> Whereabouts:
        """See `Moves.whereabouts`."""
        mark = mark_of(subject)
        marks = {_text(mark): _text(move) for mark, move in self._query(self._marks, (mark,))}
        move = marks.get(_MOVE, "")
        return Whereabouts(move, move == DONE or mark in marks)

    def bring_in(self, belongings: Belongings, move: str) -> bool:
        """See `Moves.bring_in`."""
        subject = belongings.subject
        letters = [letter_values(letter) for letter in belongings.letters]
        sessions = [(session_values(each), deadline_value(each)) for each in belongings.sessions]
        tickets = [ticket_values(each) for each in belongings.tickets]

        def work() -> bool:
            self._execute(self._sql.lock, (subject,))
            there = self.whereabouts(subject)
            if there.here or there.move != move:
                return there.here
            self._execute(self._mark, (mark_of(subject), move))
            profile = belongings.profile
            self._execute(self._sql.set_profile, (profile_text(profile), last_use(profile), subject))
            for values, deadline in sessions:
                self._execute(self._sql.insert_session, [*(values[name] for name in SESSION), deadline])
            for values in tickets:
                self._execute(self._sql.insert_ticket, [values[name] for name in TICKET])
            for start in range(0, len(letters), _BATCH):
                batch = letters[start : start + _BATCH]
                flat = [value for values in batch for value in values.values()]
                self._execute(self._sql.insert_events(len(batch)), flat)
            for letter in belongings.letters:
                if letter.progress:
                    self._outbox.write(letter)
            lease = belongings.lease
            if lease is not None:
                told = told_text(lease.told)
                self._execute(self._take, (subject, lease.worker, lease.until, told, belongings.used))
            return True

        return self._attempt(work) and not self._db.in_transaction

    def finish_move(self) -> None:
        """See `Moves.finish_move`."""
        self._attempt(lambda: self._execute(self._finish, (DONE, _MOVE)), atomic=False)
        self._attempt(lambda: self._execute(self._unmark, ()), atomic=False)

    def forget_moves(self) -> None:
        """See `Moves.forget_moves`."""
        self._attempt(lambda: self._execute(self._forget, ()), atomic=False)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
