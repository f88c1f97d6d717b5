"""What can happen all day long, such as a sign-in that is refused, is told less and less often: pure.

A sink that can wait for some events is told nothing but those no oftener than its pauses say, counted over a day. When
it last told such a message is kept with the lease, beside when it told anything: as moments under names of their own.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from sojourn.core.timeouts import DAY, HOUR, MINUTE

PAUSES = (MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)
"""After the first such message of a day, the second, the third, and each one after that. Milliseconds."""


@runtime_checkable
class Patient(Protocol):
    """What a sink also has if some of its news can wait."""

    def can_wait(self, event: Mapping[str, object]) -> bool:
        """Whether this event, if nothing else is to be told with it, can wait for some hours. Quick, asks nobody."""
        ...


def waits_for_more(sink: object, events: Iterable[Mapping[str, object]]) -> bool:
    """Whether `sink` can wait with all of these."""
    return isinstance(sink, Patient) and all(sink.can_wait(event) for event in events)


def held_until(told: Mapping[str, int], sink: str, now: int) -> int:
    """Until when `sink` keeps what can wait; `told` is that of the lease."""
    last = _last(told, sink, now)
    return last[-1] + PAUSES[min(len(last), len(PAUSES)) - 1] if last else 0


def noted(told: Mapping[str, int], sink: str, now: int) -> dict[str, int]:
    """`told`, after a message at `now` of nothing but what can wait."""
    kept = {name: at for name, at in told.items() if not name.startswith(_prefix(sink))}
    moments = [*_last(told, sink, now), now]
    return kept | {f"{_prefix(sink)}{number}": at for number, at in enumerate(moments)}


def _last(told: Mapping[str, int], sink: str, now: int) -> list[int]:
    """When it told such messages, of the last day. One by a clock that was ahead must not keep it silent for long."""
    prefix = _prefix(sink)
    return sorted(at for name, at in told.items() if name.startswith(prefix) and now - DAY < at <= now + MINUTE)


def _prefix(sink: str) -> str:
    return f"{sink} could wait "
