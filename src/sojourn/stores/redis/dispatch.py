"""What all calls of one store share: which commands they are, and what is known of the servers. No I/O."""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeVar

from sojourn.stores.redis.address import Address, Node
from sojourn.stores.redis.asking import Argument, Call, Pause
from sojourn.stores.redis.keys import key
from sojourn.stores.redis.nodes import Chart
from sojourn.stores.redis.replies import Lost
from sojourn.stores.redis.scripts import Script

CHUNK = 100
"""Calls in one write at most: so long does anybody else's call wait behind them."""
REPLICAS_KNOWN_FOR = 5.0
"""Seconds for which it is remembered how many replicas a master has."""

T = TypeVar("T")
Command = tuple[Argument, ...]


class Exchange(NamedTuple):
    """Commands for one server, in one write and on one connection.

    `alone`: nothing of anybody else's may come between them, nor wait for them. `patience`: how many seconds more than
    usual their answers may take.
    """

    node: Node
    commands: list[Command]
    alone: bool = False
    patience: float = 0.0


class Look(NamedTuple):
    """Find out who the masters are, and let the chart learn it; rather not from the nodes that were lost.

    `seen`: the version of the chart that was wrong. If it is another by now, somebody else has looked.
    """

    lost: tuple[Node, ...]
    seen: int


Answer = list[Any] | Lost
"""What came of an exchange: as many replies, errors among them as `Refused`, or nothing that is known."""
Step = list[Exchange] | Look | Pause
Steps = Generator[Step, list[Answer], T]
"""Yields what is to be done, is sent an answer for each exchange, or that nobody was found; returns what it came to."""


class Dispatch:
    """What is known of the servers, by all threads of a process.

    scripts: the script of a name. clock: seconds that never go back. draw: a number from 0 to 1, by chance, which
    spreads over time what has failed at one moment.
    """

    def __init__(
        self,
        address: Address,
        scripts: Callable[[str], Script],
        clock: Callable[[], float],
        draw: Callable[[], float],
    ) -> None:
        self.address = address
        self.chart = Chart(address)
        self.clock = clock
        self.draw = draw
        self._scripts = scripts
        self._heads: dict[tuple[str, int], Command] = {}
        self._replicas: dict[Node, tuple[int, float]] = {}

    def command(self, call: Call) -> Command:
        """The one command that a call is, for a server that knows its script."""
        head = self._heads.get((call.script, call.route))
        if head is None:
            script = self._scripts(call.script)
            head = self._heads[call.script, call.route] = ("EVALSHA", script.sha, *self._keys(script, call.route))
        return head + call.args

    def command_with_source(self, call: Call) -> Command:
        """The same for a server that does not know the script, and will from now on."""
        script = self._scripts(call.script)
        return ("EVAL", script.source, *self._keys(script, call.route), *call.args)

    def guides(self, look: Look) -> list[Node]:
        """Whom to ask who the masters are: the Sentinels, or all nodes that are known but those that were lost, unless
        nobody would be left.
        """
        if self.address.sentinel:
            return list(self.address.hosts)
        known = dict.fromkeys([*self.chart.masters(), *self.address.hosts])
        return [node for node in known if node not in look.lost] or list(known)

    def replicas_of(self, node: Node) -> int | None:
        """How many replicas are to confirm what is written to a master; None where it has to be asked first."""
        if self.address.replicas != "all":
            return self.address.replicas
        count, until = self._replicas.get(node, (0, 0.0))
        return count if self.clock() < until else None

    def has_replicas(self, node: Node, count: int) -> None:
        """Remember for a moment what a master said."""
        self._replicas[node] = (count, self.clock() + REPLICAS_KNOWN_FOR)

    def _keys(self, script: Script, route: int) -> Command:
        return (len(script.keys), *(key(self.address.prefix, route, name) for name in script.keys))
