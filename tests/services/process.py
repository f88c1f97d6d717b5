"""One server as a child process: its own data directory, a random loopback port, and a certain end."""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 20.0
# Below what systems hand out to clients (Linux from 32768, macOS from 49152).
LASTING_PORTS = range(15_000, 32_000)
_handed_out: set[int] = set()


class ServerFailed(Exception):
    """A server did not start. The message ends with the tail of its log."""


class DataDirectory:
    """A temporary directory, owned by the unprivileged user that servers run as when the tests run as root.

    PostgreSQL refuses to run as root. The user `nobody` is there on every system, so no account has to be made.
    """

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self.account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.own(self.path)

    def own(self, path: Path) -> None:
        """Give a file or directory to the servers' user. Does nothing unless the tests run as root."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def within_reach(self, program: Path) -> Path:
        """Return a program's path, or that of a copy in here when the servers' user cannot reach the program itself."""
        if self.account is None or open_to_all(program.parent):
            return program
        copy = self.path / program.name
        shutil.copy(program, copy)
        return copy

    def run(self, command: Sequence[str | Path]) -> None:
        """Run a set-up command as the servers' user and wait. Raises ServerFailed with its output when it fails."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env=self._environment(),
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        if done.returncode:
            raise ServerFailed(f"{command[0]} exited with {done.returncode}:\n{done.stdout[-2000:]}")

    def spawn(self, command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
        """Start a server as the servers' user, in a session of its own, so that Ctrl-C reaches the tests first.

        Where Linux's setpriv is there, the server also ends when this process is killed and could not stop it.
        """
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "QUIT"] if setpriv else []
        with log.open("ab") as output:
            return subprocess.Popen(
                guard + [str(part) for part in command],
                cwd=self.path,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self._environment(),
                user=self.account.pw_uid if self.account else None,
                group=self.account.pw_gid if self.account else None,
                extra_groups=[] if self.account else None,
            )

    def remove(self) -> None:
        """Delete the directory with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.path)}


class ServerProcess:
    """A running server. It ends at `stop()`, when the interpreter exits, or when its parent is killed.

    Start it in a thread that lives as long as the server shall: to Linux, the parent is the thread.
    """

    def __init__(
        self,
        directory: DataDirectory,
        command: Sequence[str | Path],
        ready: Callable[[], bool],
        stop_signal: signal.Signals,
    ) -> None:
        self._directory = directory
        self._command = command
        self._ready = ready
        self._log = directory.path / "server.log"
        self._stop_signal = stop_signal
        self._owner = os.getpid()
        self._paused = False
        self._process = directory.spawn(command, self._log)
        atexit.register(self.stop)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    @property
    def directory(self) -> Path:
        """Where the server keeps its data and its log."""
        return self._directory.path

    @property
    def running(self) -> bool:
        """Tell whether the server can answer: it was neither killed nor paused."""
        return not self._paused and self._process.poll() is None

    def kill(self) -> None:
        """Kill the server where it stands, as a crash would. What it had written to its files stays."""
        self._process.kill()
        self._process.wait()
        self._paused = False

    def restart(self) -> None:
        """Start the server anew on the files that it left, and wait until it is ready. One that runs is ended first.

        Raises ServerFailed when it does not start; it can be tried again.
        """
        self._end()
        self._process = self._directory.spawn(self._command, self._log)
        self._wait_until_ready()

    def pause(self) -> None:
        """Let the server stand still: it keeps its connections, and answers nothing until `resume()`."""
        self._process.send_signal(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        """Let a paused server go on."""
        self._process.send_signal(signal.SIGCONT)
        self._paused = False

    def stop(self) -> None:
        """End the server and delete its data. A second call, or one in a forked child, does nothing."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.stop)
        self._end()
        self._directory.remove()

    def _end(self) -> None:
        if self._process.poll() is None:
            self.resume()
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(0.05)
                raise ServerFailed(f"the server exited with {code} while starting:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"the server was not ready after {START_SECONDS:.0f} s:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again until the condition holds. Raises TimeoutError, which says `what`, after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)


def wait_until_well(faults: Callable[[], Iterator[str]], errors: tuple[type[Exception], ...], seconds: float) -> None:
    """Ask again and again until there are no faults. One of these errors counts as a fault.

    Raises TimeoutError, which says what the first fault was, after so many seconds.
    """
    fault = ""

    def well() -> bool:
        nonlocal fault
        try:
            fault = next(faults(), "")
        except errors as error:
            fault = repr(error)
        return not fault

    try:
        wait_until(well, seconds, "all is well")
    except TimeoutError as late:
        raise TimeoutError(f"{late}: {fault}") from None


def open_to_all(path: Path) -> bool:
    """Tell whether every user can reach what is in this folder."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def lasting_port() -> int:
    """Return a TCP port of 127.0.0.1 that stays free while a server that uses it is down.

    The system gives any other to a client, even to one that is calling that very server: it then talks to itself.
    """
    for port in random.sample(LASTING_PORTS, len(LASTING_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _handed_out:
                _handed_out.add(port)
                return port
    raise ServerFailed("no port of 127.0.0.1 is free")
