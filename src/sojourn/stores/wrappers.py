"""Stores around a store: `ThreadedStore` lets callers that await use one that waits; two are for tests."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.errors import StoreUnavailable, StoreUnconfirmed
from sojourn.core.outbox import Batch, Failing, Lease, Letter
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.store import Decide, Store

T = TypeVar("T")


class ThreadedStore:
    """An `AsyncStore` that runs each call of a thread-safe `Store` in a worker thread: one hop a call."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`."""
        return await asyncio.to_thread(self._store.lookup, digest, route)

    async def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        return await asyncio.to_thread(self._store.visit, digest, route, now, wished)

    async def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return await asyncio.to_thread(self._store.find, sid)

    async def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return await asyncio.to_thread(self._store.roster, subject)

    async def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return await asyncio.to_thread(self._store.history, subject, limit)

    async def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """See `Store.ticket`."""
        return await asyncio.to_thread(self._store.ticket, digest, route)

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

    async def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`."""
        return await asyncio.to_thread(self._store.fade, before, limit)

    async def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        return await asyncio.to_thread(self._store.forget_addresses, before)

    async def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        return await asyncio.to_thread(self._store.search, query, now)

    async def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`."""
        return await asyncio.to_thread(self._store.count, query, now, at_most)

    async def census(self, now: int) -> Census:
        """See `Store.census`."""
        return await asyncio.to_thread(self._store.census, now)

    async def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`."""
        return await asyncio.to_thread(self._store.tally, start, step, count)

    async def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        return await asyncio.to_thread(self._store.journal, query)

    async def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`."""
        await asyncio.to_thread(self._store.begin_epoch, at)

    async def epoch(self) -> int | None:
        """See `Store.epoch`."""
        return await asyncio.to_thread(self._store.epoch)

    async def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        return await asyncio.to_thread(self._store.erase, subject)

    async def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        return await asyncio.to_thread(self._store.claim, worker, now, until, subject)

    async def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        return await asyncio.to_thread(self._store.more, subject, after)

    async def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        return await asyncio.to_thread(self._store.settle, lease, letters, told, until=until)

    async def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        return await asyncio.to_thread(self._store.dead_letters, limit, after)

    async def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        return await asyncio.to_thread(self._store.revive, ids, now, sink)

    async def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        return await asyncio.to_thread(self._store.shed, keep, limit)

    async def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        await asyncio.to_thread(self._store.note_failing, sink, failing)

    async def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return await asyncio.to_thread(self._store.failing)


class AroundStore:
    """A `Store` that passes every call on, through `around`: what to build another such store on."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def around(self, name: str, call: Callable[[], T]) -> T:  # noqa: ARG002  # those who override it need the name
        """Make the call of the method `name`. Override this."""
        return call()

    def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`."""
        return self.around("lookup", lambda: self.store.lookup(digest, route))

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        return self.around("visit", lambda: self.store.visit(digest, route, now, wished))

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return self.around("find", lambda: self.store.find(sid))

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return self.around("roster", lambda: self.store.roster(subject))

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return self.around("history", lambda: self.store.history(subject, limit))

    def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """See `Store.ticket`."""
        return self.around("ticket", lambda: self.store.ticket(digest, route))

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        return self.around("transact", lambda: self.store.transact(subject, decide, ticket))

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        self.around("restore", lambda: self.store.restore(decision))

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return self.around("touch", lambda: self.store.touch(session, now, carrier_expires))

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        return self.around("overdue", lambda: self.store.overdue(now, limit))

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        return self.around("purge", lambda: self.store.purge(before, limit))

    def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`."""
        return self.around("fade", lambda: self.store.fade(before, limit))

    def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        return self.around("forget_addresses", lambda: self.store.forget_addresses(before))

    def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        return self.around("search", lambda: self.store.search(query, now))

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`."""
        return self.around("count", lambda: self.store.count(query, now, at_most))

    def census(self, now: int) -> Census:
        """See `Store.census`."""
        return self.around("census", lambda: self.store.census(now))

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`."""
        return self.around("tally", lambda: self.store.tally(start, step, count))

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        return self.around("journal", lambda: self.store.journal(query))

    def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`."""
        self.around("begin_epoch", lambda: self.store.begin_epoch(at))

    def epoch(self) -> int | None:
        """See `Store.epoch`."""
        return self.around("epoch", self.store.epoch)

    def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        return self.around("erase", lambda: self.store.erase(subject))

    def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        return self.around("claim", lambda: self.store.claim(worker, now, until, subject))

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        return self.around("more", lambda: self.store.more(subject, after))

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        return self.around("settle", lambda: self.store.settle(lease, letters, told, until=until))

    def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        return self.around("dead_letters", lambda: self.store.dead_letters(limit, after))

    def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        return self.around("revive", lambda: self.store.revive(ids, now, sink))

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        return self.around("shed", lambda: self.store.shed(keep, limit))

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        self.around("note_failing", lambda: self.store.note_failing(sink, failing))

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return self.around("failing", self.store.failing)


class InstrumentedStore(AroundStore):
    """A `Store` that counts its calls: `calls["visit"]` is how often somebody was active."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.calls: Counter[str] = Counter()

    def around(self, name: str, call: Callable[[], T]) -> T:
        """Count the call, and make it."""
        self.calls[name] += 1
        return call()


class FaultyStore(AroundStore):
    """A `Store` that cannot be reached, or cannot confirm, when a test says so: before a call takes effect or after."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._before: Counter[str] = Counter()
        self._after: Counter[str] = Counter()
        self._unconfirmed: Counter[str] = Counter()

    def fail_before(self, name: str, times: int = 1) -> None:
        """Let the next `times` calls of `name` raise StoreUnavailable and change nothing."""
        self._before[name] += times

    def fail_after(self, name: str, times: int = 1) -> None:
        """Let the next `times` calls of `name` take effect and then raise StoreUnavailable: the answer was lost."""
        self._after[name] += times

    def fail_to_confirm(self, name: str, times: int = 1) -> None:
        """Let the next `times` calls of `name` take effect and then raise StoreUnconfirmed, with what they came to."""
        self._unconfirmed[name] += times

    def around(self, name: str, call: Callable[[], T]) -> T:
        """Make the call, or fail before or after it."""
        if self._before[name]:
            self._before[name] -= 1
            raise StoreUnavailable
        result = call()
        if self._after[name]:
            self._after[name] -= 1
            raise StoreUnavailable
        if self._unconfirmed[name]:
            self._unconfirmed[name] -= 1
            raise StoreUnconfirmed(outcome=result)
        return result
