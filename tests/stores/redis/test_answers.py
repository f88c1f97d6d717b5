"""What the store on Redis does of its own when operators ask and when it forgets: how it reads, and in what steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError
from sojourn.core.events import StartRefused
from sojourn.core.records import EndReason, KnownPlace, Location, Profile, Session
from sojourn.core.search import PAGE_MAX, EventQuery, SessionQuery, Standing
from sojourn.core.timeouts import DAY, HOUR, judge
from sojourn.core.tokens import route_of
from sojourn.stores.redis import answers, merging, upkeep
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.keys import CONTAINERS, EVERY_ROUTE, PREFIX, key
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import START
from sojourn.testing.conformance import wanted
from sojourn.testing.conformance.setup import keep, names, session, update
from sojourn.testing.populate import Crowd
from sojourn.testing.populate_redis import populate_redis
from sojourn.testing.samples import ANN, digest, ended, sid, ticket
from tests.stores.redis.site import client_of

pytestmark = pytest.mark.redis

NOW = START + 60 * DAY
CROWD = Crowd(sessions=20_000, subjects=6_000)
FEWER = Crowd(sessions=3_000, subjects=1_000)
OF_SESSIONS = ("roster", "open", "created", "ended", "history", "addressed", "tokens")


class Counting(Servers):
    """Servers that remember what they were asked, a list of calls for each pipeline."""

    def __init__(self, url: str) -> None:
        super().__init__(Address.parse(url))
        self.asked: list[Sequence[Call]] = []

    def ask(self, calls: Sequence[Call]) -> list[Any]:
        self.asked.append(calls)
        return super().ask(calls)


@pytest.fixture(scope="module", params=["valkey", "redis"])
def site(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def servers(site: Any) -> Iterator[Counting]:
    yield from _counting(site)


@pytest.fixture
def client(site: Any) -> Any:
    return client_of(site)


@pytest.fixture
def store(site: Any, servers: Counting) -> RedisStore:
    site.flush()
    return RedisStore(servers, wanted=wanted)


@pytest.fixture(scope="class")
def counting(site: Any) -> Iterator[Counting]:
    yield from _counting(site)


@pytest.fixture(scope="class")
def busy(site: Any, counting: Counting) -> RedisStore:
    """A store of twenty thousand sessions, for tests that only read."""
    return _populated(site, counting, CROWD)


@pytest.fixture(scope="class")
def everybody(busy: RedisStore) -> list[Session]:
    return _all(busy)


@pytest.fixture
def smaller(site: Any, servers: Counting) -> RedisStore:
    """A store of some thousand sessions."""
    return _populated(site, servers, FEWER)


class TestManySessions:
    """On a store of twenty thousand."""

    @pytest.fixture(autouse=True)
    def nothing_asked_yet(self, everybody: list[Session], counting: Counting) -> None:
        counting.asked.clear()

    def test_a_page_is_right_and_costs_at_most_two_pipelines(
        self, busy: RedisStore, everybody: list[Session], counting: Counting
    ) -> None:
        in_order = sorted(everybody, key=lambda each: (each.created, each.sid))
        for oldest_first in (True, False):
            query = SessionQuery(oldest_first=oldest_first)
            order = in_order if oldest_first else in_order[::-1]
            for number in range(5):
                counting.asked.clear()
                page = busy.search(query, NOW)
                assert len(counting.asked) <= 2
                assert list(page.sessions) == order[50 * number : 50 * number + 50]
                query = replace(query, after=page.cursor)

    def test_what_hardly_anybody_has_is_found_in_steps_of_a_bounded_size(
        self, busy: RedisStore, everybody: list[Session], counting: Counting
    ) -> None:
        one = everybody[10_000]
        found = busy.search(SessionQuery(device=one.device.family, address=one.address), NOW)
        assert one in found.sessions
        assert max(int(call.args[4]) for calls in counting.asked for call in calls) <= merging.LARGEST
        assert len(counting.asked) < 12

    def test_one_subject_costs_one_call(self, busy: RedisStore, counting: Counting) -> None:
        found = busy.search(SessionQuery(subjects=("person 7",)), NOW).sessions
        assert {each.subject for each in found} == {"person 7"}
        assert len(found) == 4
        assert [len(calls) for calls in counting.asked] == [1]

    def test_a_count_reads_no_more_than_it_needs(self, busy: RedisStore, counting: Counting) -> None:
        assert busy.count(SessionQuery(), NOW, 100) == 100
        assert len(counting.asked) <= 2
        assert busy.count(SessionQuery(), NOW, 1 << 70) == CROWD.sessions

    def test_a_census_agrees_with_the_sessions(
        self, busy: RedisStore, everybody: list[Session], counting: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        live = [each for each in everybody if judge(each, NOW).live]
        monkeypatch.setattr(answers, "STEP", 10)
        census = busy.census(NOW)
        assert census.sessions == len(live)
        assert census.by_client == Counter(each.client for each in live)
        assert census.by_device_class == Counter(each.device.kind for each in live)
        assert census.per_subject == Counter(Counter(each.subject for each in live).values())
        assert len(counting.asked) > 3, "no step looked at all of a route"

    def test_a_tally_agrees_with_the_sessions(
        self, busy: RedisStore, everybody: list[Session], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(answers, "STEP", 10)
        start = NOW - 30 * DAY
        tallies = busy.tally(start, DAY, 30)
        over = [each for each in everybody if each.ended is not None and start <= each.ended < NOW]
        assert sum(each.started for each in tallies) == CROWD.sessions
        counted: Counter[EndReason] = Counter()
        for each in tallies:
            counted.update(each.ended)
        assert counted == Counter(each.end_reason for each in over)
        assert sum(each.stopped["start.refused"] for each in tallies) == CROWD.sessions // 20

    def test_the_journal_is_whole(self, busy: RedisStore) -> None:
        query, found = EventQuery(types=("start.refused",), limit=PAGE_MAX), list[Any]()
        while page := busy.journal(query):
            found += page
            query = replace(query, after=(found[-1]["at"], found[-1]["id"]))
        places = [(each["at"], each["id"]) for each in found]
        assert len(places) == len(set(places)) == CROWD.sessions // 20
        assert places == sorted(places)


class TestUnevenRoutes:
    """Where nearly all is on one route, so that it is read again and again before the others are gone on with."""

    @pytest.mark.parametrize("oldest_first", [True, False])
    def test_the_order_is_kept(self, store: RedisStore, oldest_first: bool) -> None:
        anns = [session(f"{number:02}", created=START + 10 * number) for number in range(40)]
        others = [session(name, name, created=START + at) for name, at in (("bob", 395), ("cyd", 205), ("dan", -5))]
        keep(store, *anns, *others)
        found = store.search(SessionQuery(oldest_first=oldest_first), START).sessions
        starts = [each.created for each in found]
        assert len(starts) == 43
        assert starts == sorted(starts, reverse=not oldest_first)

    def test_those_who_started_at_one_moment_come_in_the_order_of_their_sids(self, store: RedisStore) -> None:
        keep(store, *(session(name) for name in ("a", "B", "_", "-", "Z", "b", "0", "ab", "A")))
        visited, query = list[str](), SessionQuery(oldest_first=True, limit=2)
        while True:
            page = store.search(query, START)
            visited += [each.sid for each in page.sessions]
            if page.cursor is None:
                break
            query = replace(query, after=page.cursor)
        assert len(visited) == 9
        assert visited == sorted(visited)


class TestManyForgotten:
    """On a store of some thousand: in steps of ten."""

    @pytest.fixture(autouse=True)
    def small_steps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upkeep, "STEP", 10)

    def test_all_that_is_old_goes_in_small_steps_and_nothing_leads_to_it(
        self, smaller: RedisStore, servers: Counting, client: Any
    ) -> None:
        over = sum(not each.open for each in _all(smaller))
        servers.asked.clear()
        gone = []
        while number := smaller.purge(NOW + DAY, 1_000):
            gone.append(number)
        assert sum(gone) == over + FEWER.sessions + FEWER.sessions // 20
        steps = [call.args[1:] for calls in servers.asked for call in calls if call.script == "purge"]
        assert max(int(number) for step in steps for number in step) == upkeep.STEP
        assert _entries(client, "ended", "history", "addressed", "events", "log", "moments", "told", "exposed") == 0
        left = FEWER.sessions - over
        assert _entries(client, "sessions") == _entries(client, "created") == _entries(client, "open") == left
        assert _entries(client, "tokens") == left

    def test_addresses_go_in_small_steps_and_are_not_looked_for_again(
        self, smaller: RedisStore, servers: Counting, client: Any
    ) -> None:
        over = sum(not each.open for each in _all(smaller))
        assert smaller.forget_addresses(NOW + DAY) == over
        assert not any(each.address for each in _all(smaller) if not each.open)
        assert _entries(client, "addressed", "exposed") == 0
        servers.asked.clear()
        assert smaller.forget_addresses(NOW + DAY) == 0
        assert len(servers.asked) == 1


class TestDamage:
    """Records that cannot be read."""

    def test_they_are_passed_over_and_stop_nothing(self, store: RedisStore, client: Any) -> None:
        keep(store, session("a"), session("b"), session("c"))
        update(store, ended(session("c"), START))
        _damage(client, sid("a"))
        assert names(store.search(SessionQuery(), START).sessions) == ["c", "b"]
        assert names(store.search(SessionQuery(subjects=("ann",)), START).sessions) == ["c", "b"]
        assert store.count(SessionQuery(), START, 9) == 2
        assert store.census(START).sessions == 1
        assert [each.ended for each in store.tally(START, 1, 1)] == [{EndReason.LOGOUT: 1}]

    def test_pages_go_on_beyond_them(self, store: RedisStore, client: Any) -> None:
        keep(store, *(session(name) for name in "abcdefghijklmnop"))
        for name in "bcdefghijklmno":
            _damage(client, sid(name))
        first = store.search(SessionQuery(limit=1), START)
        assert names(first.sessions) == ["p"]
        assert names(store.search(SessionQuery(limit=1, after=first.cursor), START).sessions) == ["a"]

    @pytest.mark.parametrize(
        "damaged", ["1 open nonsense", '1 ended 1 1 - - - 0 - 60000\n["", "ann", 7]', "1 ended 1 1 x - x 0 x 60000\n[]"]
    )
    def test_ended_ones_are_forgotten_all_the_same(self, store: RedisStore, client: Any, damaged: str) -> None:
        keep(store, session("a", address="192.0.2.1"))
        update(store, ended(session("a", address="192.0.2.1"), START))
        _damage(client, sid("a"), damaged)
        assert (store.forget_addresses(START + 1), store.purge(START + 1, 9)) == (0, 1)
        assert _entries(client, "sessions", "ended", "created", "addressed") == 0

    @pytest.mark.parametrize("damaged", ["nonsense", "5 1 x start.refused\nann\n\n{nonsense"])
    def test_so_are_events(self, store: RedisStore, client: Any, damaged: str) -> None:
        told = StartRefused(subject="ann", at=START, arrival={"address": "192.0.2.1"}, limit="1")
        keep(store, events=[told])
        client.hset(key(PREFIX, ANN, "events"), told.id, damaged)
        with pytest.raises(RecordFormatError):
            store.journal(EventQuery())  # a journal with gaps must not look whole
        store.forget_addresses(START + 1)
        assert store.purge(START + 1, 9) == 1
        assert _entries(client, "events", "log", "moments", "exposed") == 0

    def test_a_profile_that_cannot_be_read_does_not_stop_what_fades(self, store: RedisStore, client: Any) -> None:
        for subject in ("ann", "bob"):
            profile = Profile(places=(KnownPlace(Location("FR"), START),))
            store.transact(subject, lambda _, found=profile: Decision(None, profile=found))
        client.hset(key(PREFIX, ANN, "subjects"), "ann", "1\n{nonsense")
        assert (store.fade(START + 1, 9), store.fade(START + 1, 9)) == (2, 0)
        assert client.hget(key(PREFIX, ANN, "subjects"), "ann") == b"1\n{nonsense"
        assert client.hlen(key(PREFIX, route_of("bob"), "subjects")) == 0


class TestLoss:
    """Records that went behind the store's back."""

    @pytest.mark.parametrize("lost", ["session", "token", "sessions", *sorted({"subjects", *OF_SESSIONS[1:]})])
    def test_nothing_raises_nobody_is_admitted_and_nothing_outlives_its_session(
        self, store: RedisStore, client: Any, lost: str
    ) -> None:
        keep(store, session("a"), session("b"))
        update(store, ended(session("b"), START))
        if lost == "session":
            client.hdel(key(PREFIX, ANN, "sessions"), sid("a"), sid("b"))
        elif lost == "token":
            client.hdel(key(PREFIX, ANN, "tokens"), digest("a"), digest("b"))
        else:
            client.delete(key(PREFIX, ANN, lost))
        here = client.hkeys(key(PREFIX, ANN, "sessions"))
        if lost in ("session", "sessions", "token", "tokens"):
            assert store.lookup(digest("a"), ANN) is None
            assert store.visit(digest("a"), ANN, START, None) is None
        _everything(store)
        keep(store, session("c"))
        assert "c" in names(store.roster("ann").sessions)
        _everything(store)
        alive = {each.decode() for each in client.hkeys(key(PREFIX, ANN, "sessions"))}
        assert alive == {sid("c"), *(each.decode() for each in here)}
        assert _named(client) <= alive

    def test_events_and_tickets_that_are_lost_stop_nothing(self, store: RedisStore, client: Any) -> None:
        told = [StartRefused(subject="ann", at=START, arrival={"address": "192.0.2.1"}, limit="1") for _ in range(3)]
        keep(store, tickets=[ticket("t", expires=START)], events=told)
        client.delete(key(PREFIX, ANN, "events"), key(PREFIX, ANN, "tickets"))
        assert list(store.journal(EventQuery())) == list(store.journal(EventQuery(subject="ann"))) == []
        assert store.census(START).outbox == 0
        assert [each.stopped for each in store.tally(START, 1, 1)] == [{}]
        assert (store.forget_addresses(START + 1), store.purge(START + 1, 9)) == (0, 0)
        assert _entries(client, "moments", "told", "exposed", "waiting", "expiring") == 0


