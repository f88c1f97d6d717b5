"""A sink that a test tells what to do, and events for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sojourn.core.decisions import Decision
from sojourn.core.events import Event, SessionStarted
from sojourn.core.timeouts import DAY
from sojourn.notify.sinks import Message
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import START
from sojourn.testing.samples import session


@dataclass
class Recorder:
    """Writes down every message that it is given, and does with it what `does` says."""

    name: str = "recorder"
    fold: int = 0
    patience: int = 3 * DAY
    endurance: int = 0
    bounded: bool = False
    types: tuple[str, ...] = ("session.started",)
    does: Callable[[Message], bool] = lambda _: True
    given: list[Message] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)

    def wants(self, event: Mapping[str, object]) -> bool:
        return event["type"] in self.types

    def deliver(self, message: Message) -> bool:
        self.given.append(message)
        told = self.does(message)
        if told:
            self.told.append(message)
        return told

    @property
    def ids(self) -> list[list[str]]:
        """The events of every message that somebody was told."""
        return [[str(event["id"]) for event in message.events] for message in self.told]


def everything(_: Event) -> bool:
    return True


def outbox() -> MemoryStore:
    """A store in which every event is to be delivered."""
    return MemoryStore(wanted=everything)


def record(store: MemoryStore, name: str, subject: str = "ann", at: int = START) -> str:
    """A session's start, under the id `name`."""
    event = SessionStarted(subject=subject, at=at, id=name, session=session(name, subject))
    store.transact(subject, lambda _: Decision(None, events=(event,)))
    return name
