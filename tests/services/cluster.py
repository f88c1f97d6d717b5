"""A real Cluster for tests: six processes of Valkey or Redis, three masters with a replica each.

In a script: `whole = cluster.start("redis")`, `whole.url()`, `whole.kill(whole.master_of("key"))`,
`whole.wait_until_whole()`, `whole.stop()`. The nodes have patience with one that is silent, which a busy machine keeps
waiting, until `whole.kill(node)` or `whole.lose_patience()`: then a replica takes over within seconds, until `heal()`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from tests.services import valkey
from tests.services.process import lasting_port, wait_until, wait_until_well
from tests.services.slots import SLOTS, Seat, SlotMove, name_of, seats_seen_by, slot_of
from tests.services.valkey import HOST, USER, ValkeyServer

MASTERS = 3
PATIENT = 60_000  # milliseconds that a node may be silent before its replica takes over
IMPATIENT = 1_500
ELECTING = 2_000  # a replica that was elected stands again after four times as long
HEAL_SECONDS = 120.0
SETTINGS = {
    "cluster-enabled": "yes",
    "cluster-node-timeout": str(IMPATIENT),  # nodes that begin tell each other everything sooner
    "cluster-replica-validity-factor": "0",  # a replica takes over however long it has heard nothing
    "repl-diskless-sync-delay": "0",
    "repl-ping-replica-period": "1",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """A running Cluster that belongs to this test run alone. Its nodes change places whenever one of them fails.

    product, version: of every node. nodes: all of them, running or not.
    """

    product: str
    version: str
    nodes: tuple[ValkeyServer, ...]
    _password: str = dataclasses.field(repr=False)

    def url(self) -> str:
        """Return a URL that names every node: plain text that can be sent to a spawned process."""
        return self._url(USER, self._password)

    def new_user(self, *rules: str) -> str:
        """Make a user on every running node, as `ValkeyServer.new_user` does, and return the URL for them."""
        user, password, command = valkey.user_with(*rules)
        self.execute_on_all(*command)
        return self._url(user, password)

    def masters(self) -> list[ValkeyServer]:
        """Return the running nodes that say they serve slots."""
        return [node for node, seat in self._own_seats() if seat.slots]

    def master_of(self, where: int | str | bytes) -> ValkeyServer:
        """Return the running node that serves a slot (a number) or a key. Raises LookupError while there is none."""
        slot = where if isinstance(where, int) else slot_of(where)
        serving = [(seat.epoch, node) for node, seat in self._own_seats() if seat.serves(slot)]
        if not serving:
            raise LookupError(f"no running node serves slot {slot}")
        # A master that comes back and has not heard yet that it was replaced claims the slot with an older epoch.
        return max(serving, key=lambda claim: claim[0])[1]

    def replicas_of(self, master: ValkeyServer) -> list[ValkeyServer]:
        """Return the running nodes that follow this one."""
        seats = self._own_seats()
        name = next((seat.name for node, seat in seats if node is master), None)
        return [node for node, seat in seats if seat.master == name]

    def kill(self, node: ValkeyServer) -> None:
        """Kill a node where it stands, as a crash would, and let the others lose patience with it."""
        node.kill()
        self.lose_patience()

    def lose_patience(self) -> None:
        """Let the running nodes notice within seconds that one of them is silent, and replace it, until `heal()`."""
        self._wait_for_each_other(IMPATIENT)

    def restart(self, node: ValkeyServer) -> None:
        """Start a node again. Without `durable` it is empty, also as a master that nobody has replaced."""
        node.restart()

    def hand_over(self, replica: ValkeyServer) -> None:
        """Let a replica begin to take its master's place, without loss. The master keeps writers waiting meanwhile.

        They give it up after five seconds if the replica has to wait before it may stand for election: begin again.
        """
        self._wait_for_each_other(ELECTING)
        replica.execute("CLUSTER", "FAILOVER")

    def wait_until_whole(self, seconds: float = HEAL_SECONDS) -> None:
        """Wait until the running nodes agree on who serves what, serve every slot, and every replica follows.

        Nodes that are killed or paused do not count. Raises TimeoutError, with what was missing last.
        """
        wait_until_well(self._faults, valkey.no_answer(), seconds)

    def heal(self) -> None:
        """Resume what is paused, restart what was killed, close open slots, and wait until the Cluster is whole."""
        for node in self.nodes:
            node.resume()
            if not node.running:
                node.restart()
        self.wait_until_whole()
        for node, seat in self._own_seats():
            for slot in seat.open if seat.slots else ():
                node.execute("CLUSTER", "SETSLOT", slot, "STABLE")
        self._wait_for_each_other(PATIENT)

    def move_slot(self, slot: int, to: ValkeyServer) -> None:
        """Move a slot with its keys to another master, and wait until everybody knows."""
        with self.moving(slot, to) as move:
            move.finish()
        self.wait_until_whole()

    @contextlib.contextmanager
    def moving(self, slot: int, to: ValkeyServer) -> Iterator[SlotMove]:
        """Begin to move a slot to another master: inside, its master answers ASK for keys that it does not have.

        What is not finished inside is taken back. When either of the two was killed inside, `heal()` closes the slot.
        """
        move = SlotMove(slot, source=self.master_of(slot), target=to, others=self.masters())
        move.begin()
        try:
            yield move
        finally:
            move.take_back()

    def execute_on_all(self, *command: Any) -> list[Any]:
        """Carry out a command on every running node, and return their answers."""
        return [node.execute(*command) for node in self.nodes if node.running]

    def command_stats(self) -> dict[str, int]:
        """Return how often each command was called on all masters together since `reset_stats()`.

        What replicas repeat does not count, nor what `ValkeyServer.command_stats` leaves out.
        """
        total: dict[str, int] = {}
        for name, calls in itertools.chain.from_iterable(node.command_stats().items() for node in self.masters()):
            total[name] = total.get(name, 0) + calls
        return total

    def reset_stats(self) -> None:
        """Count commands from zero, on every running node."""
        self.execute_on_all("CONFIG", "RESETSTAT")

    def flush(self) -> None:
        """Delete every key."""
        for node in self.masters():
            node.flush()

    def stop(self) -> None:
        """End every node and delete its data. A second call does nothing."""
        for node in self.nodes:
            node.stop()

    def _wait_for_each_other(self, milliseconds: int) -> None:
        self.execute_on_all("CONFIG", "SET", "cluster-node-timeout", milliseconds)

    def _url(self, user: str, password: str) -> str:
        hosts, secured = ",".join(f"{HOST}:{node.port}" for node in self.nodes), self.nodes[0].secured
        return f"redis{'s' * bool(secured)}+cluster://{user}:{password}@{hosts}/0{secured}"

    def _own_seats(self) -> list[tuple[ValkeyServer, Seat]]:
        """What each running node says of itself: nobody knows better which slots it serves."""
        return [
            (node, next(seat for seat in seats_seen_by(node) if "myself" in seat.flags))
            for node in self.nodes
            if node.running
        ]

    def _faults(self) -> Iterator[str]:
        """What keeps the Cluster from being whole, the first of it first."""
        running = {node.port: node for node in self.nodes if node.running}
        views = {port: {seat.port: seat for seat in seats_seen_by(node)} for port, node in running.items()}
        owners = {port: view[port].slots for port, view in views.items() if view[port].slots}
        if sum(map(len, itertools.chain.from_iterable(owners.values()))) != SLOTS:
            yield "not every slot is served by exactly one running node"
        for port, view in views.items():
            if {other: seat.slots for other, seat in view.items() if seat.slots} != owners:
                yield f"{port} sees other owners of slots"
            if unwell := [other for other in running if other not in view or not view[other].well]:
                yield f"{port} does not see {unwell} well"
            if b"cluster_state:ok" not in running[port].execute("CLUSTER", "INFO"):
                yield f"{port} does not say that all is well"
            if port not in owners and not _follows(running[port], owners):
                yield f"{port} neither serves slots nor follows a node that does"


def start(product: str = "valkey", *, durable: bool = False, tls: bool = False) -> Cluster:
    """Start three masters, each with a third of the slots and a replica. Takes about four seconds.

    product: one of `valkey.PRODUCTS`. durable: every node's writes are on disk before they are answered. tls (Redis
    only): nothing between nodes or to clients is plain text.
    Raises NotInstalled when the server or redis-py is missing, ServerFailed or TimeoutError when it does not start.
    """
    password = secrets.token_hex(24)
    transport: dict[str, Any] = {"transport": "tls", "authority": valkey.new_authority()} if tls else {}
    secured = {"tls-cluster": "yes", "tls-replication": "yes"} if tls else {}
    with contextlib.ExitStack() as undo:
        nodes = []
        for _ in range(2 * MASTERS):
            settings = {**SETTINGS, **secured, "masterauth": password, "cluster-port": str(lasting_port())}
            nodes.append(valkey.start(product, durable=durable, password=password, settings=settings, **transport))
            undo.callback(nodes[-1].stop)
        made = Cluster(product, nodes[0].version, tuple(nodes), password)
        _form(made)
        undo.pop_all()
    return made


def _form(cluster: Cluster) -> None:
    nodes = cluster.nodes
    masters, replicas = nodes[:MASTERS], nodes[MASTERS:]
    names = {node.port: name_of(node) for node in nodes}
    for number, node in enumerate(nodes, start=1):
        node.execute("CLUSTER", "SET-CONFIG-EPOCH", number)
    for one, other in itertools.combinations(nodes, 2):
        bus = other.execute("CONFIG", "GET", "cluster-port")[1]
        one.execute("CLUSTER", "MEET", HOST, other.port, bus)
    bounds = [SLOTS * number // MASTERS for number in range(MASTERS + 1)]
    for node, first, end in zip(masters, bounds[:-1], bounds[1:], strict=True):
        node.execute("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
    for replica, master in zip(replicas, masters, strict=True):
        wait_until(_knows(replica, names[master.port]), HEAL_SECONDS, "a replica has met its master")
        replica.execute("CLUSTER", "REPLICATE", names[master.port])
    cluster.heal()


def _knows(node: ValkeyServer, name: str) -> Callable[[], bool]:
    return lambda: any(seat.name == name and seat.well for seat in seats_seen_by(node))


def _follows(node: ValkeyServer, owners: dict[int, Any]) -> bool:
    """Tell whether a node is an up-to-date replica of one of the owners of slots."""
    state = node.execute("INFO", "replication")
    return state.get("master_link_status") == "up" and state["master_port"] in owners
