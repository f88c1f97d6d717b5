"""The store on Redis in lock-step with the memory store: long stories, the same in both after every step."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.stores.redis.address import Address
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.conformance import wanted
from sojourn.testing.machine import lockstep
from sojourn.testing.scripted import Candidate
from tests.stores.redis.site import RedisReader, client_of

pytestmark = pytest.mark.redis


@pytest.mark.parametrize("product", ["valkey_server", "redis_server"])
def test_long_stories_end_as_they_do_in_memory(request: pytest.FixtureRequest, product: str) -> None:
    server: Any = request.getfixturevalue(product)
    store = RedisStore(Servers(Address.parse(server.url())), wanted=wanted)

    def candidates() -> list[Candidate]:
        server.flush()
        return [Candidate(product, store, RedisReader(client_of(server)))]

    lockstep(candidates, examples=15, steps=25)("runTest").debug()
