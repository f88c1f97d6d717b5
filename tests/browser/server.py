"""Sites in processes of their own, as browsers meet them.

Playwright's driver keeps an event loop in the tests' thread, where Django would refuse every query. What the tests
change behind the site's back (an hour that passes, a database that is away) they change in its file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

PASSWORD = "correct horse battery"
ROOT = Path(__file__).parents[2]
_OPEN_OF = (
    "state = 'open' AND EXISTS"
    " (SELECT 1 FROM auth_user WHERE username = :username AND subject LIKE 'auth.user|' || auth_user.id || '|%')"
)
_numbers = count(1)


@contextmanager
def process(command: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a server that ends with this block, or with the test process, whichever is first. It logs to a file."""
    setpriv = shutil.which("setpriv")
    guard = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    with (
        log.open("ab") as output,
        subprocess.Popen(
            guard + command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, text=True
        ) as running,
    ):
        try:
            yield running
        finally:
            running.terminate()


class Site:
    """The people's site while it runs."""

    def __init__(self, url: str, database: Path) -> None:
        self.url = url
        self.last_account = ""
        self._database = database

    def account(self, limit: str) -> str:
        """Make an account held to `limit` (a group of the site's settings); its user name."""
        username = f"{limit.replace('_', '-')}-{next(_numbers)}"
        self.hold(username, limit)
        self.last_account = username
        return username

    def hold(self, username: str, limit: str) -> None:
        """Hold an account to another limit from its next sign-in on."""
        self._ask("account", username=username, limit=limit)

    def crowd(self, users: int, sessions: int) -> str:
        """Make users with sessions, some open and some ended; the user name of an administrator who can see to them."""
        username = f"boss-{next(_numbers)}"
        self._ask("crowd", username=username, users=str(users), sessions=str(sessions))
        return username

    def link(self, username: str, kind: str = "started", days: int = 0) -> str:
        """The link in the message about the last sign-in of an account, or one refused, `days` older: its path."""
        address = self._ask("link", username=username, kind=kind, days=str(days))
        assert address.startswith("https://app.example/sessions/not-me/?token=")
        return address.removeprefix("https://app.example")

    def _ask(self, what: str, **form: str) -> str:
        body = urllib.parse.urlencode({**form, "password": PASSWORD}).encode()
        with urllib.request.urlopen(f"{self.url}/for-tests/{what}/", body, timeout=60) as answer:
            assert answer.status == 200
            return str(answer.read().decode())

    def open_sessions(self, username: str) -> list[dict[str, Any]]:
        """The open sessions of an account, straight from the table."""
        return self._query(f"SELECT * FROM sojourn_session WHERE {_OPEN_OF} ORDER BY created", username=username)

    def change_password(self, username: str) -> None:
        """Change an account's password in the table, where nobody notices."""
        self._query("UPDATE auth_user SET password = '!changed' WHERE username = :username", username=username)

    def age(self, username: str, *columns: str, minutes: float) -> None:
        """Let the open sessions of an account be `minutes` older in these respects, all at one moment.

        Whatever asks meanwhile, such as a page that is open, finds them as they were or as they will be.
        """
        older = ", ".join(f"{column} = {column} - :by" for column in columns)
        self._query(f"UPDATE sojourn_session SET {older} WHERE {_OPEN_OF}", username=username, by=int(minutes * 60_000))

    def age_tickets(self, minutes: int) -> None:
        """Let every sign-in that waits have begun `minutes` earlier."""
        self._query("UPDATE sojourn_ticket SET expires = expires - :by", by=minutes * 60_000)

    @contextmanager
    def without_its_store(self) -> Iterator[None]:
        """Take the table of sessions away for a while."""
        self._query("ALTER TABLE sojourn_session RENAME TO sojourn_session_away")
        try:
            yield
        finally:
            self._query("ALTER TABLE sojourn_session_away RENAME TO sojourn_session")

    def _query(self, statement: str, **values: object) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self._database, timeout=60, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values)]


@contextmanager
def running_site(folder: Path, kind: str = "") -> Iterator[Site]:
    """The people's site, on a port of its own, with a database file in `folder`. `kind`: see `site.serve`."""
    database, log = folder / "site.sqlite3", folder / "site.log"
    command = [sys.executable, "-m", "tests.browser.site.serve", os.fspath(database), kind]
    with process(command, log) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        assert url, f"the site did not start:\n{log.read_text()[-3000:]}"
        yield Site(url, database)
