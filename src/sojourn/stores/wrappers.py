"""Stores around a store: `ThreadedStore` lets callers that await use a store that waits."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.store import Decide, Store

T = TypeVar("T")


class ThreadedStore:
    """An `AsyncStore` that runs each call of a thread-safe `Store` in a worker thread: one hop a call."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def lookup(self, digest: bytes) -> Session | None:
        """See `Store.lookup`."""
        return await asyncio.to_thread(self._store.lookup, digest)

    async def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return await asyncio.to_thread(self._store.find, sid)

    async def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return await asyncio.to_thread(self._store.roster, subject)

    async def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return await asyncio.to_thread(self._store.history, subject, limit)

    async def ticket(self, digest: bytes) -> Ticket | None:
        """See `Store.ticket`."""
        return await asyncio.to_thread(self._store.ticket, digest)

    async def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        return await asyncio.to_thread(self._store.transact, subject, decide, ticket)

    async def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        await asyncio.to_thread(self._store.restore, decision)

    async def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return await asyncio.to_thread(self._store.touch, session, now, carrier_expires)

    async def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        return await asyncio.to_thread(self._store.overdue, now, limit)

    async def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        return await asyncio.to_thread(self._store.purge, before, limit)
