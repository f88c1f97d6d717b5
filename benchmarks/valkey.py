"""What the store on Valkey takes, in time and in memory, as more and more sessions are stored.

As a program: `python -m benchmarks.valkey SIZE ...` starts a Valkey for each size, and says how far it is until it has
the figures. All servers and this program share one core.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from benchmarks.children import Child, hold, say

_EACH = 200
_IN_FLIGHT = 32


@dataclass(frozen=True, slots=True)
class Stored:
    """What is taken with so many sessions stored: microseconds of a look-up and of a sign-in that ends another."""

    size: int
    look_up: float
    sign_in: float
    bytes_each: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it. Times are in microseconds; `awaited` are per look-up with 32 of them on their way."""

    version: str
    stored: tuple[Stored, ...]
    get: float
    look_up: float
    django_bytes: float
    awaited_get: float
    awaited: float
    awaited_unread: float


def measure(sizes: Sequence[int], *, rounds: int, core: int, progress: Callable[[str], None]) -> Figures:
    """Let the program run, and read what it says."""
    child = Child("benchmarks.valkey", "sojourn", {}, core, str(rounds), *map(str, sizes))
    try:
        for said in child.said():
            if isinstance(said, str):
                progress(said)
                continue
            stored = tuple(Stored(**each) for each in said.pop("stored"))
            return Figures(stored=stored, **said)
    finally:
        child.stop()
    raise SystemExit(f"{child.name} said nothing of use")


