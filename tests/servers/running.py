"""Servers as their users start them, each on a socket that is there already: whoever asks early waits."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.server import ROOT
from tests.demo.visitor import Visitor
from tests.django.smtp import Post
from tests.services.process import wait_until

GUNICORN = "gunicorn --bind fd://{fd} --graceful-timeout 60 --timeout 60"
PASSWORD = "correct horse battery"
LONG = 60.0
"""Seconds that nothing here takes."""


@dataclass
class Server:
    """A server that runs, and what its processes have said at their end."""

    url: str
    process: subprocess.Popen[bytes]
    words: Path

    def sign_in_anew(self, name: str) -> Visitor:
        """Somebody signs in, and once more on another device, of which a mail is to tell them."""
        for _ in range(2):
            visitor = Visitor(self.url, csrf=("login/", "csrftoken"))
            assert visitor.sign_in(name, PASSWORD, at="login/").status == 200
        return visitor

    def here(self) -> dict[str, int]:
        """Who answers: see `tests.servers.urls`."""
        found: dict[str, int] = json.loads(Visitor(self.url).get("here/").text)
        return found

    def last_words(self) -> set[int]:
        """Who has ended of its own accord."""
        return {int(line) for line in self.words.read_text().split()} if self.words.exists() else set()

    def stop(self) -> int:
        """Ask it to stop, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LONG)


@contextmanager
def running(how: str, folder: Path, database: Mapping[str, Any], **environment: str) -> Iterator[Server]:
    """`python -m how`, which ends with this block, or with the test process, whichever is first."""
    setpriv = shutil.which("setpriv")
    guard = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    words = folder / "last-words"
    made = {"SOJOURN_TEST_DATABASE": json.dumps(database), "SOJOURN_TEST_LAST_WORDS": os.fspath(words)}
    made["HOME"] = os.fspath(folder)  # where gunicorn puts a socket by which it is controlled
    with socket.create_server(("127.0.0.1", 0)) as listening, (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*guard, sys.executable, "-m", *how.format(fd=listening.fileno()).split()],
            cwd=ROOT,
            env={**os.environ, **made, **environment},
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}/", process, words)
        finally:
            process.terminate()
            process.wait(2 * LONG)  # by then gunicorn has killed whom it was to wait for


def prepared(database: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same database, with the site's tables and people in it."""
    made = {**os.environ, "SOJOURN_TEST_DATABASE": json.dumps(database)}
    subprocess.run([sys.executable, "-m", "tests.servers.site"], cwd=ROOT, env=made, check=True, timeout=600)
    return database


def arrived(post: Post, name: str) -> None:
    """Wait until somebody was written to."""
    wait_until(lambda: [f"{name}@example.org"] in post.recipients, LONG, f"a mail to {name}")
