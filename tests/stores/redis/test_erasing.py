"""Forgetting somebody on Redis: what is open goes in one step, a long history in small ones; nobody is left in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.errors import StoreUnavailable, StoreUnconfirmed
from sojourn.stores.redis import operations
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.keys import PREFIX, key
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import START
from sojourn.testing.conformance import wanted
from sojourn.testing.conformance.letters import LATER, claim, happen
from sojourn.testing.conformance.setup import keep, open_sids, session, update
from sojourn.testing.samples import ANN, digest, ended, full_profile, ticket
from tests.stores.redis.site import RedisReader, client_of

pytestmark = pytest.mark.redis


class Watched(Servers):
    """Servers that do something after each part of an erasure, and count the entries that each part has taken out."""

    def __init__(self, server: Any, options: str = "") -> None:
        super().__init__(Address.parse(server.url() + options))
        self.server = server
        self.after_part = lambda: None
        self.taken: list[int] = []

    def ask(self, calls: Sequence[Call]) -> list[Any]:
        if calls[0].script != "erase":
            return super().ask(calls)
        self.server.reset_stats()
        replies = super().ask(calls)
        self.taken.append(self.server.command_stats().get("hdel", 0))
        self.after_part()
        return replies


@pytest.fixture
def servers(server: Any) -> Watched:
    return Watched(server)


@pytest.fixture
def store(servers: Watched, monkeypatch: pytest.MonkeyPatch) -> RedisStore:
    monkeypatch.setattr(operations, "PART", 10)
    return RedisStore(servers, wanted=wanted)


@pytest.fixture
def reader(server: Any) -> RedisReader:
    return RedisReader(client_of(server))


def remember(store: RedisStore) -> int:
    """Much of ann, of every kind; how many records that is."""
    for number in range(35):
        keep(store, made := session(f"over {number}"))
        update(store, ended(made, START + number))
    keep(store, session("open"), session("too"), tickets=[ticket(f"{number}") for number in range(15)])
    happen(store, "ann", *range(START, START + 25))
    store.transact("ann", lambda _: Decision(None, profile=full_profile()))
    return 35 + 2 + 15 + 25


def test_a_long_history_goes_in_small_parts_and_nothing_of_it_is_left(
    store: RedisStore, servers: Watched, reader: RedisReader
) -> None:
    number = remember(store)
    claim(store, "ann")
    assert store.erase("ann") == number
    assert len(servers.taken) == 8
    # For each record itself and its token; and what is open, the entry, and an empty field of who may write when full.
    assert max(servers.taken) <= 2 * (operations.PART + 2) + 4
    assert reader.remains("ann") == []


def test_after_the_first_part_nobody_is_signed_in_nor_known(store: RedisStore, servers: Watched) -> None:
    remember(store)
    servers.after_part = _killed
    with pytest.raises(StoreUnavailable):
        store.erase("ann")
    assert store.lookup(digest("open"), ANN) is None
    assert not store.roster("ann").sessions
    assert store.roster("ann").profile.empty


def test_one_that_was_interrupted_is_finished_by_the_next(
    store: RedisStore, servers: Watched, reader: RedisReader
) -> None:
    remember(store)
    servers.after_part = _killed
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            store.erase("ann")
    assert reader.remains("ann")
    servers.after_part = lambda: None
    store.erase("ann")
    assert reader.remains("ann") == []


def test_whoever_signs_in_meanwhile_stays_and_is_told_of(store: RedisStore, servers: Watched) -> None:
    remember(store)

    def sign_in() -> None:
        servers.after_part = lambda: None
        keep(store, session("new"))
        happen(store, "ann", START + 99)

    servers.after_part = sign_in
    store.erase("ann")
    assert open_sids(store) == ["new"]
    assert [letter.at for letter in claim(store, "ann", now=LATER).letters] == [START + 99]


def test_a_decision_from_before_is_made_anew_whichever_part_it_falls_into(store: RedisStore, servers: Watched) -> None:
    remember(store)
    seen: list[int] = []

    def decide(roster: Any) -> Decision[None]:
        seen.append(len(roster.sessions))
        if len(seen) == 1:
            store.erase("ann")
        return Decision(None, insert=session("new"))

    store.transact("ann", decide)
    assert seen == [2, 0]
    assert open_sids(store) == ["new"]


def test_what_is_listed_though_its_record_was_lost_goes_as_well(store: RedisStore, reader: RedisReader) -> None:
    remember(store)
    for container in ("events", "sessions", "tickets", "told"):
        reader.client.delete(key(PREFIX, ANN, container))
    assert reader.remains("ann")
    store.erase("ann")
    assert reader.remains("ann") == []


def test_without_a_replica_that_confirms_it_is_done_and_said_to_be_unconfirmed(
    server: Any, store: RedisStore, reader: RedisReader
) -> None:
    number = remember(store)
    unsure = RedisStore(Watched(server, "?replicas=1&replica_timeout=0.01"), wanted=wanted)
    with pytest.raises(StoreUnconfirmed) as told:
        unsure.erase("ann")
    assert told.value.outcome == number
    assert reader.remains("ann") == []


def _killed() -> None:
    raise StoreUnavailable
