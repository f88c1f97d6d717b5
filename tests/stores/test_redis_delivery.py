"""Two workers deliver from Valkey or Redis, and are killed at random: nothing is lost, all are told in their order."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.events import SessionStarted
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import START
from sojourn.testing.samples import session
from tests.stores.delivery import expected, read, work_on_redis, working
from tests.stores.test_redis_outbox import listed

EVENTS = 200
"""For each burst: 10,000 at the full count."""
SUBJECTS = 97
PATIENCE = 900.0

pytestmark = [pytest.mark.races, pytest.mark.redis]


@pytest.fixture(params=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Any:
    found = request.getfixturevalue(f"{request.param}_server")
    found.flush()
    return found


def test_workers_that_are_killed_lose_nothing_and_keep_everybodys_order(
    server: Any, race_bursts: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = RedisStore(Servers(Address.parse(server.url())), wanted=lambda _: True)
    path, luck = tmp_path / "told", random.Random(4)
    left, began = EVENTS * race_bursts, time.monotonic()
    next_kill = began + 1.0
    recorded: dict[str, list[str]] = defaultdict(list)
    with working(server.url(), str(path), START, began, by=work_on_redis) as workers:
        while left or listed(server, "waiting"):
            assert time.monotonic() < began + PATIENCE, f"{len(listed(server, 'waiting'))} events still wait"
            for _ in range(min(left, 20)):
                subject = f"person {luck.randrange(SUBJECTS)}"
                event = SessionStarted(subject=subject, at=START, session=session(f"{left}", subject))
                store.transact(subject, lambda _, event=event: Decision(None, events=(event,)))
                recorded[subject].append(event.id)
                left -= 1
            if time.monotonic() >= next_kill:
                workers.kill_one(luck)
                next_kill = time.monotonic() + luck.uniform(0.2, 1.5)
            time.sleep(0.03)  # the workers' turn: all share few processors
    told = read(path)
    with capsys.disabled():
        print(
            f"\n{server.product}: {EVENTS * race_bursts} events, 2 sinks, {workers.kills} kills:"
            f" {told.duplicates} told twice, {time.monotonic() - began:.0f} s"
        )
    assert workers.kills > 0
    assert told.first == expected(recorded), "each sink told everybody of everything, in its order"
    differing = {key: contents for key, contents in told.messages.items() if len(contents) > 1}
    assert not differing, "every copy of a message is the same"
    assert listed(server, "dead") == {}
