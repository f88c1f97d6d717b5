"""The slots of a Cluster: who serves which, as a node sees it, and moving one step by step."""

from __future__ import annotations

import dataclasses

from tests.services.valkey import HOST, USER, ValkeyServer

SLOTS = 16_384
MOVE_MILLISECONDS = 5_000


@dataclasses.dataclass(frozen=True, slots=True)
class Seat:
    """One node as one line of CLUSTER NODES tells of it.

    name: its id. flags: as they are, such as "myself", "master", "fail?". master: the id of the one it follows, or "-".
    epoch: of its claim to its slots; the higher one wins. open: slots on their way from or to it, as itself sees it.
    """

    name: str
    port: int
    flags: frozenset[str]
    master: str
    epoch: int
    slots: tuple[range, ...]
    open: tuple[int, ...]

    @property
    def well(self) -> bool:
        """Tell whether the one that sees it has met it and can reach it."""
        return self.flags.isdisjoint({"fail", "fail?", "handshake", "noaddr"})

    def serves(self, slot: int) -> bool:
        """Tell whether it serves this slot."""
        return any(slot in part for part in self.slots)


def slot_of(key: str | bytes) -> int:
    """Return the slot of a key: that of the part in braces, if it has one."""
    from redis.crc import key_slot

    return key_slot(key.encode() if isinstance(key, str) else key)


def name_of(node: ValkeyServer) -> str:
    """Return a node's id in its Cluster."""
    return str(node.execute("CLUSTER", "MYID").decode())


def seats_seen_by(node: ValkeyServer) -> list[Seat]:
    """Return every node of the Cluster as this one sees it."""
    return [_seat(line) for line in node.execute("CLUSTER", "NODES").decode().splitlines()]


def _seat(line: str) -> Seat:
    name, address, flags, master, _ping, _pong, epoch, _link, *slots = line.split(" ")
    return Seat(
        name=name,
        port=int(address.partition("@")[0].rpartition(":")[2]),
        flags=frozenset(flags.split(",")),
        master=master,
        epoch=int(epoch),
        slots=tuple(_range(part) for part in slots if not part.startswith("[")),
        open=tuple(int(part[1:].partition("-")[0]) for part in slots if part.startswith("[")),
    )


def _range(part: str) -> range:
    first, _, last = part.partition("-")
    return range(int(first), int(last or first) + 1)


@dataclasses.dataclass(slots=True)
class SlotMove:
    """One slot on its way from the master that has it to another, so that a test can stop between any two steps.

    others: every master; they learn the outcome at once instead of by gossip.
    """

    slot: int
    source: ValkeyServer
    target: ValkeyServer
    others: list[ValkeyServer]
    finished: bool = False

    def begin(self) -> None:
        """Open the slot on both sides. From here on the source answers ASK for keys that it does not have."""
        self._set(self.target, "IMPORTING", name_of(self.source))
        self._set(self.source, "MIGRATING", name_of(self.target))

    def keys(self, limit: int = 1_000_000) -> int:
        """Hand over this many of the slot's keys at most, and return how many.

        From then on the source answers ASK for them.
        """
        return self._hand_over(self.source, self.target, limit)

    def finish(self) -> None:
        """Hand over the keys that are left, and give the slot to the target."""
        self.keys()
        name = name_of(self.target)
        for node in (self.target, self.source, *self.others):
            self._set(node, "NODE", name)
        self.finished = True

    def take_back(self) -> None:
        """Close the slot again and bring the keys back to the source, unless the move is finished or either is down."""
        if not self.finished and self.source.running and self.target.running:
            self._set(self.source, "STABLE")
            self._hand_over(self.target, self.source, 1_000_000)
            self._set(self.target, "STABLE")
            self.finished = True

    def _set(self, node: ValkeyServer, *state: str) -> None:
        node.execute("CLUSTER", "SETSLOT", self.slot, *state)

    def _hand_over(self, giver: ValkeyServer, taker: ValkeyServer, limit: int) -> int:
        keys = giver.execute("CLUSTER", "GETKEYSINSLOT", self.slot, limit)
        if keys:
            to = (HOST, taker.port, "", 0, MOVE_MILLISECONDS)
            giver.execute("MIGRATE", *to, "REPLACE", "AUTH2", USER, taker.password, "KEYS", *keys)
        return len(keys)
