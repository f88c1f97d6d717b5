"""One database server as a child process: its own data directory, a random loopback port, and a certain end."""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 20.0


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
    """A running server. It ends at `stop()`, when the interpreter exits, or when its parent is killed."""

    def __init__(
        self,
        directory: DataDirectory,
        command: Sequence[str | Path],
        ready: Callable[[], bool],
        stop_signal: signal.Signals,
    ) -> None:
        self._directory = directory
        self._log = directory.path / "server.log"
        self._stop_signal = stop_signal
        self._owner = os.getpid()
        self._process = directory.spawn(command, self._log)
        atexit.register(self.stop)
        try:
            self._wait_until(ready)
        except BaseException:
            self.stop()
            raise

    @property
    def directory(self) -> Path:
        """Where the server keeps its data and its log."""
        return self._directory.path

    def stop(self) -> None:
        """End the server and delete its data. A second call, or one in a forked child, does nothing."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.stop)
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._directory.remove()

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(0.05)
                raise ServerFailed(f"the server exited with {code} while starting:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"the server was not ready after {START_SECONDS:.0f} s:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
