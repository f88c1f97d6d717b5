"""A failover in the middle of a storm: nothing hangs, all is well again, and what was confirmed is not lost.

The master's replica is cut off for a moment before the master is killed. What was written in that moment is lost with
the master: whoever waits for replicas is told that it may be, whoever does not is not. Two storms are enough for each
run; `make races` has every one, and prints the figures in docs/explanation/redis-failover.md.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from sojourn import SessionControl
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.keys import EVERY_ROUTE, PREFIX, key
from sojourn.testing.races import race
from tests.services.cluster import Cluster
from tests.services.process import wait_until
from tests.services.sentinel import SentinelGroup
from tests.services.valkey import ValkeyServer
from tests.stores.storm import MAX, SUBJECTS, Reckoning, Try, open_store, policy, still_live

pytestmark = [pytest.mark.redis, pytest.mark.cluster, pytest.mark.races]
STORMS = [("valkey_cluster", "all", "waiting"), ("redis_sentinel", "all", "awaiting")]
if "SOJOURN_RACE_BURSTS" in os.environ:  # `make races`
    GROUPS = ("valkey_cluster", "valkey_sentinel", "redis_cluster", "redis_sentinel")
    STORMS = list(product(GROUPS, ("all", "0"), ("waiting", "awaiting")))
CLIENTS = {"waiting": "tests.stores.storm:connect", "awaiting": "tests.stores.storm:connect_and_await"}
PROCESSES = 4
OPERATIONS = 1500 if "SOJOURN_RACE_BURSTS" in os.environ else 900
"""Of each process."""
OPTIONS = "timeout=0.5&deadline=2&replica_timeout=0.2"
IN_BETWEEN = 200
"""Scripts that the master carries out while its replica is cut off, at least."""
STRIKE_SECONDS = 120
BUSY_SECONDS = 10
"""How much longer anything may take on a machine that has much else to do."""


@dataclass
class Strike:
    """The end of a master at some point of the storm: once it has carried out so many scripts."""

    group: Cluster | SentinelGroup
    master: ValkeyServer
    replica: ValkeyServer
    after: int
    routes: frozenset[int]
    """Those that the master has."""
    at: float = 0.0
    _thread: threading.Thread = field(init=False)

    def begin(self) -> None:
        self.master.reset_stats()
        self._thread = threading.Thread(target=self._strike)
        self._thread.start()

    def wait(self) -> None:
        self._thread.join()
        assert self.at, "the master was killed"

    def _strike(self) -> None:
        wait_until(lambda: self._carried_out() >= self.after, STRIKE_SECONDS, "the storm is on its way")
        self.replica.pause()
        try:
            # What was sent would wait for it in the buffers of this machine, and be read after all.
            self.master.execute("CLIENT", "KILL", "TYPE", "replica")
            reached = self._carried_out() + IN_BETWEEN
            wait_until(lambda: self._carried_out() >= reached, STRIKE_SECONDS, "the master goes on")
            self.group.kill(self.master)
            self.at = time.monotonic()
        finally:
            self.replica.resume()

    def _carried_out(self) -> int:
        return self.master.command_stats().get("evalsha", 0)


@pytest.fixture
def group(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Masters with a replica each, in a Cluster and watched by Sentinels; whole before and after."""
    found = request.getfixturevalue(request.param)
    found.flush()
    found.wait_until_whole()
    yield found
    found.heal()


def strike_at(group: Any) -> Strike:
    scripts = PROCESSES * OPERATIONS
    if not isinstance(group, Cluster):
        return Strike(group, group.master(), group.replica(), scripts // 2, frozenset(EVERY_ROUTE))
    master = group.masters()[0]
    (replica,) = group.replicas_of(master)
    served = [range_ for seat in _seats(master) for range_ in seat.slots]
    routes = frozenset(route for route in EVERY_ROUTE if any(_slot(route) in part for part in served))
    return Strike(group, master, replica, scripts // 6, routes)


@dataclass
class Figures(Reckoning):
    """What the journals and the records come to, and the death of the master."""

    strike: Strike

    def back_after(self) -> float:
        """Seconds from the death of the master to the first answer on one of its routes."""
        ends = [each.began + each.seconds for each in self.tries if self._shows_life(each)]
        return min(ends) - self.strike.at

    def _shows_life(self, each: Try) -> bool:
        return not each.error and each.route in self.strike.routes and each.began > self.strike.at

    def __str__(self) -> str:
        unsure = self.union("unconfirmed"), self.union("ended_unconfirmed")
        return (
            f"{len(self.tries)} calls by {PROCESSES} processes, {len(self.errors)} errors, "
            f"longest {self.longest('sign-in', 'end'):.1f} s (look-up {self.longest('look-up', 'touch'):.1f} s), "
            f"first answer {self.back_after():.1f} s after the kill; "
            f"lost without a word: {len(self.lost_ends)} of {len(self.union('ended'))} ends, "
            f"{len(self.lost_admissions)} of {len(self.union('tokens')) - len(unsure[0])} admissions; "
            f"said to be unconfirmed: {len(unsure[1])} ends ({len(unsure[1] & self.live)} undone), "
            f"{len(unsure[0])} admissions"
        )


def storm(group: Any, replicas: str, way: str) -> Figures:
    """Four processes for so many operations, and a master that is killed in the middle of it."""
    url = f"{group.url()}?{OPTIONS}&replicas={replicas}"
    strike, checking = strike_at(group), open_store(url)

    def crowded(_: int) -> int:
        strike.wait()
        return sum(len(checking.roster(subject).sessions) > MAX for subject in SUBJECTS)

    report = race(
        CLIENTS[way],
        {"url": url, "operations": OPERATIONS},
        reset=lambda _: strike.begin(),
        count=crowded,
        expected=0,
        processes=PROCESSES,
        bursts=1,
    )
    assert not report.violations, f"{report.survivors[0]} subjects have more than {MAX} sessions"
    journals = [journal for _, after in report.results[0] for journal in after]
    live = still_live(journals, SessionControl(checking, policy))
    checking.close()
    return Figures(journals, live, strike)


@pytest.mark.parametrize(
    ("group", "replicas", "way"), STORMS, indirect=["group"], ids=["-".join(each) for each in STORMS]
)
def test_a_master_is_killed_in_the_middle_of_a_storm(
    group: Any, replicas: str, way: str, capsys: pytest.CaptureFixture[str], request: Any
) -> None:
    figures = storm(group, replicas, way)
    with capsys.disabled():
        print(f"\n{request.node.callspec.id}: {figures}")
        for message, times in Counter(figures.errors).most_common():
            print(f"  {times} x {message}")
    options = Address.parse(f"{group.url()}?{OPTIONS}")
    patience = options.deadline + options.timeout
    assert figures.longest("look-up", "touch") < patience + BUSY_SECONDS
    assert figures.longest("sign-in", "end") < 2 * patience + BUSY_SECONDS, "to read, and to write"
    for error in figures.errors:
        assert error.startswith("store-unavailable: ")
        assert "127.0.0.1:" in error, "it says where"
        assert str(options.password) not in error
    if replicas == "all":
        assert figures.lost_ends == figures.undead == []
        assert figures.lost_admissions == []
        assert figures.undone, "the storm shows what can be lost"
    else:
        assert figures.lost_ends or figures.lost_admissions, "the storm shows what can be lost"


def _seats(node: ValkeyServer) -> list[Any]:
    from tests.services.slots import seats_seen_by

    return [seat for seat in seats_seen_by(node) if "myself" in seat.flags]


def _slot(route: int) -> int:
    from tests.services.slots import slot_of

    return slot_of(key(PREFIX, route, ""))
