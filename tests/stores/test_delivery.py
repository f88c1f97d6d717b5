"""Two workers deliver, and are killed at random: nothing is lost, and everybody is told in order, whatever the store.

In full: `SOJOURN_RACE_BURSTS=50 .venv/bin/pytest -s tests/stores/test_delivery.py`, which `make races` includes.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from pathlib import Path

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.events import SessionStarted
from sojourn.testing.clock import START
from sojourn.testing.samples import session
from tests.stores.delivery import expected, read, unhurried, working
from tests.stores.places import Place

EVENTS = 200
"""For each burst: 10,000 at the full count."""
SUBJECTS = 97
PATIENCE = 900.0

pytestmark = pytest.mark.races


def test_workers_that_are_killed_lose_nothing_and_keep_everybodys_order(
    place: Place, race_bursts: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = unhurried(place)
    path, luck = tmp_path / "told", random.Random(4)
    left, began = EVENTS * race_bursts, time.monotonic()
    next_kill = began + 1.0
    recorded: dict[str, list[str]] = defaultdict(list)

    def record() -> None:
        """One step in which something happens to somebody."""
        subject = f"person {luck.randrange(SUBJECTS)}"
        event = SessionStarted(subject=subject, at=START, session=session(f"{left}", subject))
        store.transact(subject, lambda _: Decision(None, events=(event,)))
        recorded[subject].append(event.id)

    with working(place, str(path), START, began) as workers:
        while left or store.census(START).due_since is not None:
            assert time.monotonic() < began + PATIENCE, f"there are events of {store.census(START).due_since} still"
            for _ in range(min(left, 20)):
                record()
                left -= 1
            if time.monotonic() >= next_kill:
                workers.kill_one(luck)
                next_kill = time.monotonic() + luck.uniform(0.2, 1.5)
            time.sleep(0.03)  # the workers' turn: all share few processors
    told = read(path)
    with capsys.disabled():
        print(
            f"\n{place.name}: {EVENTS * race_bursts} events, 2 sinks, {workers.kills} kills:"
            f" {told.duplicates} told twice, {time.monotonic() - began:.0f} s"
        )
    assert workers.kills > 0
    assert told.first == expected(recorded), "each sink told everybody of everything, in its order"
    differing = {key: contents for key, contents in told.messages.items() if len(contents) > 1}
    assert not differing, "every copy of a message is the same"
    assert store.census(START).dead == 0
    assert sum(map(len, recorded.values())) == EVENTS * race_bursts
