"""Django REST framework: its sign-in is held to the limit, its sessions to their records, tokens to neither."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason
from tests.integrations.conftest import PASSWORD, Browser

PROBLEM = "application/problem+json"


def by_page(browser: Browser) -> Any:
    """The browsable API's own page."""
    return browser.post("/api-auth/login/?next=/api/me/", {"username": "ann", "password": PASSWORD})


def by_api(browser: Browser, path: str = "/api/sign-in/") -> Any:
    """A view that calls login() with the framework's request."""
    return browser.send(path, {"username": "ann", "password": PASSWORD})


def me(browser: Browser, method: str = "GET") -> Any:
    return browser.send("/api/me/", method=method)


def sessions() -> int:
    return len(control().sessions(adapter().subject(User.objects.get(username="ann"))))


def test_the_browsable_sign_in_is_refused_with_a_page(
    ann: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("refuse")
    assert by_page(browser).status_code == 302
    refused = by_page(other)
    assert (refused.status_code, refused["Content-Type"].split(";")[0]) == (409, "text/html")
    assert (me(browser).json(), me(other).status_code) == ({"user": "ann"}, 401)


def test_the_browsable_sign_in_asks_and_goes_on(ann: User, limited: Any, browser: Browser, other: Browser) -> None:
    limited("ask")
    by_page(browser)
    (mine,) = control().sessions(adapter().subject(ann))
    assert by_page(other).url == "/sessions/choose/"
    assert me(other).status_code == 401
    chosen = other.post("/sessions/choose/", {"end": mine.sid})
    assert (chosen.status_code, chosen.url) == (302, "/api/me/")
    assert me(other).json() == {"user": "ann"}


@pytest.mark.parametrize("path", ["/api/sign-in/", "/api/careless-sign-in/"])
@pytest.mark.parametrize(("overflow", "name"), [("refuse", "limit-reached"), ("ask", "choice-required")])
def test_login_with_the_framework_s_request_is_answered_with_problem_details(
    ann: User, limited: Any, browser: Browser, other: Browser, path: str, overflow: str, name: str
) -> None:
    limited(overflow)
    assert by_api(browser, path).json() == {"user": "ann"}
    stopped = by_api(other, path)
    assert (stopped.status_code, stopped["Content-Type"]) == (409, PROBLEM)
    assert stopped.json()["type"] == f"urn:sojourn:problem:{name}"
    assert (me(browser).status_code, me(other).status_code, sessions()) == (200, 401, 1)


def test_login_with_the_framework_s_request_ends_the_other(
    ann: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("end_existing")
    by_api(browser)
    assert by_api(other).status_code == 200
    told = me(browser)
    assert (told.status_code, told["Content-Type"], told.json()["reason"]) == (401, PROBLEM, "evicted")
    assert (me(browser).status_code, me(other).status_code) == (401, 200)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_session_authentication_takes_no_evicted_session(ann: User, browser: Browser, method: str) -> None:
    by_api(browser)
    assert me(browser, method).status_code == 200
    control().end(adapter().subject(ann), None, EndReason.EVICTED)
    copy = browser.cookies["sessionid"].value
    assert me(browser, method).status_code == 401
    browser.cookies["sessionid"] = copy
    assert me(browser, method).status_code == 401


def test_a_token_is_no_session_and_takes_up_no_room(ann: User, limited: Any, browser: Browser, other: Browser) -> None:
    limited("refuse")
    by_page(browser)
    basic = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
    given = other.send("/api/token/", authorization=f"Basic {basic}")
    assert given.status_code == 200
    assert sessions() == 1
    token = {"authorization": f"Token {given.json()['token']}"}
    assert other.send("/api/me/", method="GET", **token).json() == {"user": "ann"}
    control().end(adapter().subject(ann), None, EndReason.OPERATOR)
    assert other.send("/api/me/", method="GET", **token).json() == {"user": "ann"}
    assert "sessionid" not in other.cookies


def test_a_token_taken_in_a_signed_in_browser_leaves_its_session_as_it_is(ann: User, browser: Browser) -> None:
    by_page(browser)
    (before,) = control().sessions(adapter().subject(ann))
    basic = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
    assert browser.send("/api/token/", authorization=f"Basic {basic}").status_code == 200
    (after,) = control().sessions(adapter().subject(ann))
    assert (after.sid, after.generation) == (before.sid, before.generation)
    assert browser.whoami() == "ann"


def test_somebody_else_s_token_taken_in_a_signed_in_browser_signs_nobody_out(
    ann: User, boss: User, browser: Browser
) -> None:
    browser.sign_in("boss")
    basic = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
    assert browser.send("/api/token/", authorization=f"Basic {basic}").status_code == 200
    assert (browser.whoami(), sessions()) == ("boss", 0)
