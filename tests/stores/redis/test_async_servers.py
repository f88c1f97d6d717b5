"""What only those who await meet: calls that travel together, callers who are cancelled, loops that come and go."""

from __future__ import annotations

import asyncio
import threading

import pytest

from sojourn.core.errors import RecordFormatError, StoreUnavailable
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.async_servers import AsyncServers
from tests.services.valkey import ValkeyServer
from tests.stores.redis.scripts import box, get, put, scripts

pytestmark = pytest.mark.redis


@pytest.fixture
def server(valkey_server: ValkeyServer) -> ValkeyServer:
    valkey_server.flush()
    valkey_server.execute("SCRIPT", "FLUSH")
    return valkey_server


def connected(server: ValkeyServer, options: str = "") -> AsyncServers:
    return AsyncServers(Address.parse(f"{server.url()}{'?' if options else ''}{options}"), scripts=scripts)


def reads(server: ValkeyServer) -> int:
    """How often the server has read from a connection."""
    return int(server.execute("INFO", "stats")["total_reads_processed"])


async def test_calls_of_one_turn_travel_in_one_write(server: ValkeyServer) -> None:
    servers = connected(server)
    await servers.ask([put(7, "a", "x")])
    await servers.ask([get(7, "a")])
    between = -reads(server) + reads(server)
    before = reads(server)
    replies = await asyncio.gather(*(servers.ask([get(7, "a")]) for _ in range(90)))
    assert reads(server) - before == between + 1
    assert replies == [[b"x"]] * 90
    await servers.close()


async def test_more_calls_than_fit_into_one_write_take_several(server: ValkeyServer) -> None:
    servers = connected(server, "connections=2")
    await servers.ask([put(0, "a", "x")])
    replies = await asyncio.gather(*(servers.ask([Call("where", n % 256)]) for n in range(1000)))
    assert replies == [[box(n % 256).encode()] for n in range(1000)]
    await servers.close()


async def test_each_caller_has_the_answer_to_their_own_call(server: ValkeyServer) -> None:
    servers = connected(server)

    async def work(route: int) -> None:
        for turn in range(30):
            await servers.ask([put(route, "a", f"{route}/{turn}")])
            await asyncio.sleep(0)
            assert await servers.ask([get(route, "a"), Call("where", route)]) == [
                f"{route}/{turn}".encode(),
                box(route).encode(),
            ]
            assert await servers.ask([get(route, "a")]) == [f"{route}/{turn}".encode()]

    await asyncio.gather(*(work(route) for route in range(40)))
    await servers.close()


async def test_an_error_is_that_callers_alone(server: ValkeyServer) -> None:
    servers = connected(server)
    await servers.ask([put(1, "a", "x")])
    server.execute("SET", box(2), "not ours")
    first, damaged, broken, last = await asyncio.gather(
        servers.ask([get(1, "a")]),
        servers.ask([get(2, "a")]),
        servers.ask([Call("broken", 1)]),
        servers.ask([get(1, "a")]),
        return_exceptions=True,
    )
    assert (first, last) == ([b"x"], [b"x"])
    assert isinstance(damaged, RecordFormatError)
    assert isinstance(broken, RecordFormatError)
    await servers.close()


async def test_a_script_that_the_server_has_forgotten_is_sent_to_it_among_others(server: ValkeyServer) -> None:
    servers = connected(server)
    await servers.ask([put(1, "a", "x")])
    await servers.ask([get(1, "a")])
    server.execute("SCRIPT", "FLUSH")
    replies = await asyncio.gather(*(servers.ask([get(1, "a")]) for _ in range(50)), servers.ask([Call("where", 1)]))
    assert replies == [[b"x"]] * 50 + [[box(1).encode()]]
    await servers.close()


async def test_who_is_cancelled_takes_nobodys_answer_along(server: ValkeyServer) -> None:
    servers = connected(server, "connections=2")
    await servers.ask([put(1, "a", "x")])
    for turns in range(8):
        tasks = [asyncio.create_task(servers.ask([Call("where", route)])) for route in range(60)]
        several = [asyncio.create_task(servers.ask([Call("where", 1), Call("where", 2)])) for _ in range(6)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in [*tasks[::3], *several[::2]]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        kept = [(answer, box(route).encode()) for route, answer in enumerate(answers) if route % 3]
        assert all(answer == [own] for answer, own in kept)
        assert (await asyncio.gather(*several, return_exceptions=True))[1::2] == [
            [box(1).encode(), box(2).encode()]
        ] * 3
        assert await servers.ask([get(1, "a")]) == [b"x"]
    await servers.close()


async def test_a_server_that_stands_still_holds_up_nobody_beyond_the_deadline(server: ValkeyServer) -> None:
    servers = connected(server, "timeout=0.5&deadline=1&connections=4")
    await servers.ask([put(1, "a", "x")])
    server.pause()
    try:
        async with asyncio.timeout(20):  # a busy machine is late; one after the other would take longer
            calls = [servers.ask([get(1, "a")] * (1 + n % 2)) for n in range(300)]
            answers = await asyncio.gather(*calls, return_exceptions=True)
    finally:
        server.resume()
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert await servers.ask([get(1, "a")]) == [b"x"]
    await servers.close()


def test_one_object_serves_event_loops_that_come_and_go(server: ValkeyServer) -> None:
    servers = connected(server)

    async def work() -> object:
        await servers.ask([put(1, "a", "x")])
        return await servers.ask([get(1, "a")])

    for _ in range(3):
        assert asyncio.run(work()) == [b"x"], "its connections end with the loop: what is left open would be an error"
    assert not servers._stations


def test_event_loops_of_several_threads_do_not_meet(server: ValkeyServer) -> None:
    servers = connected(server)
    wrong: list[object] = []

    async def work(route: int) -> None:
        for _ in range(50):
            answers = await asyncio.gather(*(servers.ask([Call("where", route)]) for _ in range(5)))
            wrong.extend(answer for answer in answers if answer != [box(route).encode()])

    threads = [threading.Thread(target=asyncio.run, args=(work(route),)) for route in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


async def test_after_it_was_closed_it_opens_again(server: ValkeyServer) -> None:
    servers = connected(server)
    await servers.ask([put(1, "a", "x")])
    await servers.close()
    await servers.close()
    assert await servers.ask([get(1, "a")]) == [b"x"]
    await servers.close()
