"""Calls reach a Cluster, and the master that Sentinels name, while slots move and masters die: waiting and awaiting."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sojourn.core.errors import ConfigurationError, StoreUnavailable
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.asking import Call, Unconfirmed
from sojourn.stores.redis.async_servers import AsyncServers
from sojourn.stores.redis.nodes import slot_of
from sojourn.stores.redis.servers import Servers
from tests.services import sentinel
from tests.services.cluster import PATIENT, Cluster
from tests.services.process import wait_until
from tests.services.sentinel import SentinelGroup
from tests.stores.redis.scripts import box, get, put, scripts
from tests.stores.redis.ways import WAYS, Awaited, Connect, connect

pytestmark = [pytest.mark.redis, pytest.mark.cluster]
ROUTES = range(256)
PATIENTLY = "timeout=20&deadline=60"
CONFIRMED = f"replicas=all&{PATIENTLY}&replica_timeout=10"
LATEST = 120.0
"""Seconds in which a replica has taken over, however busy the machine is."""


@pytest.fixture(params=WAYS)
def connected(request: pytest.FixtureRequest) -> Connect:
    return connect(request.param)


@pytest.fixture(params=["valkey", "redis"])
def whole(request: pytest.FixtureRequest) -> Cluster:
    """A Cluster in which everything works, and nothing is kept or known."""
    running: Cluster = request.getfixturevalue(f"{request.param}_cluster")
    running.heal()
    running.flush()
    running.execute_on_all("SCRIPT", "FLUSH")
    return running


@pytest.fixture
def watched(valkey_sentinel: SentinelGroup) -> SentinelGroup:
    valkey_sentinel.heal()
    valkey_sentinel.flush()
    return valkey_sentinel


def address(running: Cluster | SentinelGroup, options: str = "") -> Address:
    return Address.parse(f"{running.url()}?{options}" if options else running.url())


@contextlib.contextmanager
def given_up_in_time() -> Iterator[None]:
    """What is asked inside is given up, long before the other servers lose patience with the one that is silent."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        yield
    assert time.monotonic() - began < PATIENT / 1000 / 2


def answered(servers: Servers | Awaited, call: Call) -> bool:
    with contextlib.suppress(StoreUnavailable):
        servers.ask([call])
        return True
    return False


def route_on(running: Cluster, number: int = 0) -> int:
    """A route that is on the master of this number."""
    master = running.masters()[number]
    return next(route for route in ROUTES if running.master_of(slot_of(route)) is master)


def test_the_slot_of_a_route_is_that_of_its_keys(whole: Cluster) -> None:
    node = whole.masters()[0]
    for route in (0, 1, 0x7F, 0xFF):
        assert node.execute("CLUSTER", "KEYSLOT", box(route)) == slot_of(route)


def test_calls_of_all_routes_go_straight_to_their_nodes(whole: Cluster, connected: Connect) -> None:
    with connected(address(whole)) as servers:
        assert servers.ask([get(route, "a") for route in ROUTES]) == [None] * 256
        assert servers.ask([put(route, "a", route) for route in ROUTES]) == [1] * 256
        whole.reset_stats()
        assert servers.ask([get(route, "a") for route in ROUTES]) == [str(route).encode() for route in ROUTES]
        for route in ROUTES:
            assert servers.ask([get(route, "a")]) == [str(route).encode()]
        assert whole.command_stats() == {"evalsha": 512, "hget": 512}, (
            "nobody was sent to another node, nor asked first"
        )


def test_callers_who_begin_at_one_moment_look_for_the_masters_once(whole: Cluster) -> None:
    async def begin() -> None:
        servers = AsyncServers(address(whole, PATIENTLY), scripts=scripts)
        await asyncio.gather(*(servers.ask([get(route, "a")]) for route in ROUTES))

    waiting = Servers(address(whole, PATIENTLY), scripts=scripts)
    whole.reset_stats()
    asyncio.run(begin())
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda route: waiting.ask([get(route, "a")]), range(8))) == [[None]] * 8
    waiting.close()
    asked = sum(node.command_stats().get("cluster|slots", 0) for node in whole.nodes)
    assert asked == 2, "once by those who await, and once by those who wait"


def test_a_slot_that_has_moved_is_followed_and_known_from_then_on(whole: Cluster, connected: Connect) -> None:
    route = route_on(whole)
    with connected(address(whole)) as servers:
        servers.ask([put(route, "a", "x")])
        source, target = whole.masters()[0], whole.masters()[1]
        whole.move_slot(slot_of(route), target)
        try:
            assert servers.ask([get(route, "a")]) == [b"x"]
            whole.reset_stats()
            assert servers.ask([get(route, "a")]) == [b"x"]
            assert source.command_stats().get("evalsha", 0) == 0
        finally:
            whole.move_slot(slot_of(route), source)
        assert servers.ask([get(route, "a"), get((route + 1) % 256, "a")]) == [b"x", None]


