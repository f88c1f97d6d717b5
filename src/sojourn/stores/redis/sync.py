"""The store on Valkey and Redis for callers that wait: operations, carried out by `servers`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.events import Event
from sojourn.core.outbox import Batch, Failing, Lease, Letter
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.store import Decide
from sojourn.stores.movable import Moves
from sojourn.stores.redis.answers import Answers
from sojourn.stores.redis.moves import RedisMoves
from sojourn.stores.redis.operations import Operations
from sojourn.stores.redis.outbox import OutboxOperations
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.upkeep import Upkeep

T = TypeVar("T")


class RedisStore:
    """A `Store` on one server, behind Sentinel, or on a Cluster. Thread-safe.

    `wanted` says of an event whether it is to be delivered to anybody.
    """

    def __init__(self, servers: Servers, *, wanted: Callable[[Event], bool]) -> None:
        self.servers = servers
        self._sessions = Operations(wanted)
        self._upkeep = Upkeep(self._sessions.transact)
        self._answers = Answers()
        self._outbox = OutboxOperations()
        self.moves: Moves = RedisMoves(servers)
        """See `Movable.moves`."""

    def close(self) -> None:
        """Let go of the connections."""
        self.servers.close()

    def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`."""
        return self.servers.run(self._sessions.lookup(digest, route))

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        return self.servers.run(self._sessions.visit(digest, route, now, wished))

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        return self.servers.run(self._sessions.find(sid))

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return self.servers.run(self._sessions.roster(subject))

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return self.servers.run(self._sessions.history(subject, limit))

    def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """See `Store.ticket`."""
        return self.servers.run(self._sessions.ticket(digest, route))

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        return self.servers.run(self._sessions.transact(subject, decide, ticket))

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        self.servers.run(self._sessions.restore(decision))

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return self.servers.run(self._sessions.touch(session, now, carrier_expires))

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        return self.servers.run(self._sessions.overdue(now, limit))

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        return self.servers.run(self._upkeep.purge(before, limit))

    def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`."""
        return self.servers.run(self._upkeep.fade(before, limit))

    def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        return self.servers.run(self._upkeep.forget_addresses(before))

    def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        return self.servers.run(self._answers.search(query, now))

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`."""
        return self.servers.run(self._answers.count(query, now, at_most))

    def census(self, now: int) -> Census:
        """See `Store.census`."""
        return self.servers.run(self._answers.census(now))

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`."""
        return self.servers.run(self._answers.tally(start, step, count))

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        return self.servers.run(self._answers.journal(query))

    def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`."""
        self.servers.run(self._sessions.begin_epoch(at))

    def epoch(self) -> int | None:
        """See `Store.epoch`."""
        return self.servers.run(self._sessions.epoch())

    def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        return self.servers.run(self._sessions.erase(subject))

    def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        return self.servers.run(self._outbox.claim(worker, now, until, subject))

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        return self.servers.run(self._outbox.more(subject, after))

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        return self.servers.run(self._outbox.settle(lease, letters, told, until))

    def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        return self.servers.run(self._outbox.dead_letters(limit, after))

    def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        return self.servers.run(self._outbox.revive(ids, now, sink))

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        return self.servers.run(self._outbox.shed(keep, limit))

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        self.servers.run(self._outbox.note_failing(sink, failing))

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return self.servers.run(self._outbox.failing())
