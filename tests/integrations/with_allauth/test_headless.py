"""allauth's headless clients: a browser's script with JSON and a cookie, and an app with X-Session-Token and none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from tests.integrations.conftest import PASSWORD, Browser, open_sessions, reasons
from tests.integrations.with_allauth.conftest import SECRET, by_form, totp, totp_code

API = "/_allauth/app/v1/"
PROBLEM = "application/problem+json"


class App:
    """An app on a phone: each request stands alone, without any cookie; all it keeps is its token."""

    def __init__(self) -> None:
        self.token = ""

    def send(self, path: str, data: object = None, method: str = "POST") -> Any:
        headers = {"x-session-token": self.token} if self.token else {}
        response = Browser().send(API + path, data, method, **headers)
        if response.status_code != 409 and response.content:
            self.token = response.json().get("meta", {}).get("session_token", self.token)
        return response

    def sign_in(self) -> Any:
        return self.send("auth/login", {"username": "ann", "password": PASSWORD})

    def second_factor(self) -> Any:
        return self.send("auth/2fa/authenticate", {"code": totp_code()})

    def status(self) -> int:
        """200 for signed in, 401 for not, 410 for a token that is gone."""
        return int(self.send("auth/session", method="GET").status_code)


@pytest.fixture
def app(ann: User) -> App:
    return App()


@pytest.fixture
def other_app(ann: User) -> App:
    return App()


def end_all(user: User) -> None:
    control().end(adapter().subject(user), None, EndReason.REVOKED)


# The browser client.


def test_a_refused_script_gets_409_and_problem_details(
    script_sign_in: Any, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("refuse")
    assert script_sign_in(browser).status_code == 200
    refused = script_sign_in(other)
    assert (refused.status_code, refused["Content-Type"]) == (409, PROBLEM)
    assert refused.json()["type"] == "urn:sojourn:problem:limit-reached"
    assert (browser.whoami(), other.whoami()) == ("ann", "")


def test_a_script_that_took_the_place_is_signed_in_and_the_other_is_told(
    script_sign_in: Any, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("end_existing")
    script_sign_in(browser)
    assert script_sign_in(other).status_code == 200
    told = browser.send("/_allauth/browser/v1/auth/session", method="GET")
    assert (told.status_code, told.json()["reason"]) == (401, "evicted")
    assert (browser.whoami(), other.whoami()) == ("", "ann")


def test_a_script_answers_the_question_with_its_ticket(
    script_sign_in: Any, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("ask")
    script_sign_in(browser)
    asked = script_sign_in(other)
    assert (asked.status_code, asked["Content-Type"]) == (409, PROBLEM)
    assert other.whoami() == ""
    assert other.send("/_allauth/browser/v1/auth/session", method="GET").status_code == 401
    body = asked.json()
    answer = {"ticket": body["ticket"], "end": [item["sid"] for item in body["open"]]}
    assert other.send("/sessions/choose/", answer).status_code == 201
    assert (browser.whoami(), other.whoami()) == ("", "ann")


def test_after_a_refusal_the_script_begins_again_from_the_password(
    ann: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("refuse")
    by_form(browser)
    totp.TOTP.activate(ann, SECRET)
    login = "/_allauth/browser/v1/auth/login"
    factor = "/_allauth/browser/v1/auth/2fa/authenticate"
    other.send(login, {"username": "ann", "password": PASSWORD})
    assert other.send(factor, {"code": totp_code()}).status_code == 409
    browser.post("/accounts/logout/")
    assert other.send(factor, {"code": totp_code()}).status_code == 401  # there is no sign-in under way any more
    other.send(login, {"username": "ann", "password": PASSWORD})
    assert other.send(factor, {"code": totp_code()}).status_code == 200


# The app client.


def test_an_app_is_signed_in_and_counted(app: App, limited: Any, ann: User, other: Browser) -> None:
    limited("refuse")
    assert app.sign_in().status_code == 200
    assert app.status() == 200
    (mine,) = open_sessions(ann)
    assert mine.state == "open"
    assert by_form(other).status_code == 409
    assert app.status() == 200


def test_an_app_at_the_limit_is_refused_and_gets_no_token(app: App, other_app: App, limited: Any) -> None:
    limited("refuse")
    app.sign_in()
    refused = other_app.sign_in()
    assert (refused.status_code, refused["Content-Type"]) == (409, PROBLEM)
    assert other_app.token == ""
    assert (app.status(), other_app.status()) == (200, 401)


def test_an_app_is_refused_at_its_second_factor_and_its_old_token_opens_nothing(
    app: App, other_app: App, limited: Any, ann: User
) -> None:
    limited("refuse")
    app.sign_in()
    totp.TOTP.activate(ann, SECRET)
    assert other_app.sign_in().status_code == 401
    assert other_app.second_factor().status_code == 409
    assert other_app.status() in {401, 410}
    assert other_app.second_factor().status_code != 200


def test_an_app_passes_its_second_factor_where_there_is_room(app: App, limited: Any, ann: User) -> None:
    limited("refuse")
    totp.TOTP.activate(ann, SECRET)
    assert app.sign_in().status_code == 401
    assert app.second_factor().status_code == 200
    assert app.status() == 200
    assert len(open_sessions(ann)) == 1


def test_the_token_of_an_evicted_app_is_gone(app: App, other_app: App, limited: Any) -> None:
    limited("end_existing")
    app.sign_in()
    assert other_app.sign_in().status_code == 200
    assert (app.status(), other_app.status()) == (410, 200)


def test_the_token_of_a_revoked_app_is_gone_and_so_is_its_data(app: App, ann: User) -> None:
    app.sign_in()
    key = app.token
    end_all(ann)
    assert app.status() == 410
    assert app.send("account/password/change", {"current_password": PASSWORD, "new_password": "x"}).status_code == 410
    from django.contrib.sessions.models import Session as Stored

    assert not Stored.objects.filter(session_key=key).exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_an_app_is_gone_when_its_user_changed_without_a_signal(app: App, ann: User, change: dict[str, Any]) -> None:
    app.sign_in()
    before = User.objects.filter(pk=ann.pk).values(*change).get()
    User.objects.filter(pk=ann.pk).update(**change)
    assert app.status() == 410
    User.objects.filter(pk=ann.pk).update(**before)
    assert app.status() == 410
    assert reasons(ann)[0] == ("deactivated" if "is_active" in change else "credential_changed")


def test_an_app_that_signs_out_ends_its_session(app: App, other_app: App, limited: Any, ann: User) -> None:
    limited("refuse")
    app.sign_in()
    assert app.send("auth/session", method="DELETE").status_code == 401
    assert reasons(ann)[0] == "logout"
    assert other_app.sign_in().status_code == 200


def test_an_app_answers_the_question_and_goes_on_with_its_new_token(
    app: App, limited: Any, ann: User, other: Browser
) -> None:
    limited("ask")
    by_form(other)
    asked = app.sign_in()
    assert (asked.status_code, app.token) == (409, "")
    body = asked.json()
    device = Client(enforce_csrf_checks=True)
    device.cookies["sojourn_device"] = asked.cookies["sojourn_device"].value
    answer = {"ticket": body["ticket"], "end": [body["open"][0]["sid"]]}
    admitted = device.post("/sessions/choose/", answer, content_type="application/json")
    assert admitted.status_code == 201, admitted.content
    app.token = admitted.cookies["sessionid"].value
    assert app.status() == 200
    assert other.whoami() == ""


def test_a_form_on_the_choice_page_is_still_checked_for_csrf(ann: User, limited: Any, other: Browser) -> None:
    limited("ask")
    by_form(other)
    forged = Browser(enforce_csrf_checks=True)
    answer = {"ticket": "sojt_x", "end": ["x"]}
    assert forged.post("/sessions/choose/", answer).status_code == 403
    assert forged.post("/sessions/choose/", answer, content_type="text/plain").status_code == 403
    assert forged.post("/sessions/choose/", answer, content_type="application/json").status_code == 410


def test_an_app_that_changes_its_password_stays_and_the_others_end(
    app: App, other_app: App, settings: Any, ann: User
) -> None:
    settings.SOJOURN = {**settings.SOJOURN, "LIMITS": []}
    app.sign_in()
    other_app.sign_in()
    changed = app.send("account/password/change", {"current_password": PASSWORD, "new_password": PASSWORD + "!"})
    assert changed.status_code == 200
    assert (app.status(), other_app.status()) == (200, 410)
    assert len(open_sessions(ann)) == 1


def test_a_token_does_not_disturb_the_browser_that_sends_it(ann: User, boss: User, app: App, browser: Browser) -> None:
    app.sign_in()
    browser.sign_in("boss")
    session = browser.send(API + "auth/session", method="GET", **{"x-session-token": app.token})
    assert session.json()["data"]["user"]["username"] == "ann"
    assert browser.whoami() == "boss"
    browser.send(API + "auth/session", method="DELETE", **{"x-session-token": app.token})
    assert (app.status(), browser.whoami()) == (410, "boss")


def test_an_app_s_use_of_its_session_is_activity(app: App, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from sojourn.contrib.django.internal import wiring
    from sojourn.testing.clock import FakeClock

    clock = FakeClock()
    monkeypatch.setattr(wiring, "clock", clock)
    app.sign_in()
    for _ in range(3):
        clock.advance(20 * 60_000)
        assert app.status() == 200
    clock.advance(31 * 60_000)
    assert app.status() == 410
    assert reasons(ann)[0] == "inactivity_timeout"


def test_an_app_is_told_503_while_the_store_is_away(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app.sign_in()

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(control().store, "visit", away)
    answer = app.send("auth/session", method="GET")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    monkeypatch.undo()
    assert app.status() == 200


def test_with_allauth_s_own_strategy_a_revoked_token_would_live_on(app: App, ann: User, settings: Any) -> None:
    settings.HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy"
    app.sign_in()
    end_all(ann)
    assert app.status() == 200


def test_the_refresh_token_of_an_ended_session_is_dead(app: App, ann: User, settings: Any) -> None:
    settings.HEADLESS_TOKEN_STRATEGY = "sojourn.contrib.django.allauth.SojournJWTTokenStrategy"
    meta = app.sign_in().json()["meta"]
    renewed = Browser().send(API + "tokens/refresh", {"refresh_token": meta["refresh_token"]})
    assert renewed.status_code == 200
    end_all(ann)
    refused = Browser().send(API + "tokens/refresh", {"refresh_token": renewed.json()["data"]["refresh_token"]})
    assert refused.status_code == 400


def test_under_asgi_an_app_is_held_to_the_limit_and_its_dead_token_is_gone(
    ann: User, limited: Any, settings: Any
) -> None:
    limited("end_existing")

    @async_to_sync
    async def send(method: str, path: str, token: str = "") -> Any:
        headers = {"accept": "application/json"} | ({"x-session-token": token} if token else {})
        body = json.dumps({"username": "ann", "password": PASSWORD}) if method == "POST" else "{}"
        return await AsyncClient().generic(method, API + path, body, "application/json", headers=headers)

    first = send("POST", "auth/login").json()["meta"]["session_token"]
    assert send("GET", "auth/session", first).status_code == 200
    second = send("POST", "auth/login").json()["meta"]["session_token"]
    assert send("GET", "auth/session", first).status_code == 410
    assert send("GET", "auth/session", second).status_code == 200
    assert send("DELETE", "auth/session", second).status_code == 401
    assert reasons(ann)[0] == "logout"
