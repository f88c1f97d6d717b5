"""Over TLS: a server, a Cluster and a master that Sentinels name, each of which must prove who it is.

On Redis alone: the Valkey that tests bring along is built without TLS.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sojourn.core.errors import ConfigurationError, StoreUnavailable
from sojourn.core.tokens import ROUTES
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.servers import Servers
from tests.services import cluster, sentinel, valkey
from tests.services.availability import NotInstalled, unavailable
from tests.stores.redis.scripts import get, put
from tests.stores.redis.ways import WAYS, Connect, connect

pytestmark = pytest.mark.redis
SECURED = {
    "redis": lambda: valkey.start("redis", transport="tls"),
    "redis+sentinel": lambda: sentinel.start("redis", tls=True),
    "redis+cluster": lambda: cluster.start("redis", tls=True),
}


@pytest.fixture(
    scope="module",
    params=["redis", *(pytest.param(f"redis+{kind}", marks=pytest.mark.cluster) for kind in ("sentinel", "cluster"))],
)
def secured(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Servers that take nothing but TLS, whose certificates were signed by somebody that no system trusts."""
    try:
        running = SECURED[request.param]()
    except NotInstalled as missing:
        unavailable(str(missing))
    yield running
    running.stop()


@pytest.fixture(params=WAYS)
def connected(request: pytest.FixtureRequest) -> Connect:
    return connect(request.param)


def test_servers_are_reached_over_tls_whoever_else_has_to_be_asked(secured: Any, connected: Connect) -> None:
    secured.flush()
    url = secured.url()
    assert url.startswith("rediss")
    everywhere = range(0, ROUTES, 16)
    with connected(Address.parse(url)) as servers:
        assert servers.ask([put(route, "a", "x") for route in everywhere]) == [1] * len(everywhere)
        assert servers.ask([get(route, "a") for route in everywhere]) == [b"x"] * len(everywhere)


def test_servers_with_another_certificate_are_not_believed(secured: Any, connected: Connect) -> None:
    url = secured.url().partition("?")[0]
    with connected(Address.parse(url)) as servers, pytest.raises(StoreUnavailable, match="CERTIFICATE_VERIFY"):
        servers.ask([get(1, "a")])
    with connected(Address.parse(f"{url}?ssl_cert_reqs=none")) as servers:
        assert servers.ask([get(1, "b")]) == [None]


def test_a_server_that_asks_for_no_password_is_reached_by_every_connection(connected: Connect) -> None:
    try:
        trusting = valkey.start("redis", transport="tls", password="")
    except NotInstalled as missing:
        unavailable(str(missing))
    try:
        url = trusting.url().replace("default:@", "")
        for _ in range(10):
            with connected(Address.parse(url)) as servers:
                assert servers.ask([get(1, "a")]) == [None]
    finally:
        trusting.stop()


def test_a_certificate_that_is_not_there_is_a_wrong_configuration() -> None:
    with pytest.raises(ConfigurationError, match="A certificate"):
        Servers(Address.parse("rediss://localhost?ssl_ca_certs=/nowhere.pem"))
