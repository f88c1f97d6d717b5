"""What time or an epoch has ended is found on Redis by little more than is asked for, however much there is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import pytest

from sojourn.core.records import EndReason, Session
from sojourn.core.timeouts import HOUR
from sojourn.core.tokens import route_of
from sojourn.stores.redis import merging
from sojourn.stores.redis.keys import CONTAINERS, PREFIX, key
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import keep, names, session, update
from sojourn.testing.samples import ANN, digest, ended, sid

pytestmark = pytest.mark.redis
MANY = 600
NEIGHBOURS = list(islice((name for name in map("person {}".format, count()) if route_of(name) == ANN), 60))


@pytest.fixture
def crowd(store: RedisStore) -> list[Session]:
    """Many sessions that began one after the other, all on one route."""
    return list(_begun(store, MANY))


class TestCost:
    """By the server's own statistics, and where nearly all sessions are on one route."""

    @pytest.mark.parametrize("epoch", [False, True])
    def test_a_look_costs_the_same_however_much_is_overdue(self, server: Any, store: RedisStore, epoch: bool) -> None:
        if epoch:
            store.begin_epoch(START + HOUR)
        crowd = _begun(store, MANY, lasting=HOUR)
        assert len(list(islice(crowd, 200))) == 200
        before = [_reads(server, store, limit) for limit in (1, 10, 40)]
        assert len(list(crowd)) == MANY - 200
        assert [_reads(server, store, limit) for limit in (1, 10, 40)] == before

    def test_what_an_epoch_ended_is_not_looked_through_again_and_again(
        self, server: Any, store: RedisStore, crowd: list[Session]
    ) -> None:
        store.begin_epoch(START + HOUR)
        fresh = session("fresh", NEIGHBOURS[0], created=START + HOUR)
        keep(store, fresh, subject=NEIGHBOURS[0])
        for each in crowd:
            update(store, ended(each, START + HOUR, EndReason.EPOCH), subject=each.subject)
        nothing = 3 * 256 + 1  # the epoch twice, and how far it is closed
        assert _reads(server, store, 10) - nothing >= MANY, "they are looked through once"
        assert _reads(server, store, 10) <= nothing
        store.begin_epoch(START + HOUR + 1)
        assert [(each.sid, each.voided) for each in store.overdue(START + 2 * HOUR, 10)] == [
            (fresh.sid, START + HOUR + 1)
        ]
        assert _reads(server, store, 10) <= nothing + 10, "a later epoch goes on where the one before has come to"

    def test_no_step_reads_more_than_a_hundred_records_of_a_route(
        self, server: Any, store: RedisStore, crowd: list[Session]
    ) -> None:
        store.begin_epoch(START + HOUR)
        for each in crowd[:400]:
            update(store, ended(each, START + HOUR, EndReason.EPOCH), subject=each.subject)
        steps, ask = [], store.servers.ask

        def counting(calls: Any) -> Any:
            before = _records(server)
            replies = ask(calls)
            steps.append(_records(server) - before)
            return replies

        store.servers.ask = counting  # type: ignore[method-assign]  # to look at each step
        assert store.overdue(START + 2 * HOUR, 10)[0].sid == crowd[400].sid
        assert max(steps) <= 2 * merging.LARGEST + 2 * 256
        assert len(steps) > 5


