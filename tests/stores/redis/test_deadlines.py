"""A call ends with its deadline, whatever the other side does: for callers that wait, and for those that await."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sojourn.core.errors import StoreUnavailable
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.async_servers import AsyncServers
from tests.stores.redis.scripts import get, scripts
from tests.stores.redis.ways import WAYS, Connect, connect

pytestmark = pytest.mark.redis
TIMES = "timeout=0.2&deadline=0.3"
SOON = 8.0
"""Seconds: a slow machine has many times the deadline, and what is tried here goes on for longer than a minute."""


@pytest.fixture(params=WAYS)
def connected(request: pytest.FixtureRequest) -> Connect:
    return connect(request.param)


@contextlib.contextmanager
def listening(behave: Callable[[socket.socket, threading.Event], None] | None) -> Iterator[int]:
    """A server that behaves like this on each connection, or accepts none; its port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):  # until the server is closed
                while behave is not None:
                    threading.Thread(target=attend, args=(server.accept()[0],), daemon=True).start()

        def attend(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                if behave is not None:
                    behave(connection, over)

        accepting = threading.Thread(target=serve)
        accepting.start()
        yield server.getsockname()[1]
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        accepting.join()


def says_nothing(_: socket.socket, over: threading.Event) -> None:
    over.wait()


def drips(connection: socket.socket, over: threading.Event) -> None:
    """A byte now and then, each of them in time, of an answer that never ends."""
    connection.recv(1000)
    connection.sendall(b"$1000000\r\n")
    while not over.wait(0.05):
        connection.sendall(b"x")


def drips_errors(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(1000)
    while not over.wait(0.05):
        connection.sendall(b"-LOADING")


def hangs_up(connection: socket.socket, _: threading.Event) -> None:
    connection.recv(1000)


@pytest.mark.parametrize("calls", [1, 300])
@pytest.mark.parametrize(
    ("behave", "who"),
    [
        (None, ""),
        (says_nothing, ":password@"),
        (drips, ""),
        (drips, ":password@"),
        (drips_errors, ":password@"),
        (hangs_up, ""),
    ],
)
def test_a_call_ends_with_its_deadline(
    connected: Connect, behave: Callable[[socket.socket, threading.Event], None] | None, who: str, calls: int
) -> None:
    with listening(behave) as port, connected(Address.parse(f"redis://{who}127.0.0.1:{port}?{TIMES}")) as servers:
        assert seconds_until_unavailable(servers, calls) < SOON


@pytest.mark.parametrize("kind", ["redis+cluster://{0}:{1},{0}:{1},{0}:{1}", "redis+sentinel://{0}:{1},{0}:{1}/main"])
def test_looking_for_the_masters_is_a_part_of_it(connected: Connect, kind: str) -> None:
    with listening(drips) as port, connected(Address.parse(f"{kind.format('127.0.0.1', port)}?{TIMES}")) as servers:
        assert seconds_until_unavailable(servers, 1) < SOON


def test_so_is_finding_out_what_a_name_stands_for(connected: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def slow(*_: Any, **__: Any) -> Any:
        answered.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with connected(Address.parse(f"redis://somewhere.invalid?{TIMES}")) as servers:
        assert seconds_until_unavailable(servers, 1) < SOON
        answered.set()  # what a loop has asked for, it waits for when it ends


async def test_those_who_wait_for_their_turn_do_not_wait_for_all_before_them() -> None:
    with listening(None) as port:
        options = "timeout=1&deadline=1&connections=1"
        servers = AsyncServers(Address.parse(f"redis://127.0.0.1:{port}?{options}"), scripts=scripts)
        began = time.monotonic()
        answers = await asyncio.gather(*(servers.ask([get(1, "a")]) for _ in range(4000)), return_exceptions=True)
        assert time.monotonic() - began < 2 * SOON
        assert {type(answer) for answer in answers} == {StoreUnavailable}
        await servers.close()


def seconds_until_unavailable(servers: Any, calls: int) -> float:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        servers.ask([get(route % 256, "a") for route in range(calls)])
    return time.monotonic() - began
