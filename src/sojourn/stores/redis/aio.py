"""The store on Valkey and Redis for callers that await: operations, carried out by `async_servers`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.events import Event
from sojourn.core.outbox import Batch, Failing, Lease, Letter
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.store import Decide
from sojourn.stores.redis.answers import Answers
from sojourn.stores.redis.async_servers import AsyncServers
from sojourn.stores.redis.operations import Operations
from sojourn.stores.redis.outbox import OutboxOperations
from sojourn.stores.redis.upkeep import Upkeep

T = TypeVar("T")


class AsyncRedisStore:
    """An `AsyncStore` on one server, behind Sentinel, or on a Cluster.

    `wanted` says of an event whether it is to be delivered to anybody.
    """

    def __init__(self, servers: AsyncServers, *, wanted: Callable[[Event], bool]) -> None:
        self.servers = servers
        self._sessions = Operations(wanted)
        self._upkeep = Upkeep(self._sessions.transact)
        self._answers = Answers()
        self._outbox = OutboxOperations()

    async def close(self) -> None:
        """Let go of the connections."""
        await self.servers.close()

    async def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`."""
        return await self.servers.run(self._sessions.lookup(digest, route))

    async def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        return await self.servers.run(self._sessions.visit(digest, route, now, wished))

    async def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return await self.servers.run(self._sessions.find(sid))

    async def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return await self.servers.run(self._sessions.roster(subject))

    async def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return await self.servers.run(self._sessions.history(subject, limit))

    async def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """See `Store.ticket`."""
        return await self.servers.run(self._sessions.ticket(digest, route))

    async def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        return await self.servers.run(self._sessions.transact(subject, decide, ticket))

    async def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        await self.servers.run(self._sessions.restore(decision))

    async def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return await self.servers.run(self._sessions.touch(session, now, carrier_expires))

    async def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        return await self.servers.run(self._sessions.overdue(now, limit))

    async def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        return await self.servers.run(self._upkeep.purge(before, limit))

    async def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`."""
        return await self.servers.run(self._upkeep.fade(before, limit))

    async def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        return await self.servers.run(self._upkeep.forget_addresses(before))

    async def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        return await self.servers.run(self._answers.search(query, now))

    async def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`."""
        return await self.servers.run(self._answers.count(query, now, at_most))

    async def census(self, now: int) -> Census:
        """See `Store.census`."""
        return await self.servers.run(self._answers.census(now))

    async def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`."""
        return await self.servers.run(self._answers.tally(start, step, count))

    async def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        return await self.servers.run(self._answers.journal(query))

    async def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`."""
        await self.servers.run(self._sessions.begin_epoch(at))

    async def epoch(self) -> int | None:
        """See `Store.epoch`."""
        return await self.servers.run(self._sessions.epoch())

    async def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        return await self.servers.run(self._sessions.erase(subject))

    async def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        return await self.servers.run(self._outbox.claim(worker, now, until, subject))

    async def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        return await self.servers.run(self._outbox.more(subject, after))

    async def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        return await self.servers.run(self._outbox.settle(lease, letters, told, until))

    async def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        return await self.servers.run(self._outbox.dead_letters(limit, after))

    async def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        return await self.servers.run(self._outbox.revive(ids, now, sink))

    async def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        return await self.servers.run(self._outbox.shed(keep, limit))

    async def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        await self.servers.run(self._outbox.note_failing(sink, failing))

    async def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return await self.servers.run(self._outbox.failing())
