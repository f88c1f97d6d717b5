"""Calls reach Valkey and Redis, whatever happens on the way: for callers that wait, and for those that await."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.core.errors import ConfigurationError, RecordFormatError, StoreUnavailable
from sojourn.stores.redis.address import Address, Node
from sojourn.stores.redis.asking import Call, Operation, Pause, Unconfirmed, one
from tests.services import valkey
from tests.services.valkey import ValkeyServer
from tests.stores.redis.scripts import box, get, put
from tests.stores.redis.ways import WAYS, Connect, connect

pytestmark = pytest.mark.redis
waiting = connect("waiting")
BUSY = 15.0
"""Seconds that may go by on a machine that has much else to do: a server that stands still never answers."""


@pytest.fixture(params=valkey.PRODUCTS)
def server(request: pytest.FixtureRequest) -> ValkeyServer:
    running: ValkeyServer = request.getfixturevalue(f"{request.param}_server")
    running.flush()
    running.execute("SCRIPT", "FLUSH")
    return running


@pytest.fixture
def own_server() -> Iterator[ValkeyServer]:
    """A server that a test may stop, pause and kill."""
    running = valkey.start(durable=True)
    yield running
    running.stop()


def address(server: ValkeyServer, options: str = "") -> Address:
    return Address.parse(f"{server.url()}{'?' if options else ''}{options}")


@pytest.fixture(params=WAYS)
def connected(request: pytest.FixtureRequest) -> Connect:
    return connect(request.param)


def test_replies_come_in_the_order_of_the_calls_as_bytes(server: ValkeyServer, connected: Connect) -> None:
    with connected(address(server)) as servers:
        assert servers.ask([put(7, "a", "x"), put(8, "a", 5), get(7, "a"), get(8, "a"), get(9, "a")]) == [
            1,
            1,
            b"x",
            b"5",
            None,
        ]
        assert servers.ask([get(8, "a")]) == [b"5"]
        assert servers.ask([]) == []


def test_the_keys_of_a_call_are_those_of_its_route(server: ValkeyServer, connected: Connect) -> None:
    with connected(address(server, "prefix=shop")) as servers:
        assert servers.ask([Call("where", 0xA7)]) == [b"shop:{a7}:box"]


def test_one_call_is_one_evalsha_and_no_other_command(server: ValkeyServer, connected: Connect) -> None:
    with connected(address(server)) as servers:
        servers.ask([get(1, "a")])
        server.reset_stats()
        for _ in range(5):
            servers.ask([get(1, "a")])
        servers.ask([get(route, "a") for route in range(10)])
        assert server.command_stats() == {"evalsha": 15, "hget": 15}


def test_more_calls_than_fit_into_one_write_are_answered_as_well(server: ValkeyServer, connected: Connect) -> None:
    calls = [put(route, "a", route) for route in range(256)]
    with connected(address(server)) as servers:
        servers.ask(calls)
        assert servers.ask([get(route, "a") for route in range(256)]) == [str(route).encode() for route in range(256)]


def test_an_answer_of_many_pieces_is_put_together(server: ValkeyServer, connected: Connect) -> None:
    with connected(address(server)) as servers:
        short, long = servers.ask([get(1, "none"), Call("large", 1, (3_000_000,))])
        assert short is None
        assert len(long) == 3_000_000


def test_a_script_that_the_server_has_forgotten_is_sent_again_unseen(server: ValkeyServer, connected: Connect) -> None:
    with connected(address(server)) as servers:
        servers.ask([put(1, "a", "x")])
        server.execute("SCRIPT", "FLUSH")
        assert servers.ask([put(1, "a", "y")]) == [0]
        server.execute("SCRIPT", "FLUSH")
        server.reset_stats()
        assert servers.ask([get(1, "a"), Call("where", 1), get(1, "a"), get(2, "a")]) == [
            b"y",
            box(1).encode(),
            b"y",
            None,
        ]
        assert server.command_stats()["eval"] == 2, "each script is sent once, however many calls it has"


def test_an_operation_is_sent_the_replies_to_what_it_yields(server: ValkeyServer, connected: Connect) -> None:
    def operation() -> Operation[list[bytes]]:
        yield [put(1, "a", "x"), put(2, "a", "y")]
        first = yield from one(get(1, "a"))
        second = yield from one(get(2, "a"))
        return [first, second]

    with connected(address(server)) as servers:
        assert servers.run(operation()) == [b"x", b"y"]


def test_an_operation_may_ask_for_a_pause(server: ValkeyServer, connected: Connect) -> None:
    slept: list[float] = []

    def operation() -> Operation[list[object]]:
        answered = yield Pause(0.3)
        return [answered, (yield from one(put(1, "a", "x")))]

    with connected(address(server), sleep=slept.append) as servers:
        assert servers.run(operation()) == [[], 1]
    assert slept == [0.3]


def test_an_operation_is_told_of_no_failure_and_ends_with_it(server: ValkeyServer, connected: Connect) -> None:
    ended = []

    def operation() -> Operation[None]:
        try:
            yield [Call("broken", 1)]
        finally:
            ended.append(True)

    with connected(address(server)) as servers, pytest.raises(RecordFormatError):
        servers.run(operation())
    assert ended


def test_threads_share_connections_and_never_each_others_replies(server: ValkeyServer) -> None:
    wrong: list[object] = []
    others = clients(server)
    with waiting(address(server, "connections=3")) as servers:

        def work(route: int) -> None:
            for turn in range(100):
                servers.ask([put(route, "a", f"{route}/{turn}")])
                found = servers.ask([get(route, "a")])
                if found != [f"{route}/{turn}".encode()]:
                    wrong.append(found)

        threads = [threading.Thread(target=work, args=(route,)) for route in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert 1 <= len(clients(server) - others) <= 3


def clients(server: ValkeyServer) -> set[bytes]:
    """Who is connected and has sent scripts, by the ids that the server gives."""
    listed = server.execute("CLIENT", "LIST").splitlines()
    return {line.split()[0] for line in listed if b"cmd=evalsha" in line}


def test_a_forked_child_shares_no_connection_with_its_parent(server: ValkeyServer) -> None:
    program = [sys.executable, "-m", "tests.stores.redis.forked", server.url()]
    subprocess.run(program, check=True, timeout=60, cwd=Path(__file__).parents[3])


def test_a_connection_that_the_server_closed_while_it_was_idle_is_no_failure(
    server: ValkeyServer, connected: Connect
) -> None:
    with connected(address(server, "retries=0")) as servers:
        servers.ask([put(1, "a", "x")])
        server.execute("CLIENT", "KILL", "TYPE", "normal")
        assert servers.ask([get(1, "a")]) == [b"x"]
        server.execute("CLIENT", "KILL", "TYPE", "normal")
        assert servers.ask([get(1, "a"), get(2, "a")]) == [b"x", None]


def test_a_server_that_stands_still_is_unavailable_within_the_deadline_and_well_again_after(
    own_server: ValkeyServer, connected: Connect
) -> None:
    with connected(address(own_server, "timeout=0.4&deadline=1")) as servers:
        servers.ask([put(1, "a", "x")])
        own_server.pause()
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="Timeout") as caught:
            servers.ask([get(1, "a")])
        assert time.monotonic() - began < BUSY
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        own_server.resume()
        assert servers.ask([get(1, "a")]) == [b"x"]


def test_many_calls_wait_no_longer_for_a_server_that_stands_still(own_server: ValkeyServer, connected: Connect) -> None:
    with connected(address(own_server, "timeout=1&deadline=1")) as servers:
        servers.ask([get(1, "a")])
        own_server.pause()
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            servers.ask([get(1, "a")] * 450)
        assert time.monotonic() - began < BUSY, "together, and not one after the other"
        own_server.resume()


def test_a_server_that_was_killed_is_unavailable_and_well_again_after_it_is_back(
    own_server: ValkeyServer, connected: Connect
) -> None:
    with connected(address(own_server)) as servers:
        servers.ask([put(1, "a", "x")])
        own_server.kill()
        with pytest.raises(StoreUnavailable, match="Error 111"):
            servers.ask([get(1, "a")])
        own_server.restart()
        assert servers.ask([get(1, "a")]) == [b"x"], "its scripts are gone, its data is not"


def test_pauses_are_few_and_grow_and_the_last_error_is_told(own_server: ValkeyServer, connected: Connect) -> None:
    pauses: list[float] = []
    own_server.kill()
    with connected(address(own_server, "retries=3"), sleep=pauses.append) as servers, pytest.raises(StoreUnavailable):
        servers.ask([get(1, "a")])
    assert len(pauses) == 3
    assert 0.025 <= pauses[0] <= 0.075
    assert 0.075 <= pauses[1] <= 0.225
    assert 0.225 <= pauses[2] <= 0.675


def test_a_pause_never_reaches_beyond_the_deadline(own_server: ValkeyServer, connected: Connect) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    own_server.kill()
    to = address(own_server, "retries=100&deadline=2")
    with connected(to, clock=lambda: now[0], sleep=sleep) as servers, pytest.raises(StoreUnavailable):
        servers.ask([get(1, "a")])
    assert now[0] < 2


def test_all_connections_in_use_is_unavailable_and_not_a_wait_without_end(server: ValkeyServer) -> None:
    with waiting(address(server, "connections=1&timeout=1&deadline=1")) as servers:
        servers.ask([get(1, "a")])
        pool = servers._pool(servers.address.hosts[0])
        taken = pool.get_connection()
        with pytest.raises(StoreUnavailable, match="No connection available"):
            servers.ask([get(1, "a")])
        pool.release(taken)
        assert servers.ask([get(1, "a")]) == [None]


def test_a_wrong_password_is_told_without_it(server: ValkeyServer, connected: Connect) -> None:
    wrong = Address.parse(f"redis://default:the-wrong-one@127.0.0.1:{server.port}")
    with connected(wrong) as servers, pytest.raises(StoreUnavailable, match="refuses the user or the password") as told:
        servers.ask([get(1, "a")])
    assert "the-wrong-one" not in f"{told.value!r} {servers!r} {wrong!r} {wrong}"


def test_a_password_that_is_missing_is_told(server: ValkeyServer, connected: Connect) -> None:
    bare = Address.parse(f"redis://127.0.0.1:{server.port}")
    with connected(bare) as servers, pytest.raises(StoreUnavailable, match="asks for a password"):
        servers.ask([get(1, "a")])


def test_a_password_where_none_is_needed_is_told(connected: Connect) -> None:
    open_server = valkey.start(settings={"protected-mode": "no"})
    try:
        open_server.execute("CONFIG", "SET", "requirepass", "")
        with_password = Address.parse(f"redis://:pointless@127.0.0.1:{open_server.port}")
        with connected(with_password) as servers, pytest.raises(StoreUnavailable, match="leave it out"):
            servers.ask([get(1, "a")])
    finally:
        open_server.stop()


def test_a_user_with_the_least_rights_may_do_all_that_is_needed(server: ValkeyServer, connected: Connect) -> None:
    least = server.new_user("~sojourn:*", "+eval", "+evalsha", "+hget", "+hset")
    with connected(Address.parse(least)) as servers:
        assert servers.ask([put(1, "a", "x"), get(1, "a")]) == [1, b"x"]


def test_another_database_takes_one_more_right(server: ValkeyServer, connected: Connect) -> None:
    rights = ("~sojourn:*", "+eval", "+evalsha", "+hget")
    with connected(Address.parse(server.new_user(*rights, "+select").replace("/0", "/1"))) as servers:
        assert servers.ask([get(1, "a")]) == [None]
    lacking = Address.parse(server.new_user(*rights).replace("/0", "/1"))
    with connected(lacking) as servers, pytest.raises(StoreUnavailable, match="ACL LOG"):
        servers.ask([get(1, "a")])


def test_a_user_who_may_not_is_told_where_to_look(server: ValkeyServer, connected: Connect) -> None:
    for rules in (["~sojourn:*", "+hget"], ["~other:*", "+evalsha", "+eval", "+hget"]):
        restricted = Address.parse(server.new_user(*rules))
        with connected(restricted) as servers, pytest.raises(StoreUnavailable, match="ACL LOG"):
            servers.ask([get(1, "a")])


def test_a_key_that_holds_something_else_is_a_record_format_error(server: ValkeyServer, connected: Connect) -> None:
    server.execute("SET", box(1), "not ours")
    with connected(address(server)) as servers:
        with pytest.raises(RecordFormatError, match="choose another prefix"):
            servers.ask([get(1, "a")])
        with pytest.raises(RecordFormatError, match="choose another prefix"):
            servers.ask([get(2, "a"), get(1, "a")])
        assert servers.ask([get(2, "a")]) == [None]


def test_a_script_that_fails_is_a_record_format_error(server: ValkeyServer, connected: Connect) -> None:
    with connected(address(server)) as servers, pytest.raises(RecordFormatError, match="A script failed"):
        servers.ask([Call("broken", 1)])


def test_a_server_that_is_full_is_told(own_server: ValkeyServer, connected: Connect) -> None:
    with connected(address(own_server)) as servers:
        servers.ask([put(1, "a", "x")])
        own_server.execute("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="is full"):
            servers.ask([put(1, "b", "x")])


def test_a_replica_takes_no_changes_and_that_is_told(own_server: ValkeyServer, connected: Connect) -> None:
    with connected(address(own_server, "deadline=1&timeout=1")) as servers:
        servers.ask([put(1, "a", "x")])
        own_server.execute("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StoreUnavailable, match="is a replica"):
            servers.ask([put(1, "a", "y")])
        own_server.execute("REPLICAOF", "NO", "ONE")
        assert servers.ask([put(1, "a", "y")]) == [0]


@pytest.mark.parametrize("product", valkey.PRODUCTS)
def test_a_server_is_reached_by_a_socket(product: str, connected: Connect) -> None:
    running = valkey.start(product, transport="unix")
    try:
        with connected(Address.parse(running.url())) as servers:
            assert servers.ask([put(1, "a", "x"), get(1, "a")]) == [1, b"x"]
    finally:
        running.stop()


def test_a_database_of_its_own_is_used(server: ValkeyServer, connected: Connect) -> None:
    url = server.url().removesuffix("/0")
    with connected(Address.parse(f"{url}/3")) as three, connected(Address.parse(f"{url}/0")) as zero:
        three.ask([put(1, "a", "x")])
        assert zero.ask([get(1, "a")]) == [None]
        assert three.ask([get(1, "a")]) == [b"x"]
    with connected(Address.parse(f"{url}/999")) as servers, pytest.raises(ConfigurationError, match="database"):
        servers.ask([get(1, "a")])


def test_what_is_no_server_of_this_kind_is_told(connected: Connect) -> None:
    import socketserver

    class Web(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Web) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        here = Address(hosts=(Node("127.0.0.1", web.server_address[1]),), retries=0)
        with connected(here) as servers, pytest.raises(StoreUnavailable, match="no Valkey or Redis"):
            servers.ask([get(1, "a")])
        web.shutdown()


def test_without_replicas_what_was_to_be_confirmed_is_not(server: ValkeyServer, connected: Connect) -> None:
    with connected(address(server, "replicas=all")) as servers:
        servers.ask([put(1, "a", "w")])
        server.reset_stats()
        assert servers.ask([put(1, "a", "x", confirmed=True)]) == [Unconfirmed(0)]
        assert "wait" not in server.command_stats()
        assert servers.ask([put(1, "a", "x")]) == [0]
    with connected(address(server)) as servers:
        assert servers.ask([put(1, "a", "x", confirmed=True)]) == [0], "replicas are not waited for by default"
