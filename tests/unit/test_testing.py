"""What is shipped for tests works itself: the clock, the stores that count and fail, children that end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.errors import StoreUnavailable
from sojourn.core.search import EventQuery, SessionQuery
from sojourn.core.store import Store
from sojourn.stores.memory import MemoryStore
from sojourn.stores.wrappers import AroundStore, FaultyStore, InstrumentedStore
from sojourn.testing.clock import START, FakeClock
from sojourn.testing.samples import ANN, digest, session

METHODS = [name for name in vars(Store) if not name.startswith("_")]


def call_all(store: Store) -> None:
    store.transact("ann", lambda _: Decision(None, insert=session("a")))
    store.restore(Decision(None))
    assert store.lookup(digest("a"), ANN) == store.find("a") == session("a")
    assert store.visit(digest("a"), ANN, START, None) == session("a")
    assert [s.sid for s in store.roster("ann").sessions] == ["a"]
    assert list(store.history("ann", 5)) == []
    assert store.ticket(digest("t"), ANN) is None
    assert store.touch(session("a"), START + 5, None)
    assert list(store.overdue(START, 5)) == []
    assert store.purge(START, 5) == 0
    assert store.fade(START, 5) == 0
    assert store.forget_addresses(START) == 0
    assert [s.sid for s in store.search(SessionQuery(), START).sessions] == ["a"]
    assert store.count(SessionQuery(), START, 5) == 1
    assert store.census(START).sessions == 1
    assert [tally.started for tally in store.tally(START, 1, 1)] == [1]
    assert list(store.journal(EventQuery())) == []
    store.begin_epoch(START)
    assert store.epoch() == START
    assert store.erase("ann") == 1


def test_a_fake_clock_goes_on_only_when_it_is_told_to() -> None:
    clock = FakeClock()
    assert clock() == clock() == START
    assert clock.advance(5) == clock() == START + 5
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_the_instrumented_store_counts_each_call_and_passes_it_on() -> None:
    store = InstrumentedStore(MemoryStore())
    call_all(store)
    assert store.calls == dict.fromkeys(METHODS, 1)


def test_a_store_around_another_passes_everything_on() -> None:
    call_all(AroundStore(MemoryStore()))


def test_the_faulty_store_fails_before_the_call_or_after_it_as_often_as_it_is_told() -> None:
    memory = MemoryStore()
    store = FaultyStore(memory)
    store.fail_before("transact", 2)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            store.transact("ann", lambda _: Decision(None, insert=session("a")))
    assert memory.find("a") is None
    store.fail_after("transact")
    with pytest.raises(StoreUnavailable):
        store.transact("ann", lambda _: Decision(None, insert=session("a")))
    assert memory.find("a") == session("a")
    call_all(FaultyStore(MemoryStore()))


def is_running(process: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


ORPHAN = """
import multiprocessing, threading
from sojourn.testing.processes import end_with_parent

def wait_for_ever(pipe):
    end_with_parent()
    pipe.send(True)
    threading.Event().wait(60)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe()
    child = context.Process(target=wait_for_ever, args=(its,))
    child.start()
    mine.recv()
    print(child.pid, flush=True)
    child.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_contender_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN, encoding="utf-8")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait(60)
        assert parent.stdout.read() == "", "the pipe closes when the child, which holds it too, has ended"
    assert not is_running(child)
