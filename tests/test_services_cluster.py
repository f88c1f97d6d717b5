"""The Clusters that other tests rely on: they form, heal when a master is killed, and move slots step by step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from redis.cluster import RedisCluster

from tests.services import valkey
from tests.services.cluster import MASTERS, Cluster
from tests.services.slots import SLOTS, slot_of

pytestmark = pytest.mark.cluster


@pytest.fixture(params=valkey.PRODUCTS)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The Cluster that the test run shares, of each product, empty and whole before and after."""
    shared: Cluster = request.getfixturevalue(f"{request.param}_cluster")
    shared.flush()
    yield shared
    shared.heal()


@pytest.fixture
def client(cluster: Cluster) -> Iterator[RedisCluster]:
    with RedisCluster.from_url(cluster.nodes[0].url()) as client:
        yield client


def test_three_masters_share_the_slots_and_have_a_replica_each(cluster: Cluster) -> None:
    assert {server.product for server in cluster.nodes} == {cluster.product}
    masters = {cluster.master_of(slot).port for slot in (*range(0, SLOTS, 1_000), SLOTS - 1)}
    assert masters == {master.port for master in cluster.masters()}
    assert len(masters) == MASTERS
    replicas = [cluster.replicas_of(master) for master in cluster.masters()]
    assert [len(those) for those in replicas] == [1] * MASTERS
    assert masters | {replica.port for those in replicas for replica in those} == {node.port for node in cluster.nodes}


def test_the_url_names_every_node(cluster: Cluster) -> None:
    scheme, _, rest = cluster.url().partition("://")
    assert scheme == "redis+cluster"
    assert rest.endswith("/0")
    assert all(f"127.0.0.1:{node.port}" in rest for node in cluster.nodes)
    assert cluster.nodes[0].password in rest
    assert cluster.nodes[0].password not in repr(cluster)


def test_a_user_is_made_on_every_node(cluster: Cluster) -> None:
    user = cluster.new_user("~mine:*", "+acl|whoami").partition("//")[2].partition("@")[0]
    for node in cluster.nodes:
        with redis.Redis.from_url(f"redis://{user}@127.0.0.1:{node.port}") as client:
            assert client.acl_whoami() == user.partition(":")[0]


def test_the_cluster_heals_after_a_killed_master_and_takes_it_back_as_a_replica(
    cluster: Cluster, client: RedisCluster
) -> None:
    client.set("key", "value")
    assert client.wait(1, 60_000, target_nodes=client.get_node_from_key("key"))
    master = cluster.master_of("key")
    (replica,) = cluster.replicas_of(master)
    master.kill()
    with pytest.raises(LookupError):
        cluster.master_of("key")
    with pytest.raises(TimeoutError, match="not every slot is served"):
        cluster.wait_until_whole(seconds=0.1)
    cluster.lose_patience()
    cluster.wait_until_whole()
    assert cluster.master_of("key") is replica
    assert client.get("key") == b"value"
    cluster.restart(master)
    cluster.wait_until_whole()
    assert cluster.replicas_of(replica) == [master]


def test_the_cluster_heals_after_a_master_that_stood_still_for_a_while(cluster: Cluster) -> None:
    master = cluster.master_of("key")
    (replica,) = cluster.replicas_of(master)
    master.pause()
    cluster.lose_patience()
    cluster.wait_until_whole()
    assert cluster.master_of("key") is replica
    cluster.heal()
    assert cluster.master_of("key") is replica
    assert cluster.replicas_of(replica) == [master]


def test_half_way_through_a_slots_move_its_master_answers_ask_for_what_is_gone(
    cluster: Cluster, client: RedisCluster
) -> None:
    for name in ("one", "two", "three"):
        client.set(f"{{tag}}{name}", name)
    slot, source = slot_of("{tag}"), cluster.master_of("{tag}")
    target = next(master for master in cluster.masters() if master is not source)
    with cluster.moving(slot, target) as move:
        assert move.keys(2) == 2
        asked = []
        for name in ("one", "two", "three"):
            try:
                assert source.execute("GET", f"{{tag}}{name}") == name.encode()
            except redis.exceptions.AskError as ask:
                asked.append(ask.port)
        assert asked == [target.port] * 2
        with pytest.raises(redis.exceptions.MovedError):
            target.execute("GET", "{tag}one")  # without ASKING
        assert [client.get(f"{{tag}}{name}") for name in ("one", "two", "three")] == [b"one", b"two", b"three"]
    assert cluster.master_of(slot) is source
    assert source.execute("MGET", "{tag}one", "{tag}two", "{tag}three") == [b"one", b"two", b"three"]


def test_a_slot_moves_with_its_keys_and_everybody_knows(cluster: Cluster, client: RedisCluster) -> None:
    client.set("key", "value")
    source = cluster.master_of("key")
    target = next(master for master in cluster.masters() if master is not source)
    cluster.move_slot(slot_of("key"), target)
    assert cluster.master_of("key") is target
    assert target.execute("GET", "key") == b"value"
    with pytest.raises(redis.exceptions.MovedError, match=str(target.port)):
        source.execute("GET", "key")
    cluster.move_slot(slot_of("key"), source)


def test_a_slot_that_was_left_open_by_a_kill_is_closed_when_the_cluster_heals(cluster: Cluster) -> None:
    source = cluster.master_of("key")
    target = next(master for master in cluster.masters() if master is not source)
    with cluster.moving(slot_of("key"), target):
        cluster.kill(target)
    cluster.heal()
    assert cluster.master_of("key") is source
    assert source.execute("GET", "key") is None  # an open slot would answer ASK


def test_commands_are_counted_on_masters_only(cluster: Cluster, client: RedisCluster) -> None:
    client.set("key", "value")
    cluster.reset_stats()
    for name in ("one", "two", "three", "four"):
        client.set(name, name)
    client.wait(1, 60_000, target_nodes=client.get_node_from_key("one"))
    stats = cluster.command_stats()
    assert stats["set"] == 4
    assert sum(node.command_stats().get("set", 0) for node in cluster.nodes) > 4
