"""What Sojourn costs a request where sessions are on a Valkey: commands, by the server's own count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sojourn.core.timeouts import MINUTE
from tests.django.browser import JSON, AsgiBrowser, Browser
from tests.services.valkey import ValkeyServer

pytestmark = [pytest.mark.django_db, pytest.mark.redis]

INSIDE = {
    "hget",
    "hset",
    "hmget",
    "hsetnx",
    "hexists",
    "hdel",
    "zadd",
    "zrem",
    "zremrangebyscore",
    "zscore",
    "zrangebylex",
    "zrange",
    "time",
}
"""What scripts do on the server by themselves; nobody waits for each of them."""


@pytest.fixture(params=[Browser, AsgiBrowser])
def browser(request: pytest.FixtureRequest, ada: Any, sojourn: Any, valkey_server: ValkeyServer) -> Iterator[Any]:
    """A browser of each kind of server, at a site whose scripts the Valkey knows."""
    valkey_server.flush()
    sojourn(STORE=valkey_server.url())
    warm = request.param()
    warm.sign_in()
    warm.get("/private/")
    valkey_server.flush()
    return request.param()


def commands(server: ValkeyServer) -> dict[str, int]:
    """How many commands were sent since the count began, by name."""
    return {name: calls for name, calls in server.command_stats().items() if name not in INSIDE}


def test_a_stranger_costs_none(browser, valkey_server):
    valkey_server.reset_stats()
    browser.get("/plain/")
    assert commands(valkey_server) == {}


@pytest.mark.parametrize("path", ["/plain/", "/private/", "/whoami/", "/async-whoami/"])
def test_a_request_of_somebody_signed_in_costs_one_whether_it_is_noted_or_not(browser, valkey_server, clock, path):
    browser.sign_in()
    for later in (0, MINUTE, 5 * MINUTE):  # the last two are noted
        clock.advance(later)
        valkey_server.reset_stats()
        assert browser.get(path).status_code == 200
        assert commands(valkey_server) == {"evalsha": 1}


def test_a_poll_of_an_open_page_costs_one_and_writes_nothing(browser, valkey_server, clock):
    browser.sign_in()
    clock.advance(5 * MINUTE)
    valkey_server.reset_stats()
    assert browser.get("/sessions/live/", headers=JSON).status_code == 200
    assert commands(valkey_server) == {"evalsha": 1}
    assert not {"hset", "zadd"} & set(valkey_server.command_stats())


def test_a_sign_in_costs_two(browser, valkey_server):
    valkey_server.reset_stats()
    assert browser.sign_in().status_code == 302
    assert commands(valkey_server) == {"evalsha": 2}


def test_one_that_ends_another_costs_one_more_to_call_its_device_by_its_name(browser, valkey_server):
    type(browser)().sign_in()
    valkey_server.reset_stats()
    assert browser.sign_in().status_code == 302
    assert commands(valkey_server) == {"evalsha": 3}
