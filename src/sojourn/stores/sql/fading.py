"""Forgetting parts of records on a SQL database, in short transactions: addresses, and what nobody uses any more."""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError
from sojourn.core.fading import bare, faded, without_address
from sojourn.core.records import Profile, Roster
from sojourn.stores.sql.database import Value
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
        total, since = 0, 0
        while rows := self._query(self._sql.addressed, (since, before, _BATCH)):
            sids = [row[0] for row in rows]
            forget = partial(self._execute, self._sql.forget_addresses(len(sids)), sids)
            gone = self._attempt(forget, atomic=False)
            if not gone:  # somebody else does the same at this moment
                break
            total += gone
            for subject in dict.fromkeys(_text(row[1]) for row in rows):
                self._of_subject(subject, before)
            since = rows[-1][2]
        return total

    def _of_subject(self, subject: str, before: int) -> None:
        def forget(roster: Roster) -> Decision[None]:
            left: Profile = without_address(roster.profile, before)
            return Decision(None, profile=left)

        try:
            self._transact(subject, forget)
        except RecordFormatError:
            return  # what cannot be read tells no address
        self._write(self._query(self._sql.told_before, (subject, before)))

    def _write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for event, payload in rows:
            try:
                body = json.loads(payload)
                left = bare(body)
            except (AttributeError, TypeError, ValueError):
                continue
            if left != body:
                values = (json.dumps(left), event)
                self._attempt(partial(self._execute, self._sql.retell, values), atomic=False)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
