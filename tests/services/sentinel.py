"""A master with a replica, watched by three Sentinels, for tests: five processes of Valkey or Redis.

In a script: `group = sentinel.start("redis")`, `group.url()`, `group.kill(group.master())`, `group.wait_until_whole()`,
`group.stop()`. The Sentinels have patience with a master that is silent, which a busy machine keeps waiting, until
`group.kill(server)` or `group.lose_patience()`: then they agree on a failover within seconds, until `heal()`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from collections.abc import Iterator
from typing import Any

from tests.services import valkey
from tests.services.process import wait_until, wait_until_well
from tests.services.valkey import HOST, USER, ValkeyServer

MASTER_NAME = "sojourn"
SENTINELS = 3
QUORUM = 2
PATIENT = 60_000  # milliseconds that a server may be silent before it counts as down
IMPATIENT = 700
FAILOVER_TIMEOUT = 3_000  # milliseconds until the next attempt
HEAL_SECONDS = 120.0


@dataclasses.dataclass(frozen=True, slots=True)
class SentinelGroup:
    """A running pair of servers and its Sentinels, which belong to this test run alone.

    product, version: of every process. servers: the two that hold data; which is the master changes with a failover.
    sentinels: those that watch. They ask no password of anybody, and hold nothing but addresses.
    """

    product: str
    version: str
    servers: tuple[ValkeyServer, ...]
    sentinels: tuple[ValkeyServer, ...]

    def url(self) -> str:
        """Return a URL that names every Sentinel, the master's name, and the servers' user and password."""
        return self._url(USER, self.servers[0].password)

    def new_user(self, *rules: str) -> str:
        """Make a user on both servers, as `ValkeyServer.new_user` does, and return the URL for them."""
        user, password, command = valkey.user_with(*rules)
        for server in self.servers:
            server.execute(*command)
        return self._url(user, password)

    def master(self) -> ValkeyServer:
        """Return the server that the Sentinels say is the master.

        Raises LookupError when they do not agree, or name one that is down.
        """
        running = {server.port: server for server in self.servers if server.running}
        named = {_named_by(watcher) for watcher in self.sentinels if watcher.running}
        if len(named) != 1 or not named <= running.keys():
            raise LookupError(f"the Sentinels say that the master is {sorted(named)}; running are {sorted(running)}")
        return running[named.pop()]

    def replica(self) -> ValkeyServer:
        """Return the server that is not the master, running or not. Raises LookupError as `master` does."""
        master = self.master()
        return next(server for server in self.servers if server is not master)

    def kill(self, server: ValkeyServer) -> None:
        """Kill a server or a Sentinel where it stands, as a crash would; the Sentinels lose patience with it."""
        server.kill()
        self.lose_patience()

    def lose_patience(self) -> None:
        """Let the Sentinels notice within a second that a server is silent, until `heal()`."""
        self._wait_for_servers(IMPATIENT)

    def restart(self, server: ValkeyServer) -> None:
        """Start a server or a Sentinel again. One that was master goes on as such until the Sentinels notice it."""
        server.restart()

    def wait_until_whole(self, seconds: float = HEAL_SECONDS) -> None:
        """Wait until the running Sentinels agree on a running master, which the other server follows if it runs.

        Raises TimeoutError, with what was missing last.
        """
        wait_until_well(self._faults, valkey.no_answer(), seconds)

    def heal(self) -> None:
        """Resume what is paused, restart what was killed, and wait until both servers are in their places.

        A master that comes back is told of the other at once: the Sentinels would take ten seconds and more.
        """
        for watcher in self.sentinels:
            _revive(watcher)
        self.lose_patience()
        if not any(server.running for server in self.servers):
            for server in self.servers:
                _revive(server)
        wait_until(lambda: self._agreed_on() is not None, HEAL_SECONDS, "the Sentinels agree on a master that is there")
        master, replica = self.master(), self.replica()
        _revive(replica)
        if replica.execute("INFO", "replication")["role"] == "master":
            replica.execute("REPLICAOF", HOST, master.port)
        self.wait_until_whole()
        self._wait_for_servers(PATIENT)

    def hand_over(self) -> None:
        """Let the replica take the place of the master, which follows it from then on."""
        replica = self.replica()
        self.sentinels[0].execute("SENTINEL", "FAILOVER", MASTER_NAME)
        wait_until(lambda: self._agreed_on() is replica, HEAL_SECONDS, "the Sentinels agree on the replica")
        self.heal()

    def flush(self) -> None:
        """Delete every key."""
        self.master().flush()

    def stop(self) -> None:
        """End every process and delete its data. A second call does nothing."""
        for process in (*self.sentinels, *self.servers):
            process.stop()

    def _wait_for_servers(self, milliseconds: int) -> None:
        for watcher in self.sentinels:
            if watcher.running:
                watcher.execute("SENTINEL", "SET", MASTER_NAME, "down-after-milliseconds", milliseconds)

    def _url(self, user: str, password: str) -> str:
        watchers = ",".join(f"{HOST}:{watcher.port}" for watcher in self.sentinels)
        secured = self.servers[0].secured
        return f"redis{'s' * bool(secured)}+sentinel://{user}:{password}@{watchers}/{MASTER_NAME}/0{secured}"

    def _agreed_on(self) -> ValkeyServer | None:
        try:
            return self.master()
        except (LookupError, *valkey.no_answer()):
            return None

    def _faults(self) -> Iterator[str]:
        """What keeps the group from being whole, the first of it first."""
        try:
            master = self.master()
        except LookupError as error:
            yield str(error)
            return
        replicas = {server.port for server in self.servers if server.running and server is not master}
        if master.execute("INFO", "replication")["role"] != "master":
            yield f"{master.port} does not know that it is the master"
        for server in self.servers:
            if server.port in replicas and not _follows(server, master):
                yield f"{server.port} does not follow {master.port}"
        watching = [watcher for watcher in self.sentinels if watcher.running]
        for watcher in watching:
            seen = _fields(watcher.execute("SENTINEL", "MASTER", MASTER_NAME))
            if seen["flags"] != "master":
                yield f"to Sentinel {watcher.port} the master is {seen['flags']}"
            if int(seen["num-other-sentinels"]) != len(self.sentinels) - 1:
                yield f"Sentinel {watcher.port} knows of {seen['num-other-sentinels']} others"
            followers = map(_fields, watcher.execute("SENTINEL", "REPLICAS", MASTER_NAME))
            if not replicas <= {int(each["port"]) for each in followers if each["flags"] == "slave"}:
                yield f"Sentinel {watcher.port} does not see the replica well"


def start(product: str = "valkey", *, durable: bool = False, tls: bool = False) -> SentinelGroup:
    """Start a master, its replica and three Sentinels that have met. Takes about three seconds.

    product: one of `valkey.PRODUCTS`. durable: the servers' writes are on disk before they are answered. tls (Redis
    only): nothing between any of them or to clients is plain text.
    Raises NotInstalled when the server or redis-py is missing, ServerFailed or TimeoutError when it does not start.
    """
    password = secrets.token_hex(24)
    transport: dict[str, Any] = {"transport": "tls", "authority": valkey.new_authority()} if tls else {}
    secured = {"tls-replication": "yes"} if tls else {}
    replication = {**secured, "masterauth": password, "repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1"}
    with contextlib.ExitStack() as undo:

        def run(**how: Any) -> ValkeyServer:
            started = valkey.start(product, **how, **transport)
            undo.callback(started.stop)
            return started

        master = run(durable=durable, password=password, settings=replication)
        following = {**replication, "replicaof": f"{HOST} {master.port}"}
        replica = run(durable=durable, password=password, settings=following)
        watching = {
            **secured,
            "sentinel monitor": f"{MASTER_NAME} {HOST} {master.port} {QUORUM}",
            "sentinel auth-pass": f"{MASTER_NAME} {password}",
            "sentinel down-after-milliseconds": f"{MASTER_NAME} {IMPATIENT}",
            "sentinel failover-timeout": f"{MASTER_NAME} {FAILOVER_TIMEOUT}",
        }
        watchers = [run(password="", settings=watching, arguments=["--sentinel"]) for _ in range(SENTINELS)]
        group = SentinelGroup(product, master.version, (master, replica), tuple(watchers))
        group.heal()
        undo.pop_all()
    return group


def _revive(process: ValkeyServer) -> None:
    process.resume()
    if not process.running:
        process.restart()


def _named_by(watcher: ValkeyServer) -> int:
    """The port of the master, as a Sentinel tells clients."""
    _host, port = watcher.execute("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER_NAME)
    return int(port)


def _follows(replica: ValkeyServer, master: ValkeyServer) -> bool:
    state = replica.execute("INFO", "replication")
    return state.get("master_link_status") == "up" and state["master_port"] == master.port


def _fields(answer: list[bytes]) -> dict[str, str]:
    """Names and values that take turns, as Sentinels answer."""
    words = [word.decode() for word in answer]
    return dict(zip(words[::2], words[1::2], strict=True))
