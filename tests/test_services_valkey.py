"""The Valkey and Redis servers that other tests rely on: they start, survive what tests do to them, and end."""

from __future__ import annotations

import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.services import valkey
from tests.services.availability import NotInstalled, unavailable
from tests.services.process import STOP_SECONDS, ServerFailed
from tests.services.valkey import ValkeyServer

pytestmark = pytest.mark.redis


@pytest.fixture(params=valkey.PRODUCTS)
def server(request: pytest.FixtureRequest) -> ValkeyServer:
    """The server that the test run shares, of each product."""
    shared: ValkeyServer = request.getfixturevalue(f"{request.param}_server")
    shared.flush()
    return shared


@pytest.fixture(params=valkey.PRODUCTS)
def durable(request: pytest.FixtureRequest) -> Iterator[ValkeyServer]:
    """A server of the test's own, of each product, that keeps what it was told."""
    try:
        own = valkey.start(request.param, durable=True)
    except NotInstalled as missing:
        unavailable(str(missing))
    yield own
    own.stop()


def test_it_is_the_product_that_was_asked_for(server: ValkeyServer) -> None:
    assert ("valkey_version" in server.execute("INFO", "server")) == (server.product == "valkey")


def test_a_client_that_is_given_the_url_reaches_it(server: ValkeyServer) -> None:
    with redis.Redis.from_url(server.url()) as client:
        client.set("key", b"\x00value")
    assert server.execute("GET", "key") == b"\x00value"


def test_nobody_comes_in_without_the_password(server: ValkeyServer) -> None:
    with redis.Redis(port=server.port, retry=None) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    assert server.password not in repr(server)
    configuration = server.files / "server.conf"
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600


def test_it_never_evicts_and_keeps_nothing_on_disk_unless_durable(server: ValkeyServer) -> None:
    settings = [server.execute("CONFIG", "GET", name)[1] for name in ("maxmemory-policy", "save", "appendonly")]
    assert settings == [b"noeviction", b"", b"no"]


def test_a_user_of_their_own_may_do_what_their_rules_allow_and_no_more(server: ValkeyServer) -> None:
    with redis.Redis.from_url(server.new_user("~mine:*", "+get")) as client:
        assert client.get("mine:key") is None
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.get("theirs:key")
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.set("mine:key", "value")


def test_commands_are_counted_with_those_of_scripts_and_without_those_of_the_count(server: ValkeyServer) -> None:
    server.reset_stats()
    assert server.command_stats() == {}
    server.execute("EVAL", "redis.call('get', KEYS[1]); return redis.call('get', KEYS[1])", 1, "key")
    assert server.command_stats() == {"eval": 1, "get": 2}
    server.reset_stats()
    assert server.command_stats() == {}


def test_a_durable_server_that_is_killed_has_its_data_again_on_the_same_port(durable: ValkeyServer) -> None:
    durable.execute("SET", "key", "value")
    url = durable.url()
    durable.kill()
    assert not durable.running
    with pytest.raises(redis.ConnectionError):
        durable.execute("PING")
    durable.restart()
    assert durable.running
    assert durable.url() == url
    assert durable.execute("GET", "key") == b"value"


def test_a_paused_server_keeps_its_connections_and_answers_later(durable: ValkeyServer) -> None:
    with redis.Redis.from_url(durable.url(), socket_timeout=1, retry=None) as client:
        client.ping()
        durable.pause()
        assert not durable.running
        with pytest.raises(redis.TimeoutError):
            client.set("key", "value")
        durable.resume()
        assert durable.execute("GET", "key") == b"value"  # what was asked while it stood still is done all the same


@pytest.mark.parametrize("product", valkey.PRODUCTS)
def test_it_listens_on_a_unix_socket_only_when_asked_to(product: str) -> None:
    try:
        server = valkey.start(product, transport="unix")
    except NotInstalled as missing:
        unavailable(str(missing))
    try:
        assert server.url().startswith("unix://")
        assert server.execute("PING") is True
        assert server.execute("CONFIG", "GET", "port") == [b"port", b"0"]
    finally:
        server.stop()


def test_redis_speaks_tls_and_its_url_names_the_authority_to_trust() -> None:
    try:
        server = valkey.start("redis", transport="tls")
    except NotInstalled as missing:
        unavailable(str(missing))
    try:
        assert server.url().startswith("rediss://")
        assert server.execute("PING") is True
        stranger = server.url().partition("?")[0]
        with (
            redis.Redis.from_url(stranger, retry=None) as client,
            pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY"),
        ):
            client.ping()
    finally:
        server.stop()


def test_a_stopped_server_listens_no_more_and_leaves_no_files(durable: ValkeyServer) -> None:
    files = durable.files
    assert files.is_dir()
    durable.pause()  # not even then does it hold up the end
    began = time.monotonic()
    durable.stop()
    durable.stop()
    assert time.monotonic() - began < STOP_SECONDS
    assert not files.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", durable.port), timeout=5)


def test_a_server_that_cannot_start_says_why_and_leaves_no_files(
    server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="sojourn-") as place:
        Path(place).chmod(0o755)  # pytest's own folders are closed to the user that servers run as
        monkeypatch.setattr("tempfile.tempdir", place)
        with pytest.raises(ServerFailed, match="no-such-setting"):
            valkey.start(server.product, settings={"no-such-setting": "1"})
        assert not list(Path(place).iterdir())
