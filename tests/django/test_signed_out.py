"""After a sign-out: somebody who signs out is told that it is done (NIST SP 800-53 AC-12(2))."""

from __future__ import annotations

import pytest
from django.shortcuts import resolve_url

from tests.django.browser import AsgiBrowser, Browser, open_sessions

pytestmark = pytest.mark.django_db

OURS, PAGE = "/sessions/sign-out/", "/sessions/signed-out/"


@pytest.fixture(params=[Browser, AsgiBrowser], ids=["wsgi", "asgi"])
def browser(request, ada):
    made = request.param()
    made.sign_in()
    return made


def test_our_button_leads_to_a_page_that_says_so(browser):
    response = browser.post(OURS)
    assert (response.status_code, response["Location"]) == (302, PAGE)
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "<h1>You are signed out</h1>" in page.content.decode()
    assert 'href="/login/"' in page.content.decode()
    assert open_sessions() == []


def test_over_https_the_browser_is_asked_to_clear_what_pages_stored_but_no_cookie(browser):
    assert browser.post(OURS, secure=True)["Clear-Site-Data"] == '"storage"'


def test_neither_the_answer_nor_the_page_is_kept_by_a_cache(browser):
    assert "no-store" in browser.post(OURS)["Cache-Control"]
    assert "no-store" in browser.get(PAGE)["Cache-Control"]


def test_following_a_link_signs_nobody_out(browser):
    assert browser.get(OURS).status_code == 405
    assert browser.who() == "ada"


def test_the_page_claims_nothing_to_somebody_who_is_signed_in(browser):
    response = browser.get(PAGE)
    assert (response.status_code, response["Location"]) == (302, "/sessions/")


@pytest.mark.parametrize("door", ["/logout/", OURS])
def test_any_sign_out_of_a_site_can_lead_there_by_djangos_own_setting(settings, first, door):
    settings.LOGOUT_REDIRECT_URL = "sojourn:signed_out"
    assert resolve_url(settings.LOGOUT_REDIRECT_URL) == PAGE
    first.sign_in()
    assert first.post(door)["Location"] == PAGE
    assert "Go on without" not in first.get(PAGE).content.decode()


def test_a_page_of_the_sites_own_comes_after_the_message(settings, first):
    settings.LOGOUT_REDIRECT_URL = "/plain/"
    first.sign_in()
    assert first.post(OURS)["Location"] == PAGE
    assert '<a class="sj-button" href="/plain/">' in first.get(PAGE).content.decode()


@pytest.mark.parametrize("address", ["https://sso.example/logout", "//sso.example/logout"])
def test_a_single_sign_on_that_signs_out_elsewhere_is_gone_to_at_once(settings, first, address):
    settings.LOGOUT_REDIRECT_URL = address
    first.sign_in()
    assert first.post(OURS)["Location"] == address


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_by_what_a_form_says(first, wanted):
    first.sign_in()
    assert first.post(OURS, {"next": wanted})["Location"] == PAGE


def test_somebody_whose_session_is_over_already_is_told_the_same(first):
    assert first.post(OURS)["Location"] == PAGE