def test_a_slot_on_its_way_is_asked_for_where_its_keys_are_by_now(whole: Cluster, connected: Connect) -> None:
    route = route_on(whole)
    with connected(address(whole)) as servers:
        servers.ask([put(route, "a", "x")])
        with whole.moving(slot_of(route), whole.masters()[1]) as move:
            assert servers.ask([get(route, "a")]) == [b"x"], "not yet moved"
            move.keys()
            assert servers.ask([get(route, "a")]) == [b"x"], "moved, and the slot is not"
            assert servers.ask([put(route, "a", "y"), get((route + 1) % 256, "a")]) == [0, None]
            whole.execute_on_all("SCRIPT", "FLUSH")
            assert servers.ask([get(route, "a")]) == [b"y"], "and by who does not know the script"
        assert servers.ask([get(route, "a")]) == [b"y"]


def test_a_master_that_is_killed_holds_up_nobody_beyond_the_deadline_and_its_replica_is_found(
    whole: Cluster, connected: Connect
) -> None:
    route, other = route_on(whole, 0), route_on(whole, 1)
    with connected(address(whole)) as servers:
        servers.ask([put(route, "a", "x"), put(other, "a", "y")])
        whole.master_of(slot_of(route)).kill()
        with given_up_in_time():
            servers.ask([put(route, "a", "z")])
        whole.lose_patience()
        wait_until(lambda: answered(servers, put(route, "a", "z")), LATEST, "the replica has taken over")
        assert servers.ask([get(route, "a"), get(other, "a")]) == [b"z", b"y"]


def test_a_master_that_stands_still_holds_up_nobody_beyond_the_deadline(whole: Cluster, connected: Connect) -> None:
    route, other = route_on(whole, 0), route_on(whole, 1)
    with connected(address(whole)) as servers:
        servers.ask([put(route, "a", "x"), put(other, "a", "y")])
        whole.master_of(slot_of(route)).pause()
        with given_up_in_time():
            servers.ask([get(route, "a"), get(other, "a")])
        assert servers.ask([get(other, "a")]) == [b"y"], "who has another master notices nothing"


def test_what_is_to_be_confirmed_waits_for_the_replica(whole: Cluster, connected: Connect) -> None:
    route = route_on(whole)
    with connected(address(whole, CONFIRMED)) as servers:
        assert servers.ask([put(route, "a", "x", confirmed=True)]) == [1]
        whole.reset_stats()
        assert servers.ask([put(route, "a", "y", confirmed=True)]) == [0]
        assert whole.command_stats() == {"evalsha": 1, "hset": 1, "wait": 1}
        assert servers.ask([put(route, "a", "z")]) == [0]
        assert whole.command_stats()["wait"] == 1, "nothing else waits"
        assert servers.ask([put(r, "b", "x", confirmed=r % 2 == 0) for r in ROUTES]) == [1] * 256


def test_a_replica_that_does_not_answer_leaves_a_change_unconfirmed(whole: Cluster, connected: Connect) -> None:
    route = route_on(whole)
    with connected(address(whole, "replicas=all&replica_timeout=0.1")) as servers:
        servers.ask([put(route, "a", "x", confirmed=True)])
        (replica,) = whole.replicas_of(whole.master_of(slot_of(route)))
        replica.pause()
        assert servers.ask([put(route, "a", "y", confirmed=True)]) == [Unconfirmed(0)]
        assert servers.ask([get(route, "a")]) == [b"y"]
        replica.resume()
    with connected(address(whole, "replicas=2&replica_timeout=0.1")) as servers:
        assert servers.ask([put(route, "a", "z", confirmed=True)]) == [Unconfirmed(0)], "there is only one"


def test_a_user_with_the_least_rights_may_do_all_that_is_needed(whole: Cluster, connected: Connect) -> None:
    further = ("+cluster|slots", "+asking", "+wait", "+role")
    least = whole.new_user("~sojourn:*", "+eval", "+evalsha", "+hget", "+hset", *further)
    route = route_on(whole)
    with connected(Address.parse(f"{least}?{CONFIRMED}")) as servers:
        assert servers.ask([put(route, "a", "x", confirmed=True)]) == [1]
        with whole.moving(slot_of(route), whole.masters()[1]) as move:
            move.keys()
            assert servers.ask([get(route, "a")]) == [b"x"]