class TestForgetting:
    """What is kept of nobody."""

    def test_the_limit_holds_for_all_routes_together(self, store: RedisStore) -> None:
        for number in range(30):
            keep(store, session("a", f"person {number}"))
            update(store, ended(session("a", f"person {number}"), START), subject=f"person {number}")
        assert [store.purge(START + 1, 20) for _ in range(3)] == [20, 10, 0]

    def test_whose_last_session_is_forgotten_is_forgotten(self, store: RedisStore, client: Any) -> None:
        keep(store, session("a"))
        update(store, ended(session("a"), START))
        client.hset(key(PREFIX, ANN, "subjects"), "ann", "1\n")
        store.purge(START + 1, 9)
        assert client.hlen(key(PREFIX, ANN, "subjects")) == 0

    def test_nobody_is_ready_of_whom_nothing_waits_any_more(self, store: RedisStore, client: Any) -> None:
        told = [StartRefused(subject="ann", at=START + at, arrival={}, limit="1") for at in (0, 5)]
        keep(store, events=told)
        ready = key(PREFIX, ANN, "ready")
        assert client.zscore(ready, "ann") == START
        store.purge(START + 1, 9)
        assert client.zscore(ready, "ann") == START + 5
        store.purge(START + 6, 9)
        assert client.zscore(ready, "ann") is None

    def test_an_event_without_an_address_is_never_read_for_one(self, store: RedisStore, client: Any) -> None:
        keep(store, events=[StartRefused(subject="ann", at=START, arrival={"note": '"address": "x'}, limit="1")])
        assert _entries(client, "exposed") == 0


