"""Workers of a delivery that is interrupted: processes that deliver, sinks that write all they tell into a file."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import django.contrib.auth  # with Django in the server of forks, a worker starts at once
import django.db.models  # noqa: F401

from sojourn.core.timeouts import DAY, MINUTE
from sojourn.notify.deliverer import Deliverer
from sojourn.notify.sinks import DeliveryFailed, Message
from sojourn.stores.movable import Movable
from sojourn.testing.processes import end_with_parent
from tests.stores import sql_site
from tests.stores.places import Place

FASTER = 30
"""How much faster the workers' clocks run than ours, so that a minute's lease is soon over."""


def quick_clock(start: int, since: float) -> Callable[[], int]:
    """Milliseconds that began at `start` when the monotonic clock said `since`; the same in every process."""
    return lambda: start + int((time.monotonic() - since) * 1000 * FASTER)


@dataclass
class FileSink:
    """Writes each message into a file, as one line; sometimes it fails, before or after it has."""

    name: str
    path: str
    fold: int = 0
    patience: int = 7 * DAY
    endurance: int = 0
    luck: random.Random = field(default_factory=random.Random)

    def wants(self, event: Mapping[str, object]) -> bool:
        return True

    def deliver(self, message: Message) -> bool:
        fate = self.luck.random()
        if fate < 0.002:
            raise DeliveryFailed("It did not answer.")
        events = [event["id"] for event in message.events]
        line = json.dumps([self.name, message.subject, message.id, events]) + "\n"
        target = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(target, line.encode())  # at once, so that it is there whatever happens to this process
        os.close(target)
        if fate > 0.998:
            raise DeliveryFailed("It did not answer, and had told.")
        return True


def sinks(path: str) -> list[FileSink]:
    """One that tells of each event by itself, and one that tells of all in a minute at once."""
    return [FileSink("hook", path), FileSink("mail", path, fold=MINUTE)]


def unhurried(place: Place) -> Movable:
    """A store that wants every event, on an SQLite that does not wait for the disk: what a process leaves behind that
    is killed is in its file all the same."""
    from django.db import connections

    store = place.open(lambda _: True)
    if place.entry is not None and connections[place.name].vendor == "sqlite":
        sql_site.run(place.name, "PRAGMA synchronous = OFF")
    return store


def work(place: Place, path: str, start: int, since: float) -> None:
    """A worker, until it is killed or its parent ends."""
    end_with_parent()
    sql_site.configure(alone=True)
    Deliverer(unhurried(place), sinks(path), clock=quick_clock(start, since)).run(threading.Event(), pause=0.02)


@dataclass
class Workers:
    """Two processes that deliver; each that is killed is replaced."""

    target: tuple[Any, ...]
    kills: int = 0
    _running: list[BaseProcess] = field(default_factory=list)

    def begin(self) -> None:
        """One more."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        process = context.Process(target=work, args=self.target, daemon=True)
        process.start()
        self._running.append(process)

    def kill_one(self, luck: random.Random) -> None:
        """Kill one with a signal that it cannot catch, and start another."""
        victim = self._running.pop(luck.randrange(len(self._running)))
        assert victim.is_alive(), f"a worker ended by itself, with {victim.exitcode}"
        self._end(victim)
        self.kills += 1
        self.begin()

    def end(self) -> None:
        """End them all."""
        while self._running:
            self._end(self._running.pop())

    @staticmethod
    def _end(process: BaseProcess) -> None:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(30)


@contextmanager
def working(*target: Any) -> Iterator[Workers]:
    """Two workers, until the block ends."""
    workers = Workers(target)
    try:
        workers.begin()
        workers.begin()
        yield workers
    finally:
        workers.end()


@dataclass
class Told:
    """What a file says was told: by each sink to each subject, in order, the first copy of each event only."""

    first: dict[tuple[str, str], list[str]]
    copies: int
    messages: dict[tuple[str, str], set[tuple[str, ...]]]
    """The events of each message, by sink and message id: one tuple, however many copies there are."""

    @property
    def duplicates(self) -> int:
        """How many events were told more than once, for each time."""
        return self.copies - sum(map(len, self.first.values()))


def read(path: Path) -> Told:
    """What was told."""
    first: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    messages: defaultdict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    copies: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        sink, subject, message, events = json.loads(line)
        messages[sink, message].add(tuple(events))
        first[sink, subject].update(dict.fromkeys(events))
        copies.update(events)
    return Told({key: list(events) for key, events in first.items()}, copies.total(), dict(messages))


def expected(recorded: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], list[str]]:
    """What should have been told, if these events were recorded of each subject."""
    return {(sink, subject): list(events) for sink in ("hook", "mail") for subject, events in recorded.items()}