def test_what_a_user_lacks_to_look_at_a_cluster_is_told(whole: Cluster, connected: Connect) -> None:
    lacking = Address.parse(whole.new_user("~sojourn:*", "+eval", "+evalsha"))
    with connected(lacking) as servers, pytest.raises(StoreUnavailable, match="ACL LOG"):
        servers.ask([get(1, "a")])
    wrong = Address.parse(whole.url().replace("://default:", "://default:not"))
    with connected(wrong) as servers, pytest.raises(StoreUnavailable, match="refuses the user or the password"):
        servers.ask([get(1, "a")])


def test_one_server_of_a_cluster_says_what_to_write(whole: Cluster, connected: Connect) -> None:
    one = Address.parse(whole.masters()[0].url())
    with connected(one) as servers, pytest.raises(ConfigurationError, match=r"write redis\+cluster://"):
        servers.ask([get(route, "a") for route in ROUTES])


def test_a_server_that_is_no_cluster_is_told(connected: Connect, watched: SentinelGroup) -> None:
    master = watched.master()
    alone = Address.parse(f"redis+cluster://:{master.password}@127.0.0.1:{master.port}?deadline=1")
    with connected(alone) as servers, pytest.raises(ConfigurationError, match="is no Cluster: write redis://"):
        servers.ask([get(1, "a")])


def test_the_master_that_sentinels_name_is_asked(watched: SentinelGroup, connected: Connect) -> None:
    with connected(address(watched)) as servers:
        servers.ask([put(1, "a", "x"), get(1, "a")])
        watched.master().reset_stats()
        assert servers.ask([get(1, "a")]) == [b"x"]
        assert watched.master().command_stats()["evalsha"] == 1


def test_sentinels_may_ask_who_we_are_and_need_not_let_us_do_much(watched: SentinelGroup, connected: Connect) -> None:
    rights = ("reset", "on", ">secret-of-sentinels", "+sentinel|masters")
    for watcher in watched.sentinels:
        watcher.execute("ACL", "SETUSER", "asker", *rights)
        watcher.execute("ACL", "SETUSER", "default", "-@all", "+acl|setuser")
    try:
        with connected(address(watched)) as servers, pytest.raises(StoreUnavailable):
            servers.ask([put(1, "a", "x")])
        known = address(watched, "sentinel_user=asker&sentinel_password=secret-of-sentinels")
        with connected(known) as servers:
            assert servers.ask([put(1, "a", "x")]) == [1]
    finally:
        for watcher in watched.sentinels:
            watcher.execute("ACL", "SETUSER", "default", "+@all")


def test_after_a_failover_the_new_master_is_asked(watched: SentinelGroup, connected: Connect) -> None:
    with connected(address(watched, CONFIRMED)) as servers:
        assert servers.ask([put(1, "a", "x", confirmed=True)]) == [1]
    with connected(address(watched)) as servers:
        assert servers.ask([get(1, "a")]) == [b"x"]
        watched.master().kill()
        with given_up_in_time():
            servers.ask([get(1, "a")])
        watched.lose_patience()
        wait_until(lambda: answered(servers, get(1, "a")), LATEST, "the replica has taken over")
        assert servers.ask([get(1, "a")]) == [b"x"]


def test_a_master_that_comes_back_as_a_replica_is_not_written_to(watched: SentinelGroup) -> None:
    with connect("waiting")(address(watched, "timeout=1&deadline=3")) as servers:
        servers.ask([put(1, "a", "x")])
        watched.hand_over()
        assert servers.ask([put(1, "a", "y")]) == [0]
        assert watched.master().execute("HGET", box(1), "a") == b"y"


def test_a_master_of_another_name_is_told(watched: SentinelGroup, connected: Connect) -> None:
    other = address(watched).__class__.parse(watched.url().replace(f"/{sentinel.MASTER_NAME}", "/other"))
    with connected(other) as servers, pytest.raises(StoreUnavailable, match="knows a master of this name"):
        servers.ask([get(1, "a")])


def test_a_cluster_of_which_nobody_answers_is_unavailable(connected: Connect) -> None:
    nobody = Address.parse("redis+cluster://:secret@127.0.0.1:1,127.0.0.1:2?deadline=1")
    with connected(nobody) as servers, pytest.raises(StoreUnavailable) as told:
        servers.ask([get(1, "a")])
    assert "secret" not in str(told.value)


def test_the_nodes_that_are_named_first_need_not_be_there(whole: Cluster, connected: Connect) -> None:
    url = whole.url().replace("@", "@127.0.0.1:1,", 1)
    with connected(Address.parse(url)) as servers:
        assert servers.ask([put(1, "a", "x")]) == [1]
