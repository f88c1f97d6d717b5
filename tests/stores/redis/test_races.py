"""Real processes sign one subject in at the same moment: the limit holds on Valkey, Redis and a Cluster of either.

Each burst has a subject of its own, so it races for that subject's first sessions too. The bursts take turns with what
happens at the limit. What a decision costs that others came before is told: how often it was made anew.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from statistics import median
from typing import Any, TypeVar

import pytest

from sojourn import Arrival, ChoiceRequired, SessionControl
from sojourn.control import AsyncSessionControl
from sojourn.core.decisions import Decision
from sojourn.core.policy import Overflow
from sojourn.core.records import Roster
from sojourn.core.store import Decide, Store
from sojourn.core.tokens import TicketSecret
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.aio import AsyncRedisStore
from sojourn.stores.redis.async_servers import AsyncServers
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.stores.wrappers import AroundStore
from sojourn.testing.broken import CheckThenActStore
from sojourn.testing.conformance import wanted
from sojourn.testing.races import race
from tests.stores.racing import Worker, assert_a_ticket_admits_once, assert_as_promised, open_of, policies, sender

HERE = "tests.stores.redis.test_races"
T = TypeVar("T")
MAX = 1
POLICIES = policies(MAX)
TURNS = list(Overflow)

pytestmark = [pytest.mark.races, pytest.mark.redis]
SERVERS: list[Any] = [
    "valkey_server",
    "redis_server",
    pytest.param("valkey_cluster", marks=pytest.mark.cluster),
]
if "SOJOURN_RACE_BURSTS" in os.environ:  # `make races`
    SERVERS.append(pytest.param("redis_cluster", marks=pytest.mark.cluster))


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest) -> str:
    """The address of each kind of server, emptied before."""
    server = request.getfixturevalue(request.param)
    server.flush()
    found: str = server.url()
    return found


def open_store(url: str) -> Store:
    return RedisStore(Servers(Address.parse(url)), wanted=wanted)


class Counting(AroundStore):
    """How often the last decision was made."""

    decided = 0

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        return self.store.transact(subject, counted(self, decide), ticket)


class CountingAwaited(AsyncRedisStore):
    """The same for whoever awaits."""

    decided = 0

    async def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        return await super().transact(subject, counted(self, decide), ticket)


def counted(store: Counting | CountingAwaited, decide: Decide[T]) -> Decide[T]:
    store.decided = 0

    def count(roster: Roster) -> Decision[T]:
        store.decided += 1
        return decide(roster)

    return count


Phase = Callable[[int], tuple[str, int]]


def connect(number: int, url: str, broken: bool) -> tuple[Phase, Phase]:
    """A worker: signs in, and if it is asked what to end, answers together with all the others."""
    store = Counting(CheckThenActStore(open_store(url)) if broken else open_store(url))
    controls = {overflow: SessionControl(store, POLICIES[overflow]) for overflow in Overflow}
    asked: list[tuple[SessionControl, TicketSecret, str]] = []

    def sign_in(burst: int) -> tuple[str, int]:
        asked.clear()
        control = controls[TURNS[burst % len(TURNS)]]
        outcome = control.start(Arrival(f"user-{burst}"), browser=f"browser {number}")
        if isinstance(outcome, ChoiceRequired):
            assert outcome.ticket is not None
            asked.append((control, outcome.ticket, min(session.sid for session in outcome.open)))
        return type(outcome).__name__, store.decided

    def choose(burst: int) -> tuple[str, int]:
        if not asked:
            return "", 0
        control, ticket, sid = asked[0]
        return type(control.choose(ticket, [sid], browser=f"browser {number}")).__name__, store.decided

    store.roster("warm up")
    return sign_in, choose


def connect_and_await(number: int, url: str, broken: bool) -> tuple[Phase, Phase]:
    """The same worker on an event loop."""
    assert not broken
    loop = asyncio.new_event_loop()
    store = CountingAwaited(AsyncServers(Address.parse(url)), wanted=wanted)
    controls = {overflow: AsyncSessionControl(store, POLICIES[overflow]) for overflow in Overflow}
    asked: list[tuple[AsyncSessionControl, TicketSecret, str]] = []

    def sign_in(burst: int) -> tuple[str, int]:
        asked.clear()
        control = controls[TURNS[burst % len(TURNS)]]
        outcome = loop.run_until_complete(control.start(Arrival(f"user-{burst}"), browser=f"browser {number}"))
        if isinstance(outcome, ChoiceRequired):
            assert outcome.ticket is not None
            asked.append((control, outcome.ticket, min(session.sid for session in outcome.open)))
        return type(outcome).__name__, store.decided

    def choose(burst: int) -> tuple[str, int]:
        if not asked:
            return "", 0
        control, ticket, sid = asked[0]
        outcome = loop.run_until_complete(control.choose(ticket, [sid], browser=f"browser {number}"))
        return type(outcome).__name__, store.decided

    loop.run_until_complete(store.roster("warm up"))
    return sign_in, choose


def run(url: str, processes: int, bursts: int, *, worker: str = "connect", broken: bool = False) -> Any:
    return race(
        f"{HERE}:{worker}",
        {"url": url, "broken": broken},
        count=open_of(open_store(url)),
        expected=MAX,
        processes=processes,
        bursts=bursts,
    )


@pytest.mark.parametrize("worker", ["connect", "connect_and_await"], ids=["waiting", "awaiting"])
def test_the_limit_holds_however_many_processes_sign_in_at_once(
    url: str, worker: str, race_processes: int, race_bursts: int, capsys: pytest.CaptureFixture[str], request: Any
) -> None:
    report = run(url, race_processes, race_bursts * len(TURNS), worker=worker)
    tries = [decided for burst in report.results for phases in burst for _, decided in phases if decided]
    with capsys.disabled():
        print(f"\n{request.node.callspec.id}: {report}; decided {median(tries):g} times, at most {max(tries)}")
    assert not report.violations, report
    for burst, results in enumerate(report.results):
        outcomes = [(first, then) for (first, _), (then, _) in results]
        assert_as_promised(TURNS[burst % len(TURNS)], MAX, outcomes)


@pytest.mark.parametrize("url", ["valkey_server"], indirect=True)
def test_the_broken_store_is_found_out(url: str, race_processes: int) -> None:
    report = run(url, min(race_processes, 8), 2 * len(TURNS), broken=True)
    assert report.violations, report


def connect_to_choose(number: int, url: str, tickets: list[str]) -> Worker:
    return sender(open_store(url), MAX, tickets)


def test_a_ticket_admits_once_however_often_it_is_sent(url: str, race_processes: int, race_bursts: int) -> None:
    worker, processes = f"{HERE}:connect_to_choose", min(race_processes, 8)
    assert_a_ticket_admits_once(open_store(url), MAX, worker, {"url": url}, processes=processes, bursts=race_bursts)