class TestOrder:
    """An epoch's sessions are found by their starts, whatever comes in and goes meanwhile."""

    def test_all_come_in_their_order_in_portions_of_any_size(self, store: RedisStore, crowd: list[Session]) -> None:
        store.begin_epoch(START + HOUR)
        found = store.overdue(START + HOUR, MANY)
        assert [each.sid for each in found] == [each.sid for each in crowd]
        for limit in (1, 7, 300):
            assert store.overdue(START + HOUR, limit) == found[:limit]
        assert store.overdue(START + HOUR, 0) == ()

    def test_those_with_one_deadline_come_in_the_order_of_their_starts(self, store: RedisStore) -> None:
        keep(store, *(session(f"{number:03}", created=START - number, expires=START + 1) for number in range(150)))
        order = [f"{number:03}" for number in reversed(range(150))]
        assert names(store.overdue(START + 1, 3)) == order[:3]
        assert names(store.overdue(START + 1, 200)) == order

    @pytest.mark.parametrize("created", [START - 5, START, START + 5])
    def test_one_that_began_before_and_comes_in_late_is_found(self, store: RedisStore, created: int) -> None:
        keep(store, *(session(name, created=START + at) for name, at in (("a", -1), ("b", 0), ("c", 1))))
        store.begin_epoch(START + 10)
        update(store, *(ended(session(name), START + 10, EndReason.EPOCH) for name in "abc"))
        assert store.overdue(START + 20, 9) == ()
        keep(store, session("0 late", created=created))
        assert names(store.overdue(START + 20, 9)) == ["0 late"]
        assert names(store.overdue(START + 20, 9)) == ["0 late"], "until it is ended"

    def test_one_that_is_open_is_not_passed_over_because_others_were_found_behind_it(self, store: RedisStore) -> None:
        keep(store, *(session(name, created=START + at) for at, name in enumerate("abcd")))
        store.begin_epoch(START + 10)
        update(store, *(ended(session(name), START + 10, EndReason.EPOCH) for name in "ac"))
        for _ in range(2):
            assert names(store.overdue(START + 20, 9)) == ["b", "d"]


class TestOrphans:
    """A session that is on no roster cannot be ended by anybody: when its time is over it is forgotten."""

    @pytest.mark.parametrize("by", ["deadline", "epoch"])
    def test_it_is_forgotten_with_all_that_leads_to_it(self, store: RedisStore, client: Any, by: str) -> None:
        lost = session("lost", expires=START + 5) if by == "deadline" else session("lost")
        keep(store, lost)
        client.hdel(key(PREFIX, ANN, "subjects"), "ann")
        keep(store, session("kept", expires=START + 6, created=START + 5))
        store.begin_epoch(START + 5)
        assert names(store.overdue(START + 9, 9)) == ["kept"]
        assert names(store.overdue(START + 9, 9)) == ["kept"]
        assert store.find(sid("lost")) is None
        assert store.lookup(digest("lost"), ANN) is None
        assert {container for container in CONTAINERS if _names(client, container, lost)} == set()

    def test_before_its_time_is_over_it_stays(self, store: RedisStore, client: Any) -> None:
        keep(store, session("lost", expires=START + 5))
        client.hdel(key(PREFIX, ANN, "subjects"), "ann")
        assert store.overdue(START + 4, 9) == ()
        assert store.find(sid("lost")) is not None

    def test_many_of_them_keep_nobody_else_from_being_found(self, store: RedisStore, client: Any) -> None:
        keep(store, *(session(f"{number}", expires=START + 1) for number in range(30)))
        client.hdel(key(PREFIX, ANN, "subjects"), "ann")
        keep(store, session("kept", expires=START + 9))
        assert names(store.overdue(START + 9, 2)) == ["kept"]


def _begun(store: RedisStore, number: int, lasting: int | None = None) -> Iterator[Session]:
    for at in range(number):
        subject = NEIGHBOURS[at % len(NEIGHBOURS)]
        expires = None if lasting is None else START + at + lasting
        began = session(f"begun {at:05}", subject, created=START + at, expires=expires)
        keep(store, began, subject=subject)
        yield began


def _records(server: Any) -> int:
    """How many fields of hashes were read."""
    return int(server.command_stats().get("hget", 0))


def _reads(server: Any, store: RedisStore, limit: int) -> int:
    server.reset_stats()
    store.overdue(START + 2 * HOUR, limit)
    return _records(server)


def _names(client: Any, container: str, lost: Session) -> bool:
    name, wanted = key(PREFIX, ANN, container), (lost.sid.encode(), lost.digest)
    if CONTAINERS[container].startswith("hash"):
        return any(each in wanted or lost.sid.encode() in value for each, value in client.hgetall(name).items())
    if CONTAINERS[container].startswith("sorted set"):
        return any(lost.sid.encode() in each for each in client.zrange(name, 0, -1))
    return False
