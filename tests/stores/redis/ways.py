"""Both ways to the servers behind one face, so that what is promised of both is tested of both."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sojourn.stores.redis.address import Address
from sojourn.stores.redis.asking import Call, Operation
from sojourn.stores.redis.async_servers import AsyncServers
from sojourn.stores.redis.servers import Servers
from tests.stores.redis.scripts import scripts

WAYS = ("waiting", "awaiting")


class Awaited:
    """`AsyncServers` on an event loop of its own, for tests that wait."""

    def __init__(self, address: Address, **how: Any) -> None:
        sleep = how.pop("sleep", None)
        if sleep is not None:

            async def asleep(seconds: float) -> None:
                sleep(seconds)

            how["sleep"] = asleep
        self.servers = AsyncServers(address, **how)
        self.address = address
        self._runner = asyncio.Runner()

    def ask(self, calls: Sequence[Call]) -> list[Any]:
        return self._runner.run(self.servers.ask(calls))

    def run(self, operation: Operation[Any]) -> Any:
        return self._runner.run(self.servers.run(operation))

    def close(self) -> None:
        self._runner.run(self.servers.close())
        self._runner.close()


Connect = Callable[..., contextlib.AbstractContextManager["Servers | Awaited"]]


def connect(way: str) -> Connect:
    """How to connect one way: a context manager, which closes the connections."""

    @contextlib.contextmanager
    def connected(address: Address, **how: Any) -> Iterator[Servers | Awaited]:
        servers = (Servers if way == "waiting" else Awaited)(address, scripts=scripts, **how)
        try:
            yield servers
        finally:
            servers.close()

    return connected
