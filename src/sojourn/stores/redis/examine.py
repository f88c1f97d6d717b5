"""What the servers are like, for system checks and `doctor`: facts, asked of each master, and what is wrong with them.

What a user may not ask (an ACL without INFO or CONFIG, a host that offers neither) is unknown, and no failure.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sojourn.core.errors import StoreUnavailable
from sojourn.stores.redis.address import Node
from sojourn.stores.redis.replies import Refused
from sojourn.stores.redis.servers import Servers

OLDEST = {"redis": (7, 0), "valkey": (7, 2)}
SKEW_MAX = 1000  # milliseconds
MEMORY_MAX = 80  # per cent of maxmemory
_NO_SCRIPT = "0" * 40


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What one master says of itself; None is unknown. Memory in bytes, skew in milliseconds that it is ahead of us."""

    node: str
    unreachable: str | None = None
    """Why it did not answer; then nothing else is known."""
    may_run_scripts: bool | None = None
    product: Literal["redis", "valkey"] | None = None
    version: str | None = None
    maxmemory: int | None = None
    maxmemory_policy: str | None = None
    used_memory: int | None = None
    evicted_keys: int | None = None
    appendonly: bool | None = None
    appendfsync: str | None = None
    save: str | None = None
    """When it writes snapshots; empty for never."""
    replicas: int | None = None
    cluster: bool | None = None
    cluster_state: str | None = None
    skew: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: with which node, how much so, and what to do about it."""

    code: str
    level: Literal["error", "warning"]
    message: str
    hint: str


def facts(servers: Servers, clock: Callable[[], float] = time.time) -> list[NodeFacts]:
    """Ask every master. clock: seconds since 1970, by which the servers are judged. Raises ConfigurationError."""
    try:
        masters = servers.masters()
    except StoreUnavailable as error:
        return [NodeFacts(str(servers.address), unreachable=str(error))]
    return [_facts_of(node, servers, clock) for node in masters]


def findings(known: Sequence[NodeFacts], *, cluster: bool = False) -> list[Finding]:
    """What is wrong with servers of which these facts are known. cluster: whether they are addressed as a Cluster."""
    return [finding for node in known for finding in _findings_of(node, cluster)]


def _facts_of(node: Node, servers: Servers, clock: Callable[[], float]) -> NodeFacts:
    try:
        unknown_script = servers.command(node, "EVALSHA", _NO_SCRIPT, 0)
        began = clock()
        moment = servers.command(node, "TIME")
        ended = clock()
        info = _fields(servers.command(node, "INFO"))
        settings = {name: _setting(servers, node, name) for name in ("appendonly", "appendfsync", "save")}
        state = _fields(servers.command(node, "CLUSTER", "INFO")) if info.get("cluster_enabled") == "1" else {}
    except StoreUnavailable as error:
        return NodeFacts(str(node), unreachable=str(error))
    skew = None
    if not isinstance(moment, Refused):
        skew = int(moment[0]) * 1000 + int(moment[1]) // 1000 - round((began + ended) * 500)
    return NodeFacts(
        node=str(node),
        may_run_scripts=str(unknown_script).startswith("NOSCRIPT"),
        product=None if not info else "valkey" if "valkey_version" in info else "redis",
        version=info.get("valkey_version") or info.get("redis_version"),
        maxmemory=_number(info.get("maxmemory")),
        maxmemory_policy=info.get("maxmemory_policy"),
        used_memory=_number(info.get("used_memory")),
        evicted_keys=_number(info.get("evicted_keys")),
        appendonly=None if "aof_enabled" not in info else info["aof_enabled"] == "1",
        appendfsync=settings["appendfsync"],
        save=settings["save"],
        replicas=_number(info.get("connected_slaves")),
        cluster=None if "cluster_enabled" not in info else info["cluster_enabled"] == "1",
        cluster_state=state.get("cluster_state"),
        skew=skew,
    )


def _fields(answer: Any) -> dict[str, str]:
    """The lines `name:value` of INFO; none where it may not be asked."""
    if not isinstance(answer, bytes):
        return {}
    lines = answer.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))


def _setting(servers: Servers, node: Node, name: str) -> str | None:
    answer = servers.command(node, "CONFIG", "GET", name)
    return answer[1].decode(errors="replace") if isinstance(answer, list) and len(answer) == 2 else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _findings_of(known: NodeFacts, cluster: bool) -> Iterator[Finding]:
    node = known.node
    if known.unreachable is not None:
        yield Finding("unreachable", "error", known.unreachable, "Start the server, or mend the address.")
        return
    if known.may_run_scripts is False:
        yield Finding(
            "no-scripts",
            "error",
            f"{node} does not let this user run scripts.",
            "Allow them, as in ACL SETUSER NAME +eval +evalsha.",
        )
    if known.product and known.version and _version(known.version) < OLDEST[known.product]:
        needed = ".".join(map(str, OLDEST[known.product]))
        yield Finding(
            "too-old",
            "error",
            f"{node} is {known.product.capitalize()} {known.version}.",
            f"Upgrade it to {needed} or later.",
        )
    if known.cluster is True and not cluster:
        yield Finding(
            "not-addressed-as-cluster",
            "error",
            f"{node} belongs to a Cluster.",
            f"Write its address as redis+cluster://{node}",
        )
    if known.cluster_state not in (None, "ok"):
        yield Finding(
            "cluster-down",
            "error",
            f"{node} says that the state of its Cluster is {known.cluster_state}.",
            "See CLUSTER INFO and CLUSTER NODES: which slots does nobody serve?",
        )
    yield from _memory(known)
    yield from _durability(known)
    if known.skew is not None and abs(known.skew) > SKEW_MAX:
        yield Finding(
            "clock",
            "warning",
            f"The clock of {node} is {abs(known.skew)} ms {'ahead of' if known.skew > 0 else 'behind'} ours.",
            "Let both follow one time server: timeouts are judged by our clock, which the store's does not change.",
        )


def _memory(known: NodeFacts) -> Iterator[Finding]:
    node = known.node
    if known.maxmemory_policy not in (None, "noeviction"):
        yield Finding(
            "eviction",
            "error",
            f"{node} forgets keys when it is full ({known.maxmemory_policy}): sessions vanish, and with them limits.",
            "Set maxmemory-policy noeviction. A cache belongs on a server of its own.",
        )
    if known.evicted_keys:
        yield Finding(
            "evicted",
            "error",
            f"{node} has forgotten {known.evicted_keys} keys since it was started because it was full.",
            "Set maxmemory-policy noeviction, raise maxmemory, and restart it to count anew.",
        )
    if known.maxmemory and known.used_memory and known.used_memory * 100 > known.maxmemory * MEMORY_MAX:
        used = known.used_memory * 100 // known.maxmemory
        yield Finding(
            "memory",
            "warning",
            f"{node} uses {used} % of its maxmemory. When it is full, nobody can sign in.",
            "Raise maxmemory, or keep ended sessions for a shorter time and purge them.",
        )


def _durability(known: NodeFacts) -> Iterator[Finding]:
    node = known.node
    if known.appendonly is False:
        loses = "makes no snapshots: a restart loses every session"
        if known.save != "":
            loses = "a crash loses what is not in a snapshot yet: sessions that were ended are open again"
        yield Finding(
            "no-append-only-file",
            "warning",
            f"{node} keeps no append-only file, and {loses}.",
            "Set appendonly yes, and appendfsync everysec (a crash loses a second) or always (it loses nothing).",
        )
    elif known.appendonly and known.appendfsync == "no":
        yield Finding(
            "append-only-file-unsynced",
            "warning",
            f"{node} leaves it to the system when its append-only file is on disk: a power cut may lose half a minute.",
            "Set appendfsync everysec (a crash loses a second) or always (it loses nothing).",
        )
    if known.cluster and known.replicas == 0:
        yield Finding(
            "no-replica",
            "warning",
            f"{node} has no replica: while it is down, those whose sessions it has can neither sign in nor go on.",
            "Add a replica, as by CLUSTER REPLICATE.",
        )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
