"""At a real server (uvicorn), with a real socket on which nobody says anything."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from sojourn.contrib.django.channels import ENDED
from tests.browser.server import process
from tests.integrations.conftest import PASSWORD


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The host and port of a server of its own."""
    entry = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.fspath(tmp_path / "site.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
    monkeypatch.setenv("SOJOURN_TEST_DATABASE", json.dumps(entry))
    command = [sys.executable, "-m", "tests.integrations.with_channels.serve"]
    log = tmp_path / "log"
    with process(command, log) as running:
        assert running.stdout is not None
        host = running.stdout.readline().strip()
        assert host, log.read_text()[-3000:]
        yield host


class Visitor:
    """Somebody's browser, as far as it is needed here: cookies, a form, a socket."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def sign_in(self) -> None:
        """Sign in on the site's page."""
        address = f"http://{self.host}/login/"
        with self.opener.open(address, timeout=60):
            pass
        token = next(cookie.value for cookie in self.jar if cookie.name == "csrftoken")
        form = {"username": "ann", "password": PASSWORD, "csrfmiddlewaretoken": token}
        with self.opener.open(address, urllib.parse.urlencode(form).encode(), timeout=60) as answer:
            assert answer.status == 200

    def socket(self) -> ClientConnection:
        """Open a socket with this browser's cookies."""
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)
        return connect(f"ws://{self.host}/", additional_headers={"Cookie": cookies}, proxy=None)


def test_an_idle_socket_is_closed_within_seconds_of_its_session_s_eviction(server: str) -> None:
    owner, newcomer = Visitor(server), Visitor(server)
    owner.sign_in()
    with owner.socket() as open_socket:
        assert json.loads(open_socket.recv(timeout=60)) == {"user": "ann"}
        newcomer.sign_in()
        begun = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            open_socket.recv(timeout=60)
    assert time.monotonic() - begun < 20  # on a machine that is busy; it is looked at every three seconds
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == ENDED
