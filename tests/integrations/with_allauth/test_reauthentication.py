"""Ending other sessions with allauth: its own page asks for the proof, and what it finds out counts."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import User

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import wiring
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.timeouts import MINUTE
from sojourn.testing.clock import FakeClock
from tests.integrations.conftest import PASSWORD, Browser
from tests.integrations.with_allauth.conftest import SECRET, by_form, by_headless_browser, totp_code

OTHERS = "/sessions/end-others/"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> FakeClock:
    """The time as Sojourn sees it, with no limit in the way."""
    settings.SOJOURN = {**settings.SOJOURN, "LIMITS": []}
    fake = FakeClock(wiring.clock())
    monkeypatch.setattr(wiring, "clock", fake)
    return fake


@pytest.fixture
def later(ann: User, browser: Browser, other: Browser, clock: FakeClock) -> None:
    """Ann is signed in in both browsers, for longer than the window."""
    for each in (browser, other):
        by_form(each)
    for _ in range(3):
        clock.advance(5 * MINUTE)
        assert (browser.whoami(), other.whoami()) == ("ann", "ann")


def is_recent(browser: Browser) -> bool:
    recent: bool = browser.get("/sessions/api/").json()["reauthentication"]["recent"]
    return recent


def test_its_page_asks_for_the_password_and_leads_back(later: None, browser: Browser, other: Browser) -> None:
    asked = browser.post(OTHERS)
    assert asked["Location"] == "/accounts/reauthenticate/?next=%2Fsessions%2Fend-others%2F"
    assert other.whoami() == "ann"
    wrong = browser.post(asked["Location"], {"password": "wrong"})
    assert wrong.status_code == 200
    assert not is_recent(browser)
    token = browser.session["_sojourn"][0]
    assert browser.post(asked["Location"], {"password": PASSWORD})["Location"] == OTHERS
    assert is_recent(browser)
    assert browser.session["_sojourn"][0] != token
    assert browser.post(OTHERS)["Location"] == "/sessions/"
    assert (browser.whoami(), other.whoami()) == ("ann", "")


def test_a_second_factor_is_proof_as_well(later: None, ann: User, browser: Browser) -> None:
    totp.TOTP.activate(ann, SECRET)
    assert browser.post("/accounts/2fa/reauthenticate/?next=/plain/", {"code": totp_code()})["Location"] == "/plain/"
    assert is_recent(browser)


def test_who_has_no_factor_there_signs_in_again(ann: User, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    by_form(browser)
    monkeypatch.setattr(User, "has_usable_password", lambda self: False)
    assert browser.get("/sessions/api/").json()["reauthentication"]["method"] == "sign-in"


def test_the_json_says_where_and_takes_no_password_itself(later: None, browser: Browser) -> None:
    refused = browser.send("/sessions/api/end-others/")
    assert (refused.status_code, refused.json()["method"]) == (403, "page")
    assert refused.json()["url"] == "/accounts/reauthenticate/?next=%2Fsessions%2F"
    assert browser.send("/sessions/api/reauthenticate/", {"password": PASSWORD}).status_code == 403
    assert not is_recent(browser)


def test_the_headless_browser_client_proves_it_by_its_own_request(later: None, browser: Browser) -> None:
    answer = browser.send("/_allauth/browser/v1/auth/reauthenticate", {"password": PASSWORD})
    assert answer.status_code == 200
    assert is_recent(browser)
    assert browser.send("/sessions/api/end-others/").status_code == 200


def test_the_headless_app_client_keeps_its_session_token(ann: User, browser: Browser, clock: FakeClock) -> None:
    signed_in = browser.send("/_allauth/app/v1/auth/login", {"username": "ann", "password": PASSWORD})
    token = {"x-session-token": signed_in.json()["meta"]["session_token"]}
    clock.advance(20 * MINUTE)
    app = Browser()
    assert app.send("/_allauth/app/v1/auth/reauthenticate", {"password": PASSWORD}, **token).status_code == 200
    (session,) = control().sessions(adapter().subject(ann))
    assert session.authenticated == clock()
    assert app.send("/_allauth/app/v1/auth/session", method="GET", **token).status_code == 200


def test_an_app_may_use_its_session_token_as_the_cookie_here(ann: User, browser: Browser) -> None:
    signed_in = browser.send("/_allauth/app/v1/auth/login", {"username": "ann", "password": PASSWORD})
    app = Browser(enforce_csrf_checks=True)
    app.cookies["sessionid"] = signed_in.json()["meta"]["session_token"]
    found = app.get("/sessions/api/").json()
    assert [each["current"] for each in found["open"]] == [True]
    sid = found["open"][0]["sid"]
    assert app.send("/sessions/api/name/", {"sid": sid, "name": "App"}).status_code == 403
    named = app.send("/sessions/api/name/", {"sid": sid, "name": "App"}, **{"x-csrftoken": found["csrf_token"]})
    assert named.json()["session"]["name"] == "App"


def test_signing_in_is_no_proof_of_a_session_that_is_there(later: None, browser: Browser) -> None:
    assert not is_recent(browser)
    by_headless_browser(browser)  # allauth says 409: somebody is signed in already
    assert not is_recent(browser)