class Full:
    """A Valkey with so many sessions of a third as many subjects in it."""

    def __init__(self, size: int) -> None:
        import redis
        from tests.services import valkey

        from sojourn import Limit, Policy, SessionControl
        from sojourn.control import system_clock
        from sojourn.core.policy import Overflow
        from sojourn.core.timeouts import HOUR, Timeouts
        from sojourn.stores.redis.address import Address
        from sojourn.stores.redis.keys import EVERY_ROUTE, PREFIX, key
        from sojourn.stores.redis.servers import Servers
        from sojourn.stores.redis.sync import RedisStore
        from sojourn.testing.populate import Crowd
        from sojourn.testing.populate_redis import populate_redis

        self.server = valkey.start("valkey")
        self.client: Any = redis.Redis.from_url(self.server.url())
        self.store = RedisStore(Servers(Address.parse(self.server.url())), wanted=lambda _: False)
        policy = Policy((Limit(3, Overflow.END_EXISTING),), Timeouts(inactivity=HOUR))
        self.control = SessionControl(self.store, policy)
        self.subjects = max(1, size // 3)
        empty = self.client.info("memory")["used_memory"]
        crowd = Crowd(sessions=size, subjects=self.subjects, live=100, late=0, events=False)
        populate_redis(self.client, crowd, now=system_clock())
        self.bytes_each = (self.client.info("memory")["used_memory"] - empty) / size
        self.prefix = crowd.prefix
        self.tokens = [
            (route, digest)
            for route in EVERY_ROUTE
            for digest in self.client.hrandfield(key(PREFIX, route, "tokens"), 4) or ()
        ]

    def look_up(self) -> float:
        """Microseconds, as the mean over some."""
        chosen = [random.choice(self.tokens) for _ in range(_EACH)]
        began = time.perf_counter()
        for route, digest in chosen:
            assert self.store.visit(digest, route, 0, None) is not None
        return (time.perf_counter() - began) / _EACH * 1e6

    def sign_in(self) -> float:
        """Microseconds of a sign-in, as the mean over some: two commands, of somebody who is there already."""
        from sojourn import Arrival

        chosen = [Arrival(f"{self.prefix}{random.randrange(self.subjects)}") for _ in range(_EACH)]
        began = time.perf_counter()
        for arrival in chosen:
            self.control.start(arrival)
        return (time.perf_counter() - began) / _EACH * 1e6

    def get(self) -> float:
        """Microseconds of a plain GET of as many bytes as a record has."""
        self.client.set("plain", b"x" * 500)
        began = time.perf_counter()
        for _ in range(_EACH):
            self.client.get("plain")
        return (time.perf_counter() - began) / _EACH * 1e6


def main() -> None:
    """Measure, and say it."""
    hold()
    rounds, *sizes = map(int, sys.argv[1:])
    full: list[Full] = []
    try:
        for size in sizes:
            say(f"Valkey: storing {size:,} sessions")
            full.append(Full(size))
        look_ups: list[list[float]] = [[] for _ in full]
        sign_ins: list[list[float]] = [[] for _ in full]
        gets = []
        for number in range(rounds):
            say(f"Valkey: round {number + 1} of {rounds}")
            gets.append(full[0].get())
            for each, looked, signed in zip(full, look_ups, sign_ins, strict=True):
                looked.append(each.look_up())
                signed.append(each.sign_in())
        stored = [
            Stored(size, statistics.median(looked), statistics.median(signed), each.bytes_each)
            for size, each, looked, signed in zip(sizes, full, look_ups, sign_ins, strict=True)
        ]
        awaited = asyncio.run(_awaited(full[0], rounds))
        say(
            {
                "version": str(full[0].client.info("server").get("valkey_version", "?")),
                "stored": [{field.name: getattr(each, field.name) for field in fields(Stored)} for each in stored],
                "get": statistics.median(gets),
                "look_up": stored[0].look_up,
                "django_bytes": _django_bytes(full[0], min(sizes[0], 1000)),
                **awaited,
            }
        )
    finally:
        for each in full:
            each.server.stop()


async def _awaited(full: Full, rounds: int) -> dict[str, float]:
    """Microseconds for each of many, 32 at a time: GETs issued singly, look-ups of known and of unread records."""
    from redis.asyncio import Redis

    from sojourn.stores.redis import texts
    from sojourn.stores.redis.address import Address
    from sojourn.stores.redis.aio import AsyncRedisStore
    from sojourn.stores.redis.async_servers import AsyncServers

    client: Any = Redis.from_url(full.server.url())
    store = AsyncRedisStore(AsyncServers(Address.parse(full.server.url())), wanted=lambda _: False)
    tokens = full.tokens

    async def look(number: int) -> None:
        route, digest = tokens[number % len(tokens)]
        assert await store.visit(digest, route, 0, None) is not None

    async def unread(number: int) -> None:
        texts.session_in.cache_clear()
        await look(number)

    async def get(_: int) -> None:
        await client.get("plain")

    took: dict[str, list[float]] = {"awaited_get": [], "awaited": [], "awaited_unread": []}
    ways: dict[str, Callable[[int], Awaitable[None]]] = {"awaited_get": get, "awaited": look, "awaited_unread": unread}
    for _ in range(rounds):
        await _in_flight(look, len(tokens))  # reads what the last way of the round before has forgotten
        for name, way in ways.items():
            took[name].append(await _in_flight(way, 32 * _EACH // 4))
    await store.close()
    await client.aclose()
    return {name: statistics.median(some) for name, some in took.items()}


async def _in_flight(way: Callable[[int], Awaitable[None]], times: int) -> float:
    numbers = iter(range(times))

    async def one_after_the_other() -> None:
        for number in numbers:
            await way(number)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(_IN_FLIGHT)))
    return (time.perf_counter() - began) / times * 1e6


def _django_bytes(full: Full, number: int) -> float:
    """What one of Django's own sessions takes in the same server, through its cache backend for Redis."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.cache import SessionStore
    from django.core.cache import caches
    from django.core.cache.backends.redis import RedisCache

    if not settings.configured:
        settings.configure()
    caches["default"] = RedisCache(full.server.url(), {})  # type: ignore[assignment]  # a handler takes any cache
    before = full.client.info("memory")["used_memory"]
    for user in range(number):
        store = SessionStore()
        store[SESSION_KEY] = str(user)
        store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        store[HASH_SESSION_KEY] = f"{user:064x}"
        store.create()
    return float((full.client.info("memory")["used_memory"] - before) / number)


if __name__ == "__main__":
    main()
