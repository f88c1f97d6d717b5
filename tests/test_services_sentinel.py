"""The Sentinels that other tests rely on: they name the master, and another one when it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.services import valkey
from tests.services.sentinel import MASTER_NAME, SentinelGroup

pytestmark = pytest.mark.cluster


@pytest.fixture(params=valkey.PRODUCTS)
def group(request: pytest.FixtureRequest) -> Iterator[SentinelGroup]:
    """The group that the test run shares, of each product, empty and whole before and after."""
    shared: SentinelGroup = request.getfixturevalue(f"{request.param}_sentinel")
    shared.flush()
    yield shared
    shared.heal()


def test_the_sentinels_lead_a_client_to_the_master(group: SentinelGroup) -> None:
    watchers = redis.Sentinel([("127.0.0.1", watcher.port) for watcher in group.sentinels])
    with watchers.master_for(MASTER_NAME, password=group.servers[0].password) as client:
        client.set("key", "value")
    assert group.master().execute("GET", "key") == b"value"
    assert {process.product for process in (*group.servers, *group.sentinels)} == {group.product}


def test_the_url_names_every_sentinel_the_master_and_a_user_of_the_servers(group: SentinelGroup) -> None:
    assert group.url().startswith(f"redis+sentinel://default:{group.master().password}@127.0.0.1:")
    assert group.url().endswith(f"/{MASTER_NAME}/0")
    assert all(f"127.0.0.1:{watcher.port}" in group.url() for watcher in group.sentinels)
    assert group.master().password not in repr(group)


def test_a_user_is_made_on_both_servers(group: SentinelGroup) -> None:
    user = group.new_user("+acl|whoami").partition("//")[2].partition("@")[0]
    for server in group.servers:
        with redis.Redis.from_url(f"redis://{user}@127.0.0.1:{server.port}") as client:
            assert client.acl_whoami() == user.partition(":")[0]


def test_a_master_that_is_killed_is_replaced_and_comes_back_as_a_replica(group: SentinelGroup) -> None:
    master, replica = group.master(), group.replica()
    with redis.Redis.from_url(master.url()) as client:
        client.set("key", "value")
        assert client.wait(1, 60_000) == 1
    master.kill()
    with pytest.raises(LookupError):
        group.master()
    with pytest.raises(TimeoutError, match="the Sentinels say"):
        group.wait_until_whole(seconds=0.1)
    group.lose_patience()
    group.wait_until_whole()
    assert group.master() is replica
    assert replica.execute("GET", "key") == b"value"
    group.heal()
    assert group.master() is replica
    assert master.execute("INFO", "replication")["role"] == "slave"
    assert master.execute("GET", "key") == b"value"


def test_a_master_that_stands_still_is_replaced_and_believes_to_be_master_when_it_goes_on(group: SentinelGroup) -> None:
    master, replica = group.master(), group.replica()
    master.pause()
    group.lose_patience()
    group.wait_until_whole()
    master.resume()
    assert group.master() is replica
    assert master.execute("INFO", "replication")["role"] == "master"
    group.heal()
    assert master.execute("INFO", "replication")["role"] == "slave"


def test_the_group_heals_after_everything_was_killed(group: SentinelGroup) -> None:
    for process in (*group.servers, *group.sentinels):
        group.kill(process)
    group.heal()
    group.master().execute("SET", "key", "value")
    assert all(process.running for process in (*group.servers, *group.sentinels))
