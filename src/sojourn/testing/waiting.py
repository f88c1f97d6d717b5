"""An asynchronous store for tests that wait: the conformance suite and the state machine are written once."""

import asyncio
import threading
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.outbox import Batch, Failing, Lease, Letter
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.store import AsyncStore, Decide

T = TypeVar("T")


class WaitingStore:
    """A `Store` that runs each call of an `AsyncStore` to its end, in an event loop of its own. Close it after use.

    Any thread may call, several at a time; the event loop runs in a thread of this store's.
    """

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="waiting store", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the event loop. The store itself is its owner's to close, by `run` if that must be awaited."""
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """What `call` comes to, awaited in the event loop."""
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`."""
        return self.run(self._store.lookup(digest, route))

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        return self.run(self._store.visit(digest, route, now, wished))

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return self.run(self._store.find(sid))

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return self.run(self._store.roster(subject))

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return self.run(self._store.history(subject, limit))

    def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """See `Store.ticket`."""
        return self.run(self._store.ticket(digest, route))

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        return self.run(self._store.transact(subject, decide, ticket))

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        self.run(self._store.restore(decision))

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return self.run(self._store.touch(session, now, carrier_expires))

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        return self.run(self._store.overdue(now, limit))

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        return self.run(self._store.purge(before, limit))

    def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`."""
        return self.run(self._store.fade(before, limit))

    def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        return self.run(self._store.forget_addresses(before))

    def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        return self.run(self._store.search(query, now))

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`."""
        return self.run(self._store.count(query, now, at_most))

    def census(self, now: int) -> Census:
        """See `Store.census`."""
        return self.run(self._store.census(now))

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`."""
        return self.run(self._store.tally(start, step, count))

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        return self.run(self._store.journal(query))

    def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`."""
        self.run(self._store.begin_epoch(at))

    def epoch(self) -> int | None:
        """See `Store.epoch`."""
        return self.run(self._store.epoch())

    def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        return self.run(self._store.erase(subject))

    def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        return self.run(self._store.claim(worker, now, until, subject))

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        return self.run(self._store.more(subject, after))

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        return self.run(self._store.settle(lease, letters, told, until=until))

    def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        return self.run(self._store.dead_letters(limit, after))

    def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        return self.run(self._store.revive(ids, now, sink))

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        return self.run(self._store.shed(keep, limit))

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        self.run(self._store.note_failing(sink, failing))

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return self.run(self._store.failing())
