"""The thread that delivers in a process which has other things to do."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from sojourn.core.errors import StoreUnavailable
from sojourn.core.outbox import Failing
from sojourn.core.timeouts import MINUTE
from sojourn.notify.background import Background
from sojourn.notify.deliverer import Deliverer
from sojourn.notify.sinks import Message
from sojourn.stores.memory import MemoryStore
from sojourn.stores.wrappers import FaultyStore
from sojourn.testing.clock import FakeClock
from tests.unit.sinks import Recorder, outbox, record

LONG = 60.0
"""Seconds that nothing here takes."""
FORKS: dict[str, Callable[[], int]] = {}
if hasattr(os, "fork"):
    FORKS = {"as Python forks": os.fork, "as uWSGI forks, without telling Python": ctypes.PyDLL(None).fork}


class Awaited(Recorder):
    """Tells when it has been given something."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Event()

    def deliver(self, message: Message) -> bool:
        told = super().deliver(message)
        self.heard.set()
        return told

    def came(self) -> bool:
        heard = self.heard.wait(LONG)
        self.heard.clear()
        return heard


@pytest.fixture
def store() -> MemoryStore:
    return outbox()


@pytest.fixture
def sink() -> Awaited:
    return Awaited()


@pytest.fixture
def background(store: MemoryStore, sink: Awaited) -> Iterator[Background]:
    made = Background(lambda: Deliverer(store, [sink], clock=FakeClock()), every=10 * MINUTE)
    yield made
    made.stop(LONG)


def test_it_begins_with_what_an_earlier_process_has_left(
    store: MemoryStore, sink: Awaited, background: Background
) -> None:
    record(store, "e1")
    background.start()
    assert sink.came()


def test_a_nudge_wakes_it_at_once(store: MemoryStore, sink: Awaited, background: Background) -> None:
    rested = threading.Event()
    background._rest = rested.set
    background.start()
    assert rested.wait(LONG)
    record(store, "e1")
    background.nudge("ann")
    assert sink.came()


def test_without_the_thread_a_nudge_does_nothing(store: MemoryStore, sink: Awaited, background: Background) -> None:
    record(store, "e1")
    background.nudge("ann")
    assert not background.do(lambda: None)
    assert not sink.given


def test_started_twice_it_runs_once(background: Background) -> None:
    background.start()
    thread = background._life.thread
    background.start()
    assert background._life.thread is thread


def test_stopped_it_finishes_the_message_under_way(store: MemoryStore, sink: Awaited, background: Background) -> None:
    for n in range(3):
        record(store, f"e{n}")
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Message) -> bool:
        begun.set()
        return go_on.wait(LONG)

    sink.does = slow
    background.start()
    assert begun.wait(LONG)
    background._life.stop.set()
    go_on.set()
    background.stop(LONG)
    assert len(sink.told) == 1
    assert background._life.thread is not None
    assert not background._life.thread.is_alive()


def test_it_outlives_a_store_that_goes_away(store: MemoryStore, sink: Awaited) -> None:
    faulty = FaultyStore(store)
    faulty.fail_before("failing")
    record(store, "e1")
    background = Background(lambda: Deliverer(faulty, [sink], clock=FakeClock()), every=0.01)
    background.start()
    assert sink.came()
    background.stop(LONG)


def test_it_does_what_it_is_given_to_do(background: Background) -> None:
    done = threading.Event()
    background.start()
    assert background.do(done.set)
    background.nudge("ann")
    assert done.wait(LONG)


@pytest.mark.parametrize("fork", FORKS.values(), ids=FORKS)
def test_a_forked_process_has_none_until_it_starts_its_own(
    store: MemoryStore, sink: Awaited, background: Background, fork: Callable[[], int]
) -> None:
    rested = threading.Event()
    background._rest = rested.set
    background.start()
    assert rested.wait(LONG)  # so that it holds no lock
    child = fork()
    if child == 0:  # nothing of pytest's may run here
        record(store, "e1")
        none_yet = not background.running
        background.start()
        os._exit(0 if none_yet and sink.came() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert background.running


def test_a_store_that_stays_away_is_asked_now_and_then_also_after_a_nudge(store: MemoryStore, sink: Awaited) -> None:
    again = threading.Event()

    class Away(FaultyStore):
        asked = 0

        def failing(self) -> Mapping[str, Failing]:
            self.asked += 1
            if self.asked == 4:
                again.set()
            raise StoreUnavailable

    away = Away(store)
    background = Background(lambda: Deliverer(away, [sink], clock=FakeClock()), every=0.2)
    begun = time.monotonic()
    background.start()
    background.nudge("ann")
    assert again.wait(LONG)
    background.stop(LONG)
    assert away.asked <= 3 + (time.monotonic() - begun) / 0.2


def test_what_one_chore_raises_keeps_it_from_no_other(background: Background) -> None:
    done = threading.Event()
    background.start()
    assert background.do(lambda: 1 // 0)
    assert background.do(done.set)
    background.nudge("ann")
    assert done.wait(LONG)
