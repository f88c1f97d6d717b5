"""The server that has the sessions stands still, or is gone: nobody passes, and when it is back all is well again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from sojourn.core.errors import StoreError
from tests.django.browser import AsgiBrowser, Browser, reasons
from tests.services import valkey
from tests.services.availability import NotInstalled, unavailable

pytestmark = [pytest.mark.django_db, pytest.mark.redis]

TIMEOUT, DEADLINE = 0.6, 1.2
"""Seconds: what the address says, so that a test is not long."""
BUSY = 20
"""Seconds that a request may take on a machine that has much else to do: a server that stands still never answers."""


@pytest.fixture(scope="module")
def server() -> Iterator[valkey.ValkeyServer]:
    """A server that has on its disk whatever it has answered."""
    try:
        started = valkey.start(durable=True)
    except NotInstalled as missing:
        unavailable(str(missing))
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def _sessions_are_there(server: valkey.ValkeyServer, sojourn: Any) -> Iterator[None]:
    sojourn(STORE=f"{server.url()}?timeout={TIMEOUT}&deadline={DEADLINE}")
    server.flush()
    yield
    server.resume()


@pytest.fixture(params=["stands still", "is gone"])
def down(request: pytest.FixtureRequest, server: valkey.ValkeyServer) -> Iterator[Any]:
    """Two functions: one after which no server answers, and one after which it does again, with all that it had."""
    yield (server.pause, server.resume) if request.param == "stands still" else (server.kill, server.restart)
    if not server.running:
        server.restart()


def unavailable_at_once(ask: Any) -> bool:
    """Whether the answer is our 503, within the time that the address sets (and one more answer, as it may take)."""
    began = time.monotonic()
    response = ask()
    assert time.monotonic() - began < DEADLINE + TIMEOUT + BUSY
    return bool(response.status_code == 503 and response["Retry-After"] == "5")


@pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
def test_who_is_signed_in_gets_503_until_it_is_back(ada, down, kind):
    stop, go_on = down
    browser = kind()
    browser.sign_in()
    assert browser.who() == "ada"
    stop()
    assert unavailable_at_once(lambda: browser.get("/private/"))
    go_on()
    assert browser.who() == "ada"


@pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
def test_others_are_served(ada, down, kind):
    stop, go_on = down
    stop()
    assert kind().get("/plain/").content == b"plain"
    go_on()


def test_nobody_is_signed_in_on_trust(ada, down, first):
    stop, go_on = down
    stop()
    assert unavailable_at_once(first.sign_in)
    go_on()
    assert first.who() == ""
    first.sign_in()
    assert first.who() == "ada"


def test_a_sign_out_clears_the_browser_and_says_so(ada, down, first):
    stop, go_on = down
    first.sign_in()
    stop()
    response = first.post("/logout/")
    assert response.status_code == 503
    assert "This browser is signed out" in response.content.decode()
    assert first.session_cookie() == ""
    go_on()
    assert first.who() == ""


def test_a_password_that_is_saved_meanwhile_lets_nobody_go_on(ada, down, first):
    stop, go_on = down
    first.sign_in()
    stop()
    ada.set_password("another 1")
    with pytest.raises(StoreError):
        ada.save()
    go_on()
    assert first.who() == ""


def test_what_was_ended_before_a_crash_stays_ended(ada, server, first, second):
    first.sign_in()
    second.sign_in()
    server.kill()
    server.restart()
    assert (first.who(), second.who()) == ("", "ada")
    assert len(reasons()) == 1


def test_on_a_full_server_nobody_signs_in_and_everybody_can_sign_out(server, first, second):
    first.sign_in()
    server.execute("CONFIG", "SET", "maxmemory", "1")
    try:
        assert unavailable_at_once(second.sign_in)
        assert first.who() == "ada"
        assert first.post("/logout/").status_code == 200
        assert first.who() == second.who() == ""
        assert reasons() == ["logout"]
    finally:
        server.execute("CONFIG", "SET", "maxmemory", "0")
