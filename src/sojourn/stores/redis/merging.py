"""Reading what lies on many routes in one order, a little of each at a time: pure.

Each of these scripts replies with how many entries it has looked at, the place of the last of them (its score and its
member), something about the route, and entries that begin with their own place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sojourn.stores.redis.asking import Argument, Call, Operation
from sojourn.stores.redis.keys import EVERY_ROUTE

Place = tuple[Argument, Argument]
"""The score and the member after which to go on, as a script takes them."""
NOWHERE: Place = ("", "")
"""Before the first entry."""
Take = Callable[[Sequence[Any], Any], bool]
"""Is given an entry, and what its reply says about the route; says whether it wants more."""
LARGEST = 100
"""How many entries of one route are asked for at once, at most: 256 times as many may come."""


@dataclass(slots=True)
class _Strand:
    """What is known of one route: entries that are not taken yet, and how far it was read."""

    route: int
    after: Place
    entries: list[tuple[tuple[float, bytes], Sequence[Any], Any]] = field(default_factory=list)
    end: tuple[float, bytes] = (0.0, b"")
    over: bool = False

    def add(self, reply: Sequence[Any], asked: int) -> None:
        number, score, member, about, *entries = reply
        self.over = number < asked
        if number:
            self.after, self.end = (score, member), (float(score), member)
        self.entries += (((float(entry[0]), entry[1]), entry, about) for entry in entries)


def merged(
    ask: Callable[[int, Place, int], Call], take: Take, *, after: Place = NOWHERE, first: int, down: bool = False
) -> Operation[None]:
    """Give the entries of all routes to `take`, in their order or, `down`, against it, until it has enough.

    `ask` makes the call for a route, from a place on, for so many. `first`: how many of each route to begin with. Only
    routes of which little is left are asked again, for more each time: who finds little wants to look at much.
    """
    strands, size = [_Strand(route, after) for route in EVERY_ROUTE], min(first, LARGEST)
    while True:
        asked = [strand for strand in strands if not strand.over and 4 * len(strand.entries) < size]
        replies = yield [ask(strand.route, strand.after, size) for strand in asked]
        for strand, reply in zip(asked, replies, strict=True):
            strand.add(reply, size)
        for _, entry, about in _in_order(strands, down):
            if not take(entry, about):
                return
        if all(strand.over for strand in strands):
            return
        size = min(4 * size, LARGEST)


def _in_order(strands: Iterable[_Strand], down: bool) -> list[tuple[tuple[float, bytes], Sequence[Any], Any]]:
    """The entries before which nothing can come any more: up to where the route that was read least far was read."""
    ends = [strand.end for strand in strands if not strand.over]
    found = []
    for strand in strands:
        number = len(strand.entries)
        if ends:
            horizon = max(ends) if down else min(ends)
            ready = (at >= horizon if down else at <= horizon for at, _, _ in strand.entries)
            number = sum(ready)
        found += strand.entries[:number]
        del strand.entries[:number]
    return sorted(found, key=lambda entry: entry[0], reverse=down)


def walk(ask: Callable[[int, Place], Call], take: Callable[[Sequence[Any]], None], most: int) -> Operation[None]:
    """Give `take` what is said of each route, in no order, in steps of `most` entries, until all were looked at."""
    places = dict.fromkeys(EVERY_ROUTE, NOWHERE)
    while places:
        replies = yield [ask(route, place) for route, place in places.items()]
        further: dict[int, Place] = {}
        for route, (number, score, member, *said) in zip(places, replies, strict=True):
            take(said)
            if number >= most:
                further[route] = (score, member)
        places = further
