"""An empty Valkey, the store on it, and a client that looks past the store. Files that need another have their own."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.stores.redis.address import Address
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.conformance import wanted
from tests.stores.redis.site import client_of


@pytest.fixture
def server(valkey_server: Any) -> Any:
    """The run's Valkey, emptied."""
    valkey_server.flush()
    return valkey_server


@pytest.fixture
def store(server: Any) -> RedisStore:
    """The store on it."""
    return RedisStore(Servers(Address.parse(server.url())), wanted=wanted)


@pytest.fixture
def client(server: Any) -> Any:
    """A client of redis-py's own."""
    return client_of(server)
