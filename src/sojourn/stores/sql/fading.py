"""Forgetting parts of records on a SQL database, in short transactions: addresses, and what nobody uses any more."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError
from sojourn.core.fading import bare, faded, without_address
from sojourn.core.records import Roster
from sojourn.stores.profiles import profile_of
from sojourn.stores.rows import Value
from sojourn.stores.sql.outbox import Attempt, Execute, Query
from sojourn.stores.sql.statements import Statements

_BATCH = 200
Transact = Callable[[str, Callable[[Roster], Decision[None]]], None]


class SQLFading:
    """What a SQL store forgets of subjects and sessions that stay."""

    def __init__(self, sql: Statements, query: Query, execute: Execute, attempt: Attempt, transact: Transact) -> None:
        self._sql, self._query, self._execute = sql, query, execute
        self._attempt, self._transact = attempt, transact

    def dormant(self, before: int, limit: int) -> list[Value]:
        """Subjects of whom something was last of use before `before`, by the index, those of the longest ago first."""
        return [_text(row[0]) for row in self._query(self._sql.dormant, (before, limit))]

    def fade(self, subject: str, before: int) -> None:
        """Forget it, with the subject locked. What cannot be read is left."""
        with suppress(RecordFormatError):
            self._transact(subject, lambda roster: Decision(None, profile=faded(roster.profile, before)))
        # As a rule there is nothing left to do; but what is left as it was must not be found again and again.
        self._attempt(partial(self._execute, self._sql.unseen, (subject, before)), atomic=False)

    def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`. Goes on from where each batch ended: what is done is not read again."""
        gone = self._of_sessions(before)
        self._of_events(before)
        self._of_subjects(before)
        return gone

    def _of_sessions(self, before: int) -> int:
        total, since = 0, 0
        while rows := self._query(self._sql.addressed, (since, before, _BATCH)):
            sids = [row[0] for row in rows]
            forget = partial(self._execute, self._sql.forget_addresses(len(sids)), sids)
            gone = self._attempt(forget, atomic=False)
            if not gone:  # somebody else does the same at this moment
                break
            total, since = total + gone, rows[-1][1]
        return total

    def _of_events(self, before: int) -> None:
        at, last = 0, 0
        while rows := self._query(self._sql.addressed_events, (at, before, at, last, _BATCH)):
            for event, payload, *_ in rows:
                with suppress(AttributeError, TypeError, ValueError):  # what cannot be read is left
                    values = (json.dumps(bare(json.loads(payload))), event)
                    self._attempt(partial(self._execute, self._sql.retell, values), atomic=False)
            at, last = rows[-1][2:]

    def _of_subjects(self, before: int) -> None:
        seen: Value = 0
        last: Value = ""
        while rows := self._query(self._sql.addressed_subjects, (seen, before, seen, last, _BATCH)):
            for profile, _, subject in rows:
                with suppress(RecordFormatError):
                    found = profile_of(profile)
                    # One who is there again has the address of a sign-in since: not locked for nothing.
                    if without_address(found, before) != found:
                        self._transact(
                            _text(subject),
                            lambda roster: Decision(None, profile=without_address(roster.profile, before)),
                        )
            seen, last = rows[-1][1:]


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
