"""Whoever has to choose is not signed in yet, and still reaches the page; every other page stays shut to them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from tests.integrations.conftest import Browser, open_sessions


def test_the_choice_page_is_reached_and_nothing_else_is(
    ann: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("ask")
    browser.sign_in()
    assert other.sign_in().url == "/sessions/choose/"
    assert other.get("/sessions/choose/").status_code == 200
    for path in ("/plain/", "/private/", "/sessions/", "/sessions/end-others/", "/admin/password_change/"):
        shut = other.get(path)
        assert (shut.status_code, "/login/" in shut["Location"]) == (302, True), path
    (mine,) = open_sessions(ann)
    assert other.post("/sessions/choose/", {"end": mine.sid}).status_code == 302
    assert other.get("/plain/").status_code == 200


def test_a_choice_that_is_over_says_so(db: None, browser: Browser) -> None:
    assert browser.get("/sessions/choose/").status_code == 410


def test_a_refusal_is_shown(ann: User, limited: Any, browser: Browser, other: Browser) -> None:
    limited("refuse")
    browser.sign_in()
    assert other.sign_in().status_code == 409


def test_an_evicted_browser_is_told_before_it_is_sent_to_sign_in(
    ann: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("end_existing")
    browser.sign_in()
    other.sign_in()
    assert browser.get("/plain/").status_code == 401
    assert browser.get("/plain/").status_code == 302
