"""Proving again who one is: by password, on a page of the site's, or by signing in again (ASVS 7.5.2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest

from sojourn.contrib.django.adapter import Adapter
from sojourn.core.timeouts import HOUR, MINUTE
from tests.django.browser import JSON, PASSWORD, Browser, open_sessions, sids

pytestmark = pytest.mark.django_db


class WithPage(Adapter):
    """A site that has a page of its own for it."""

    def reauthentication_url(self, request: HttpRequest, next_url: str) -> str:
        return f"/prove/?next={next_url}"


class OfDirectory(Adapter):
    """A site whose passwords are in a directory, so that Django has none of its own."""

    def has_password(self, user: Any) -> bool:
        return True


@pytest.fixture
def later(first: Any, second: Any, clock: Any, sojourn: Any) -> str:
    """Ada is signed in in both browsers, for longer than the window; the path that ends the second session."""
    sojourn(LIMITS=[])
    first.sign_in()
    second.sign_in()
    for _ in range(3):
        clock.advance(5 * MINUTE)
        first.get("/plain/")
        second.get("/plain/")
    (other,) = [each.sid for each in open_sessions() if each.device.os == "iOS"]
    return f"/sessions/end/{other}/"


def test_a_page_of_the_sites_is_where_people_are_sent_and_nothing_ends(first, later, sojourn):
    sojourn(ADAPTER="tests.django.test_reauthentication.WithPage")
    assert 'type="password"' not in first.get(later).content.decode()
    assert first.post(later)["Location"] == f"/prove/?next={later}"
    assert first.post(later, {"password": PASSWORD})["Location"] == f"/prove/?next={later}"
    assert len(sids()) == 2


def test_what_a_page_of_the_sites_found_out_counts(first, later, sojourn):
    sojourn(ADAPTER="tests.django.test_reauthentication.WithPage")
    token, cookie = first.session["_sojourn"][0], first.session_cookie()
    assert first.post("/prove/").json() == {"counts": True}
    assert first.session["_sojourn"][0] != token
    assert first.session_cookie() not in {"", cookie}
    page = first.get(later).content.decode()
    assert 'type="password"' not in page
    assert "will be ended" in page
    assert first.post(later)["Location"] == "/sessions/"
    assert len(sids()) == 1


def test_it_counts_for_nobody_who_is_not_signed_in(first, second, later):
    before = {each.sid: each.authenticated for each in open_sessions()}
    assert Browser().post("/prove/").json() == {"counts": False}
    first.post("/logout/")
    assert first.post("/prove/").json() == {"counts": False}
    assert {each.sid: each.authenticated for each in open_sessions()}.items() <= before.items()


def test_it_starts_the_timeouts_anew(first, later, clock):
    first.post("/prove/")
    (mine,) = [each for each in open_sessions() if each.device.os == "Windows"]
    assert (mine.authenticated, mine.last_seen, mine.expires) == (clock(), clock(), clock() + 12 * HOUR)


@pytest.mark.usefixtures("engine")
def test_it_goes_on_with_every_kind_of_django_session(first, later):
    first.post("/prove/")
    assert first.who() == "ada"
    assert first.who() == "ada"


def test_who_has_no_password_here_signs_in_again_and_comes_back(first, later, ada, monkeypatch):
    monkeypatch.setattr(User, "has_usable_password", lambda self: False)
    page = first.post(later, {"password": PASSWORD}).content.decode()
    assert 'type="password"' not in page
    assert 'action="/sessions/sign-out/"' in page
    assert f'name="next" value="/login/?next={quote(later, safe="")}"' in page
    assert len(sids()) == 2
    answer = first.post("/sessions/sign-out/", {"next": f"/login/?next={quote(later, safe='')}"})
    assert answer["Location"] == f"/login/?next={quote(later, safe='')}"
    assert first.sign_in(data={"next": later})["Location"] == later
    assert first.post(later)["Location"] == "/sessions/"
    assert len(sids()) == 1


def test_a_password_that_django_has_not_itself_is_asked_for_where_the_site_says_so(first, later, sojourn, monkeypatch):
    monkeypatch.setattr(User, "has_usable_password", lambda self: False)
    sojourn(ADAPTER="tests.django.test_reauthentication.OfDirectory")
    assert 'type="password"' in first.post(later).content.decode()
    assert first.post(later, {"password": PASSWORD})["Location"] == "/sessions/"


@pytest.mark.parametrize("headers", [JSON, {"sec-fetch-dest": "empty"}])
def test_a_program_is_told_what_to_do_in_place_of_the_page(first, later, headers):
    response = first.post(later, headers=headers)
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    body = response.json()
    assert body["type"] == "urn:sojourn:problem:reauthentication-required"
    assert (body["method"], body["url"], body["window"]) == ("password", "/sessions/api/reauthenticate/", 900)
    assert len(sids()) == 2


def test_once_it_is_recent_the_question_needs_no_password(first, later):
    first.post("/prove/")
    page = first.get("/sessions/end-others/").content.decode()
    assert "All your other sessions will be ended." in page
    assert 'type="password"' not in page
    assert len(sids()) == 2
