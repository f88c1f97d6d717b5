"""The store on Redis keeps every promise of a store: on Valkey, on Redis, on a Cluster, and for callers that await."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sojourn.core.store import Store
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.aio import AsyncRedisStore
from sojourn.stores.redis.async_servers import AsyncServers
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.conformance import Reader, StoreConformance, wanted
from sojourn.testing.waiting import WaitingStore
from tests.stores.redis.site import RedisReader, client_of

pytestmark = pytest.mark.redis


class TestValkey(StoreConformance):
    server_fixture = "valkey_server"

    @pytest.fixture
    def server(self, request: pytest.FixtureRequest) -> Any:
        self.server_under_test = request.getfixturevalue(self.server_fixture)
        self.server_under_test.flush()
        return self.server_under_test

    @pytest.fixture
    def store(self, server: Any) -> Iterator[Store]:
        store = RedisStore(Servers(Address.parse(server.url())), wanted=wanted)
        yield store
        store.close()

    def make_reader(self) -> Reader:
        return RedisReader(client_of(self.server_under_test))


class TestRedis(TestValkey):
    server_fixture = "redis_server"


@pytest.mark.cluster
class TestCluster(TestValkey):
    server_fixture = "valkey_cluster"


class TestForCallersThatAwait(TestValkey):
    @pytest.fixture
    def store(self, server: Any) -> Iterator[Store]:
        inner = AsyncRedisStore(AsyncServers(Address.parse(server.url())), wanted=wanted)
        store = WaitingStore(inner)
        yield store
        store.run(inner.close())
