"""Whoever is cancelled, or has their connections closed, leaves none open, wherever they were just then."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import types
import warnings
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any

import pytest

from sojourn.core.errors import StoreUnavailable
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.async_servers import AsyncServers
from tests.stores.redis.scripts import get, scripts

pytestmark = [pytest.mark.redis, pytest.mark.cluster]
Work = Coroutine[Any, Any, Any]


class Interrupted:
    """Work that is interrupted when it, or a task made for it, waits for the time of this number, counted from 0."""

    def __init__(self, turn: int) -> None:
        self.left = turn
        self._interrupt: Callable[[], object] = list

    async def carry_out(self, work: Work, interrupt: Callable[[asyncio.Task[Any]], object]) -> bool:
        """See it through to whatever end. Whether it came so far as to be interrupted."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda _, made, **how: asyncio.Task(self._counted(made), **how))  # type: ignore[arg-type]
        task = loop.create_task(work)
        self._interrupt = lambda: interrupt(task)
        with contextlib.suppress(asyncio.CancelledError, StoreUnavailable):
            await task
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        loop.set_task_factory(None)
        return self.left < 0

    async def _counted(self, work: Any) -> Any:
        return await self._steps(work)

    @types.coroutine
    def _steps(self, work: Work) -> Generator[Any, Any, Any]:
        resume: Callable[[], Any] = partial(work.send, None)
        while True:
            try:
                waits_for = resume()
            except StopIteration as done:
                return done.value
            if self.left == 0:
                asyncio.get_running_loop().call_soon(self._interrupt)
            self.left -= 1
            try:
                yield waits_for
                resume = partial(work.send, None)
            except BaseException as error:  # it is for the work
                resume = partial(work.throw, error)


def left_open(
    interrupt: Callable[[AsyncServers, asyncio.Task[Any]], object], address: Address, calls: int
) -> list[str]:
    """What is said of connections that nobody closed, after calls that began with none were interrupted everywhere."""

    async def interrupted(turn: int) -> bool:
        servers = AsyncServers(address, scripts=scripts)
        try:
            work = servers.ask([get(route, "a") for route in range(calls)])
            return await Interrupted(turn).carry_out(work, partial(interrupt, servers))
        finally:
            await servers.close()

    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        turns = next(turn for turn in itertools.count() if not asyncio.run(interrupted(turn)))
        gc.collect()
    assert turns > 3, "they had to connect, to prove who they are, and to hear the answer"
    return [str(each.message) for each in told]


@pytest.fixture(params=["valkey_server", "valkey_sentinel", "valkey_cluster"])
def address(request: pytest.FixtureRequest) -> Address:
    return Address.parse(f"{request.getfixturevalue(request.param).url()}?retries=0")


@pytest.mark.parametrize("calls", [1, 2])
def test_who_is_cancelled_leaves_no_connection_open(address: Address, calls: int) -> None:
    assert left_open(lambda _, task: task.cancel(), address, calls) == []


@pytest.mark.parametrize("calls", [1, 2])
def test_what_is_closed_while_calls_are_under_way_stays_closed(address: Address, calls: int) -> None:
    assert left_open(lambda servers, _: asyncio.create_task(servers.close()), address, calls) == []
