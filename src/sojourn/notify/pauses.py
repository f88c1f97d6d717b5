"""What keeps coming is told less and less often: pure.

A sink may say of which sort an event is, and each sort has its pauses, counted over a day. A message goes out as soon
as one sort in it may, takes along all that waits, and counts for every sort in it: so a flood of one sort holds up none
of another. When it last told of each is kept with the lease, beside when it told anything: as moments under names of
their own.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sojourn.core.timeouts import DAY, MINUTE


@dataclass(frozen=True, slots=True)
class Sort:
    """News that may keep coming. `pauses`: milliseconds after the first message with such news of a day in which no
    other goes out for their sake, after the second, and so on; the last of them after each one beyond. One at least.
    """

    name: str
    pauses: tuple[int, ...]


@runtime_checkable
class Paced(Protocol):
    """What a sink also has if it tells what keeps coming less and less often."""

    def sort(self, event: Mapping[str, object]) -> Sort | None:
        """Of which sort an event is; None for one that never waits. Quick, asks nobody."""
        ...


def sorts_of(sink: object, events: Iterable[Mapping[str, object]]) -> frozenset[Sort]:
    """The sorts of what `sink` is to tell together; empty if something in it never waits."""
    if not isinstance(sink, Paced):
        return frozenset()
    found = {sink.sort(event) for event in events}
    return frozenset() if None in found else frozenset(sort for sort in found if sort is not None)


def held_until(told: Mapping[str, int], sink: str, sorts: Collection[Sort], now: int) -> int:
    """Until when `sink` keeps a message with news of these sorts; `told` is that of the lease."""
    return min((_held(_last(told, sink, sort, now), sort) for sort in sorts), default=0)


def noted(told: Mapping[str, int], sink: str, sorts: Collection[Sort], now: int) -> dict[str, int]:
    """`told`, after a message at `now` with news of these sorts."""
    found = dict(told)
    for sort in sorts:
        prefix = _prefix(sink, sort)
        # Those before the last pause change nothing any more.
        moments = [*_last(told, sink, sort, now), now][-len(sort.pauses) :]
        found = {name: at for name, at in found.items() if not name.startswith(prefix)}
        found |= {f"{prefix}{number}": at for number, at in enumerate(moments)}
    return found


def _held(last: list[int], sort: Sort) -> int:
    return last[-1] + sort.pauses[min(len(last), len(sort.pauses)) - 1] if last else 0


def _last(told: Mapping[str, int], sink: str, sort: Sort, now: int) -> list[int]:
    """When it told of this sort, in the last day. One by a clock that was ahead must not keep it silent for long."""
    prefix = _prefix(sink, sort)
    return sorted(at for name, at in told.items() if name.startswith(prefix) and now - DAY < at <= now + MINUTE)


def _prefix(sink: str, sort: Sort) -> str:
    return f"{sink} told of {sort.name} "
