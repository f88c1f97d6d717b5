"""Opening a store by the address of its servers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sojourn.core.events import Event
from sojourn.stores.memory import nobody
from sojourn.stores.redis.address import Address

if TYPE_CHECKING:
    from sojourn.stores.redis.aio import AsyncRedisStore
    from sojourn.stores.redis.sync import RedisStore


def open_store(url: str, *, wanted: Callable[[Event], bool] = nobody) -> "RedisStore":
    """A store on Valkey or Redis, for `SessionControl`. Thread-safe; `close()` it at the end.

    `url` begins with `redis://`, `rediss://`, `unix://`, `redis+cluster://` or `redis+sentinel://`; what may follow is
    described at `sojourn.stores.redis.address`. `wanted` says of an event whether it is to be delivered to anybody; by
    default none is. Connects to nothing before the first call. Raises ConfigurationError, which repeats no password,
    for an address that cannot be used, or if the extra `redis` is not installed.
    """
    address = Address.parse(url)
    from sojourn.stores.redis.servers import Servers
    from sojourn.stores.redis.sync import RedisStore

    return RedisStore(Servers(address), wanted=wanted)


def open_async_store(url: str, *, wanted: Callable[[Event], bool] = nobody) -> "AsyncRedisStore":
    """The same for `AsyncSessionControl`, in one event loop; `await store.close()` at the end. See `open_store`."""
    address = Address.parse(url)
    from sojourn.stores.redis.aio import AsyncRedisStore
    from sojourn.stores.redis.async_servers import AsyncServers

    return AsyncRedisStore(AsyncServers(address), wanted=wanted)
