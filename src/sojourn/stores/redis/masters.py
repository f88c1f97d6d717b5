"""Who the masters are: whom to ask, what, and what the answers come to. No I/O: it is shared like `journey`.

Sentinels are asked for the master of a name, nodes of a Cluster for who has which slots: one after the other, until the
homes of all routes are known. Some may be away, or loading, or not let us ask.
"""

from typing import Any

from sojourn.core.errors import SojournError
from sojourn.core.tokens import ROUTES
from sojourn.stores.redis.address import Node
from sojourn.stores.redis.dispatch import Answer, Command, Dispatch, Look
from sojourn.stores.redis.nodes import SLOT_OF
from sojourn.stores.redis.replies import Lost, Meaning, Refused, error_of, meaning

Homes = list[Node | None]
_DOWN = {b"s_down", b"o_down"}


class Search:
    """One look for the masters: `question` is for each of `guides` in turn, until somebody's answer is enough."""

    def __init__(self, dispatch: Dispatch, look: Look) -> None:
        self._address = dispatch.address
        self.guides = dispatch.guides(look)
        self.question: Command = ("SENTINEL", "MASTERS") if self._address.sentinel else ("CLUSTER", "SLOTS")
        self._homes: Homes = [None] * ROUTES
        self._heard = False
        self._lost: list[Lost] = []
        self._errors: list[SojournError] = []

    def hear(self, guide: Node, answer: Answer | SojournError) -> bool:
        """Take in what one of them answered. Returns whether it is enough."""
        if isinstance(answer, SojournError):
            self._errors.append(answer)
        elif isinstance(answer, Lost):
            self._lost.append(answer)
        elif isinstance(answer[0], Refused):
            self._refused(str(answer[0]), guide)
        else:
            self._heard = True
            told = self._of_sentinel(answer[0]) if self._address.sentinel else _of_cluster(answer[0], guide)
            self._homes = [known or home for known, home in zip(self._homes, told, strict=True)]
        return None not in self._homes

    def homes(self) -> Homes | Lost:
        """The homes of all routes, as far as anybody knows; or that nobody could tell, and may in a moment.

        Raises StoreUnavailable or ConfigurationError where those who answered did not let us ask.
        """
        if self._heard and (self._address.cluster or None not in self._homes):
            return self._homes
        if self._heard:
            return Lost(f"No Sentinel of {self._address} knows a master of this name that is up.")
        if self._errors:
            raise self._errors[0]
        return self._lost[0]

    def _refused(self, text: str, guide: Node) -> None:
        error = error_of(text, guide)
        if meaning(text) is Meaning.GIVE_UP:
            self._errors.append(error)
        else:
            self._lost.append(Lost(str(error)))

    def _of_sentinel(self, masters: Any) -> Homes:
        """What a Sentinel says of each master that it watches: names and values by turns."""
        for flat in masters:
            state = dict(zip(flat[::2], flat[1::2], strict=True))
            flags = set(state[b"flags"].split(b","))
            ours = self._address.sentinel is not None and state[b"name"].decode() == self._address.sentinel.name
            if ours and b"master" in flags and not flags & _DOWN:
                return [Node(state[b"ip"].decode(), int(state[b"port"]))] * ROUTES
        return [None] * ROUTES


def _of_cluster(ranges: Any, guide: Node) -> Homes:
    """Who has which slots, by the first and the last of each range: its master, then its replicas."""
    homes: Homes = [None] * ROUTES
    for first, last, (host, port, *_), *_ in ranges:
        # A node that does not know by which address it is reached leaves it out: it is the one that was asked.
        node = Node(host.decode() if host else guide.host, port)
        for route, slot in enumerate(SLOT_OF):
            if first <= slot <= last:
                homes[route] = node
    return homes
