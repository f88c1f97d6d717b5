"""What the servers are like: facts, which are unknown where they may not be asked for, and what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sojourn.stores.redis.address import Address
from sojourn.stores.redis.examine import NodeFacts, facts, findings
from sojourn.stores.redis.servers import Servers
from tests.services import valkey
from tests.services.cluster import Cluster
from tests.services.sentinel import SentinelGroup
from tests.services.valkey import ValkeyServer

GOOD = NodeFacts(
    node="a:1",
    may_run_scripts=True,
    product="valkey",
    version="8.1.2",
    maxmemory=1000,
    maxmemory_policy="noeviction",
    used_memory=800,
    evicted_keys=0,
    appendonly=True,
    appendfsync="everysec",
    save="",
    replicas=0,
    cluster=False,
    skew=0,
)

WRONG = [
    ({"unreachable": "a:1 does not answer."}, "unreachable", "error", "does not answer"),
    ({"may_run_scripts": False}, "no-scripts", "error", r"\+evalsha"),
    ({"version": "7.1.9"}, "too-old", "error", "7.2 or later"),
    ({"product": "redis", "version": "6.2.14"}, "too-old", "error", "7.0 or later"),
    ({"maxmemory_policy": "allkeys-lru"}, "eviction", "error", "Set maxmemory-policy noeviction"),
    ({"evicted_keys": 3}, "evicted", "error", "forgotten 3 keys"),
    ({"used_memory": 801}, "memory", "warning", "uses 80 %"),
    ({"appendonly": False, "save": ""}, "no-append-only-file", "warning", "a restart loses every session"),
    ({"appendonly": False, "save": "3600 1"}, "no-append-only-file", "warning", "not in a snapshot yet"),
    ({"appendonly": False, "save": None}, "no-append-only-file", "warning", "not in a snapshot yet"),
    ({"appendfsync": "no"}, "append-only-file-unsynced", "warning", "appendfsync everysec"),
    ({"skew": 1001}, "clock", "warning", "1001 ms ahead of"),
    ({"skew": -5000}, "clock", "warning", "5000 ms behind"),
]
FINE = [
    {},
    {"product": "redis", "version": "7.0.15"},
    {"version": "10.0.0"},
    {"appendfsync": "always", "skew": -1000},
    {"maxmemory": 0},
    dict.fromkeys(("may_run_scripts", "product", "version", "maxmemory", "maxmemory_policy", "used_memory")),
    dict.fromkeys(
        ("evicted_keys", "appendonly", "appendfsync", "save", "replicas", "cluster", "cluster_state", "skew")
    ),
]


@pytest.mark.parametrize(("change", "code", "level", "says"), WRONG)
def test_what_is_wrong_is_told_with_what_to_do(change: dict[str, object], code: str, level: str, says: str) -> None:
    (finding,) = findings([replace(GOOD, **change)])
    assert (finding.code, finding.level) == (code, level)
    assert re.search(says, f"{finding.message} {finding.hint}")
    assert "a:1" in finding.message


@pytest.mark.parametrize("change", FINE)
def test_what_is_right_or_unknown_is_not_told(change: dict[str, object]) -> None:
    assert findings([replace(GOOD, **change)]) == []


def test_a_cluster_is_to_be_addressed_as_one_to_be_well_and_to_have_replicas() -> None:
    node = replace(GOOD, cluster=True, cluster_state="fail")
    assert [finding.code for finding in findings([node])] == ["not-addressed-as-cluster", "cluster-down", "no-replica"]
    assert findings([replace(node, cluster_state="ok", replicas=1)], cluster=True) == []


@pytest.mark.redis
@pytest.mark.parametrize("product", valkey.PRODUCTS)
def test_the_facts_of_a_server_are_as_it_was_started(product: str) -> None:
    running = valkey.start(product, durable=True, settings={"maxmemory": "100mb"})
    try:
        examined = Servers(Address.parse(running.url()))
        (known,) = facts(examined)
        examined.close()
        assert known == NodeFacts(
            node=f"127.0.0.1:{running.port}",
            may_run_scripts=True,
            product=product,
            version=running.version,
            maxmemory=100 << 20,
            maxmemory_policy="noeviction",
            used_memory=known.used_memory,
            evicted_keys=0,
            appendonly=True,
            appendfsync="always",
            save="",
            replicas=0,
            cluster=False,
            skew=known.skew,
        )
        assert 0 < (known.used_memory or 0) < 100 << 20
        assert abs(known.skew or 0) < 10_000
        assert findings([known]) == []
    finally:
        running.stop()


@pytest.mark.redis
def test_a_clock_that_is_wrong_is_found(valkey_server: ValkeyServer) -> None:
    examined = Servers(Address.parse(valkey_server.url()))
    (known,) = facts(examined, clock=lambda: 1_000_000.0)
    examined.close()
    assert known.skew is not None
    assert known.skew > 10**12
    assert "clock" in [finding.code for finding in findings([known])]


@pytest.mark.redis
def test_what_a_user_may_not_ask_is_unknown(valkey_server: ValkeyServer) -> None:
    least = Servers(Address.parse(valkey_server.new_user("~sojourn:*", "+eval", "+evalsha")))
    (known,) = facts(least)
    least.close()
    assert known == NodeFacts(node=f"127.0.0.1:{valkey_server.port}", may_run_scripts=True)
    assert findings([known]) == []


@pytest.mark.redis
def test_who_may_not_run_scripts_learns_of_it(valkey_server: ValkeyServer) -> None:
    nobody = Servers(Address.parse(valkey_server.new_user("~sojourn:*", "+info", "+time", "+config|get")))
    (known,) = facts(nobody)
    nobody.close()
    assert known.may_run_scripts is False
    assert known.version == valkey_server.version
    assert known.save == ""


@pytest.mark.redis
def test_a_server_that_is_not_there_is_found_unreachable() -> None:
    for url in ("redis://127.0.0.1:1", "redis+cluster://127.0.0.1:1", "redis+sentinel://127.0.0.1:1/main"):
        nowhere = Servers(Address.parse(f"{url}?deadline=1"))
        (known,) = facts(nowhere)
        assert known.unreachable is not None
        assert [finding.code for finding in findings([known])] == ["unreachable"]


@pytest.mark.redis
@pytest.mark.cluster
def test_every_master_of_a_cluster_is_examined(valkey_cluster: Cluster) -> None:
    valkey_cluster.heal()
    examined = Servers(Address.parse(valkey_cluster.url()))
    known = facts(examined)
    examined.close()
    assert {each.node for each in known} == {f"127.0.0.1:{node.port}" for node in valkey_cluster.masters()}
    assert {(each.cluster, each.cluster_state, each.replicas) for each in known} == {(True, "ok", 1)}
    assert {finding.code for finding in findings(known, cluster=True)} == {"no-append-only-file"}


@pytest.mark.redis
@pytest.mark.cluster
def test_the_master_that_sentinels_name_is_examined(valkey_sentinel: SentinelGroup) -> None:
    valkey_sentinel.heal()
    examined = Servers(Address.parse(valkey_sentinel.url()))
    (known,) = facts(examined)
    examined.close()
    assert (known.node, known.replicas) == (f"127.0.0.1:{valkey_sentinel.master().port}", 1)
