"""allauth's pages, stock, are held to the limit; what they end is ended in Sojourn's books."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from tests.integrations.conftest import PASSWORD, Browser, open_sessions, reasons
from tests.integrations.with_allauth.conftest import by_form, by_second_factor


def test_refuse_answers_with_our_page_and_leaves_the_open_session(
    page_sign_in: Any, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("refuse")
    assert page_sign_in(browser).status_code == 302
    refused = page_sign_in(other)
    assert refused.status_code == 409
    assert refused["Content-Type"].startswith("text/html")
    assert (browser.whoami(), other.whoami()) == ("ann", "")


def test_end_existing_signs_in_and_tells_the_one_that_ended(
    page_sign_in: Any, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("end_existing")
    page_sign_in(browser)
    assert page_sign_in(other).status_code == 302
    assert other.whoami() == "ann"
    ended = browser.get("/private/")
    assert ended.status_code == 401
    assert "ended" in ended.content.decode()
    assert browser.whoami() == ""


def test_ask_lists_the_sessions_and_goes_on_to_where_the_user_was_going(
    page_sign_in: Any, limited: Any, browser: Browser, other: Browser, ann: User
) -> None:
    limited("ask")
    page_sign_in(browser)
    (mine,) = open_sessions(ann)
    asked = page_sign_in(other)
    assert (asked.status_code, asked.url) == (303, "/sessions/choose/")
    assert other.whoami() == ""
    assert mine.sid in other.get(asked.url).content.decode()
    chosen = other.post(asked.url, {"end": mine.sid})
    assert (chosen.status_code, chosen.url) == (302, "/plain/")
    assert (browser.whoami(), other.whoami()) == ("", "ann")


@pytest.mark.parametrize("overflow", ["refuse", "ask"])
def test_a_stopped_second_factor_cannot_be_given_again_without_the_password(
    ann: User, limited: Any, browser: Browser, other: Browser, overflow: str
) -> None:
    limited(overflow)
    by_second_factor(browser)
    by_second_factor(other)
    browser.post("/accounts/logout/")
    again = other.get("/accounts/2fa/authenticate/")
    assert (again.status_code, again.url) == (302, "/accounts/login/")
    assert by_second_factor(other).status_code == 302
    assert other.whoami() == "ann"


@pytest.mark.parametrize("remember", [True, False])
def test_remember_me_is_kept_through_the_choice(
    ann: User, limited: Any, browser: Browser, other: Browser, remember: bool
) -> None:
    limited("ask")
    by_form(browser)
    (mine,) = open_sessions(ann)
    data = {"login": "ann", "password": PASSWORD} | ({"remember": "on"} if remember else {})
    assert other.post("/accounts/login/", data).status_code == 303
    chosen = other.post("/sessions/choose/", {"end": mine.sid})
    assert bool(chosen.cookies["sessionid"]["max-age"]) is remember
    assert other.session.get_expire_at_browser_close() is not remember
    (now_open,) = open_sessions(ann)
    assert now_open.persistent is remember


@pytest.mark.parametrize("remember", [True, False])
def test_remember_me_is_what_the_record_says_without_a_choice(ann: User, browser: Browser, remember: bool) -> None:
    data = {"login": "ann", "password": PASSWORD} | ({"remember": "on"} if remember else {})
    browser.post("/accounts/login/", data)
    (mine,) = open_sessions(ann)
    assert mine.persistent is remember


def test_a_new_account_is_signed_in_and_counted(limited: Any, browser: Browser, other: Browser, db: None) -> None:
    limited("refuse")
    made = browser.post(
        "/accounts/signup/",
        {"username": "ann", "email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert made.status_code == 302
    assert browser.whoami() == "ann"
    assert by_form(other).status_code == 409


def test_sign_out_ends_the_session_and_makes_room(ann: User, limited: Any, browser: Browser, other: Browser) -> None:
    limited("refuse")
    by_form(browser)
    copy = browser.cookies["sessionid"].value
    browser.post("/accounts/logout/")
    assert reasons(ann)[0] == "logout"
    assert by_form(other).status_code == 302
    browser.cookies["sessionid"] = copy
    assert browser.whoami() == ""


@pytest.mark.parametrize("signs_out", [True, False])
def test_a_changed_password_ends_the_others_and_this_one_as_allauth_is_set(
    ann: User, settings: Any, browser: Browser, other: Browser, signs_out: bool
) -> None:
    settings.SOJOURN = {**settings.SOJOURN, "LIMITS": []}
    settings.ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = signs_out
    by_form(browser)
    by_form(other)
    new = PASSWORD + " staple"
    browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert (browser.whoami(), other.whoami()) == ("" if signs_out else "ann", "")
    assert len(open_sessions(ann)) == (0 if signs_out else 1)


@pytest.mark.parametrize("signs_in", [True, False])
def test_a_reset_password_ends_every_session_and_makes_room(
    ann: User, settings: Any, limited: Any, browser: Browser, other: Browser, signs_in: bool
) -> None:
    limited("refuse")
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = signs_in
    by_form(browser)
    other.post("/accounts/password/reset/", {"email": "ann@example.com"})
    link = re.search(r"http://testserver(\S+)", mail.outbox[-1].body)
    assert link
    page = other.get(link[1], follow=True)
    new = PASSWORD + " staple"
    done = other.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert done.status_code == 302
    assert (browser.whoami(), other.whoami()) == ("", "ann" if signs_in else "")
    assert len(open_sessions(ann)) == (1 if signs_in else 0)
