"""A store that is deliberately broken, so that the tests of every other store can prove that they would notice."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.store import Decide, Store

T = TypeVar("T")


class CheckThenActStore:
    """Never use this one. It reads the roster, decides, and only then writes: two steps where one is promised.

    It is what counting the rows before inserting one comes to: two sign-ins that arrive together both see room. All
    else it leaves to the store it wraps. The races, and the conformance suite's test of a sign-in that begins while
    another decides, must fail with it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """Check, then act: what `Store.transact` must never do."""
        kept = self._store.ticket(ticket) if ticket is not None else None
        mine = kept if kept is not None and kept.subject == subject else None
        decision = decide(replace(self._store.roster(subject), ticket=mine))
        return self._store.transact(subject, lambda _: decision)

    def lookup(self, digest: bytes) -> Session | None:
        """See `Store.lookup`."""
        return self._store.lookup(digest)

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return self._store.find(sid)

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return self._store.roster(subject)

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return self._store.history(subject, limit)

    def ticket(self, digest: bytes) -> Ticket | None:
        """See `Store.ticket`."""
        return self._store.ticket(digest)

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        self._store.restore(decision)

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return self._store.touch(session, now, carrier_expires)

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        return self._store.overdue(now, limit)

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        return self._store.purge(before, limit)
