"""A site moves from one store to another while it is in use: every promise of a store holds all the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pytest

from sojourn.core.store import Decide, Store
from sojourn.stores.memory import MemoryStore
from sojourn.stores.movable import Movable
from sojourn.stores.moving import MovingStore
from sojourn.testing.clock import START
from sojourn.testing.conformance import Reader, StoreConformance, wanted
from sojourn.testing.conformance.letters import LATER, claim, give_up, happen, ids
from tests.stores.redis.site import RedisReader, client_of
from tests.stores.sql_site import SQLReader

T = TypeVar("T")


class MoveOnTheWay(MovingStore):
    """Somebody begins the move once so many decisions were made; from then on whoever is decided about moves."""

    def __init__(self, old: Movable, new: Movable, after: int) -> None:
        super().__init__(old, new)
        self.left = after

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        outcome = super().transact(subject, decide, ticket)
        self.left -= 1
        if not self.left:
            self.new.moves.begin_move("this")
        return outcome


class PairReader:
    """Reads both stores: what is where counts together."""

    def __init__(self, *readers: Reader) -> None:
        self.readers = readers

    def session_rows(self, subject: str) -> list[dict[str, Any]]:
        return [row for reader in self.readers for row in reader.session_rows(subject)]

    def events(self, subject: str) -> list[Mapping[str, Any]]:
        return [event for reader in self.readers for event in reader.events(subject)]

    def remains(self, subject: str) -> list[Any]:
        return [each for reader in self.readers for each in reader.remains(subject)]


class KeptReader:
    """Reads a memory store, where events that came from elsewhere are letters only."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def session_rows(self, subject: str) -> list[dict[str, Any]]:
        found = self.store.moves.pack(subject).sessions
        return [{"sid": session.sid, "state": str(session.state)} for session in found]

    def events(self, subject: str) -> list[Mapping[str, Any]]:
        return [letter.event for letter in self.store.moves.pack(subject).letters]

    def remains(self, subject: str) -> list[Any]:
        return list(self.store.remains(subject))


Pair = tuple[tuple[Movable, Reader], tuple[Movable, Reader]]


def memory() -> tuple[Movable, Reader]:
    store = MemoryStore(wanted=wanted)
    return store, KeptReader(store)


def sql(alias: str) -> tuple[Movable, Reader]:
    from sojourn.contrib.django.database import DjangoDatabase
    from sojourn.stores.sql import SQLStore

    return SQLStore(DjangoDatabase(alias), wanted=wanted), SQLReader(alias)


def on_servers(server: Any) -> tuple[Movable, Reader]:
    from sojourn.stores.redis.address import Address
    from sojourn.stores.redis.servers import Servers
    from sojourn.stores.redis.sync import RedisStore

    server.flush()
    return RedisStore(Servers(Address.parse(server.url())), wanted=wanted), RedisReader(client_of(server))


class WhileASiteMoves(StoreConformance):
    """The move begins after so many decisions: never (0), in the middle of what a test does; from the start; or it is
    over."""

    def midway(self, pair: Pair, start: int | str) -> Store:
        (old, old_reader), (new, new_reader) = pair
        self.reads = PairReader(old_reader, new_reader)
        if start in ("begun", "over"):
            new.moves.begin_move("this")
        if start == "over":
            new.moves.finish_move()
        return MoveOnTheWay(old, new, start if isinstance(start, int) else 0)

    def make_reader(self) -> Reader:
        return self.reads

    def leave_thread(self) -> None:
        from django.db import connections

        connections.close_all()

    def test_dead_letters_are_listed_in_their_order_page_by_page(self, store: Store) -> None:
        """Those of one subject; among subjects, a move does not keep the order of recording."""
        happen(store, "ann", START, START)
        happen(store, "bob", START, START)
        for _ in range(2):
            batch = claim(store)
            give_up(store, batch, batch.letters)
        listed = ids(store.dead_letters(9))
        assert len(set(listed)) == 4
        assert ids(store.dead_letters(3)) == listed[:3]
        assert ids(store.dead_letters(3, listed[2])) == listed[3:]
        assert ids(store.dead_letters(3, listed[3])) == ids(store.dead_letters(3, "no such letter")) == []
        assert store.census(START).dead == 4

    def test_shedding_forgets_the_oldest_and_keeps_as_many_as_asked(self, store: Store) -> None:
        """In each of the two stores; among subjects, a move does not keep the order of recording."""
        events = [event for number in range(8) for event in happen(store, f"person {number % 2}", START + number)]
        while store.shed(3, 2):
            pass
        left = {letter.id for number in range(2) for letter in claim(store, now=LATER, until=LATER + 1).letters}
        assert 3 <= len(left) <= 6
        assert left <= {event.id for event in events}


class TestMemoryToMemory(WhileASiteMoves):
    @pytest.fixture(params=[0, 1, 3, "over"])
    def store(self, request: pytest.FixtureRequest) -> Store:
        return self.midway((memory(), memory()), request.param)


@pytest.mark.parametrize("entry", ["sqlite", pytest.param("mysql", marks=pytest.mark.mariadb)], indirect=True)
class TestSQLToMemory(WhileASiteMoves):
    @pytest.fixture(params=[1])
    def store(self, alias: str, request: pytest.FixtureRequest) -> Store:
        return self.midway((sql(alias), memory()), request.param)


@pytest.mark.parametrize("entry", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
class TestMemoryToSQL(WhileASiteMoves):
    @pytest.fixture(params=[3])
    def store(self, alias: str, request: pytest.FixtureRequest) -> Store:
        return self.midway((memory(), sql(alias)), request.param)


@pytest.mark.redis
class TestMemoryToRedis(WhileASiteMoves):
    @pytest.fixture(params=[3])
    def store(self, valkey_server: Any, request: pytest.FixtureRequest) -> Store:
        return self.midway((memory(), on_servers(valkey_server)), request.param)


@pytest.mark.redis
class TestRedisToMemory(WhileASiteMoves):
    @pytest.fixture(params=[1])
    def store(self, valkey_server: Any, request: pytest.FixtureRequest) -> Store:
        return self.midway((on_servers(valkey_server), memory()), request.param)
