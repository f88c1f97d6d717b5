"""What a sink is: a way of telling somebody of events, such as mail or one webhook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sojourn.core.errors import SojournError


class DeliveryFailed(SojournError):
    """The message could not be delivered; it will be tried again later.

    `after`: milliseconds before which whoever was to be told does not want to be asked again; heeded within bounds.
    """

    code = "delivery_failed"

    def __init__(self, message: str | None = None, *, after: int = 0) -> None:
        super().__init__(message)
        self.after = after


class DeliveryRefused(DeliveryFailed):
    """The message could not be delivered, and no later attempt will be better."""

    code = "delivery_refused"


class SinkClosed(DeliveryRefused):
    """Whoever was to be told wants to be told nothing any more: the sink is disabled until an operator enables it."""

    code = "sink_closed"


@dataclass(frozen=True, slots=True)
class Message:
    """What a sink is to tell at once: events of one subject in their order, as `core.events.payload` wrote them.

    `id` is that of its first event. Every copy has the same id and the same events, whoever sends it and whenever.
    `contacts`: where the subject was written to when each happened, by the event's id, as far as that is known.
    """

    id: str
    subject: str
    events: tuple[Mapping[str, object], ...]
    contacts: Mapping[str, str] = field(default_factory=dict, repr=False)


class Sink(Protocol):
    """A way of telling. Called by one worker at a time for each subject, never in the thread of a request.

    `name`: stable, for its progress is kept by it. `fold`: milliseconds after a message in which further events of
    the same subject wait, to be told together in one message; 0 for a message for each event. `patience`:
    milliseconds after which an event is given up. `endurance`: milliseconds of nothing but failures after which the
    sink is disabled, until an operator enables it; 0 for never. A sink that folds, and tells what keeps coming less
    and less often, also is `sojourn.notify.pauses.Paced`. One that has `bounded`, and it is true, answers for it that
    no call ever outlasts half a lease: its first attempts are not written down before they are made.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    @property
    def fold(self) -> int:
        """See above."""
        ...

    @property
    def patience(self) -> int:
        """See above."""
        ...

    @property
    def endurance(self) -> int:
        """See above."""
        ...

    def wants(self, event: Mapping[str, object]) -> bool:
        """Whether the sink tells anybody of this event at all. Quick, and asks nobody."""
        ...

    def deliver(self, message: Message) -> bool:
        """Tell. Whether anybody was told; False if on a closer look there was nothing to tell, so nothing is folded.

        Takes a bounded time, well below a lease's: half a minute. Of one that takes longer than a minute, or ends its
        process, the attempt counts all the same, and another worker makes the next.

        Raises DeliveryFailed, whose text is for operators and holds no address and no secret; whatever else it raises
        counts as that. SinkClosed disables the sink at once.
        """
        ...


def is_bounded(sink: Sink) -> bool:
    """Whether the sink answers for its time: see `Sink`."""
    return bool(getattr(sink, "bounded", False))


def any_wants(sinks: Sequence[Sink], event: Mapping[str, object]) -> bool:
    """Whether any of `sinks` tells anybody of the event."""
    return any(sink.wants(event) for sink in sinks)
