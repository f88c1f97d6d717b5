"""An asynchronous store for tests that wait: the conformance suite and the state machine are written once."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.store import AsyncStore, Decide

T = TypeVar("T")


class WaitingStore:
    """A `Store` that runs each call of an `AsyncStore` to its end, all in one event loop. Close it after use.

    One thread at a time, and never within a running event loop.
    """

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._runner = asyncio.Runner()

    def close(self) -> None:
        """Close the event loop. The store itself is its owner's to close."""
        self._runner.close()

    def lookup(self, digest: bytes) -> Session | None:
        """See `Store.lookup`."""
        return self._runner.run(self._store.lookup(digest))

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return self._runner.run(self._store.find(sid))

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return self._runner.run(self._store.roster(subject))

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return self._runner.run(self._store.history(subject, limit))

    def ticket(self, digest: bytes) -> Ticket | None:
        """See `Store.ticket`."""
        return self._runner.run(self._store.ticket(digest))

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        return self._runner.run(self._store.transact(subject, decide, ticket))

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        self._runner.run(self._store.restore(decision))

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return self._runner.run(self._store.touch(session, now, carrier_expires))

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        return self._runner.run(self._store.overdue(now, limit))

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        return self._runner.run(self._store.purge(before, limit))
