"""Which server has a route: the only one, the master that Sentinels name, or a node of a Cluster. No I/O.

What is known may be old at any moment: whoever is sent elsewhere by a server, or finds nobody there, lets somebody look
again (`journey`), and all threads profit from what was learned.
"""

import binascii
from collections.abc import Sequence

from sojourn.core.tokens import ROUTES
from sojourn.stores.redis.address import Address, Node

SLOTS = 16384


def slot_of(route: int) -> int:
    """The slot of a Cluster in which a route's keys are: what `key` puts in braces, hashed as every Cluster does."""
    return binascii.crc_hqx(f"{route:02x}".encode(), 0) % SLOTS


SLOT_OF = tuple(slot_of(route) for route in range(ROUTES))
"""The same of every route."""


class Chart:
    """Which node has which route, as far as is known. Threads share it: it is replaced as a whole, never in part."""

    def __init__(self, address: Address) -> None:
        self.version = 0
        """Counts what was learned: whoever saw an older one need not look again themselves."""
        self._homes: tuple[Node | None, ...] = (None,) * ROUTES
        self.fixed = not (address.cluster or address.sentinel)
        """Whether there is nothing to look for: one server, by its own address."""
        if self.fixed:
            self.learn(address.hosts * ROUTES)

    def home(self, route: int) -> Node | None:
        """The node to ask about a route; None where somebody has to look first."""
        return self._homes[route]

    def masters(self) -> list[Node]:
        """All nodes that are known to have routes."""
        return list(dict.fromkeys(node for node in self._homes if node is not None))

    def learn(self, homes: Sequence[Node | None]) -> None:
        """Take in which node has which route: one for each, None where nobody has it."""
        self._homes = tuple(homes)
        self.version += 1

    def moved(self, slot: int, node: Node) -> None:
        """Take in that a slot is on another node from now on, as that of before has said."""
        self.learn([node if of == slot else home for of, home in zip(SLOT_OF, self._homes, strict=True)])