def _counting(site: Any) -> Iterator[Counting]:
    made = Counting(site.url())
    yield made
    made.close()


def _populated(site: Any, servers: Counting, crowd: Crowd) -> RedisStore:
    site.flush()
    populate_redis(client_of(site), crowd, now=NOW)
    return RedisStore(servers, wanted=wanted)


def _all(store: RedisStore) -> list[Session]:
    found: list[Session] = []
    query = SessionQuery(limit=PAGE_MAX)
    while True:
        page = store.search(query, NOW)
        found += page.sessions
        if page.cursor is None:
            return found
        query = replace(query, after=page.cursor)


def _everything(store: RedisStore) -> None:
    """What comes by, sooner or later."""
    for standing in Standing:
        store.search(SessionQuery(standing, subjects=("ann",)), START)
        store.search(SessionQuery(standing), START)
    store.roster("ann")
    store.history("ann", 9)
    store.census(START)
    store.tally(START - HOUR, HOUR, 3)
    store.overdue(START + DAY, 9)
    store.forget_addresses(START - DAY)
    store.purge(START - DAY, 9)


def _damage(client: Any, name: str, record: str = "1 open nonsense") -> None:
    client.hset(key(PREFIX, ANN, "sessions"), name, record)


def _entries(client: Any, *containers: str) -> int:
    return sum(
        client.hlen(key(PREFIX, route, name))
        if CONTAINERS[name].startswith("hash")
        else client.zcard(key(PREFIX, route, name))
        for route in EVERY_ROUTE
        for name in containers
    )


def _named(client: Any) -> set[str]:
    """The sids that any entry of ann's route names."""
    found = [each for name in ("open", "created", "ended") for each in client.zrange(key(PREFIX, ANN, name), 0, -1)]
    found += [each[len("ann") + 17 :] for each in client.zrange(key(PREFIX, ANN, "history"), 0, -1)]
    entry = client.hget(key(PREFIX, ANN, "subjects"), "ann") or b""
    found += entry.partition(b"\n")[0].split(b" ")[1:]
    return {each.decode() for each in found}
