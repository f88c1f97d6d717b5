"""Two workers deliver, and are killed at random: nothing is lost, and everybody is told in order.

In full: `SOJOURN_RACE_BURSTS=50 .venv/bin/pytest -s tests/stores/test_sql_delivery.py`, which `make races` includes.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.events import SessionStarted
from sojourn.stores.sql import SQLStore
from sojourn.testing.clock import START
from sojourn.testing.samples import session
from tests.stores import sql_site
from tests.stores.delivery import expected, read, unhurried, working

EVENTS = 200
"""For each burst: 10,000 at the full count."""
SUBJECTS = 97
PATIENCE = 900.0

pytestmark = pytest.mark.races


def test_workers_that_are_killed_lose_nothing_and_keep_everybodys_order(
    entry: dict[str, Any], alias: str, race_bursts: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sojourn.contrib.django.database import DjangoDatabase

    store = SQLStore(DjangoDatabase(unhurried(alias)), wanted=lambda _: True)
    path, luck = tmp_path / "told", random.Random(4)
    left, began = EVENTS * race_bursts, time.monotonic()
    next_kill = began + 1.0
    with working(entry, str(path), START, began) as workers:
        while left or waiting(alias):
            assert time.monotonic() < began + PATIENCE, f"{waiting(alias)} events still wait"
            for _ in range(min(left, 20)):
                left -= record(store, f"person {luck.randrange(SUBJECTS)}", left)
            if time.monotonic() >= next_kill:
                workers.kill_one(luck)
                next_kill = time.monotonic() + luck.uniform(0.2, 1.5)
            time.sleep(0.03)  # the workers' turn: all share few processors
    recorded = defaultdict(list)
    for row in sql_site.run(alias, "SELECT subject, event FROM sojourn_event ORDER BY id"):
        recorded[row["subject"]].append(row["event"])
    told = read(path)
    with capsys.disabled():
        print(
            f"\n{alias}: {EVENTS * race_bursts} events, 2 sinks, {workers.kills} kills:"
            f" {told.duplicates} told twice, {time.monotonic() - began:.0f} s"
        )
    assert workers.kills > 0
    assert told.first == expected(recorded), "each sink told everybody of everything, in its order"
    differing = {key: contents for key, contents in told.messages.items() if len(contents) > 1}
    assert not differing, "every copy of a message is the same"
    assert store.census(START).dead == 0
    assert sum(map(len, recorded.values())) == EVENTS * race_bursts


def waiting(alias: str) -> int:
    """How many events are not told yet."""
    ((number,),) = (row.values() for row in sql_site.run(alias, "SELECT COUNT(*) FROM sojourn_event WHERE due > 0"))
    return int(number)


def record(store: SQLStore, subject: str, number: int) -> int:
    """One step in which something happens to the subject."""
    event = SessionStarted(subject=subject, at=START, session=session(f"{number}", subject))
    store.transact(subject, lambda _: Decision(None, events=(event,)))
    return 1
