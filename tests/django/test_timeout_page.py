"""How long a session has left, as pages are told and ask; "stay signed in"; and what counts as being there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.urls import include, path

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.timeout import bounds
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND
from tests.django.browser import JSON, AsgiBrowser, Browser, open_sessions, reasons

pytestmark = pytest.mark.django_db

URL = "/sessions/timeout/"
ON_OUR_PAGE = re.compile(r'data-state="([^"]*)"')


def ask(browser: Any) -> Any:
    """Ask as timeout.js does."""
    return browser.get(URL, headers=JSON)


def told(response: Any) -> Any:
    """What a page was told when it was made."""
    found = ON_OUR_PAGE.search(response.content.decode())
    return json.loads(unescape(found[1])) if found else None


@pytest.fixture(params=[Browser, AsgiBrowser], ids=["wsgi", "asgi"])
def browser(request: pytest.FixtureRequest, ada: Any) -> Any:
    """A browser of each kind of server, in which ada is signed in."""
    made = request.param()
    made.sign_in()
    return made


class TestAsking:
    """GET: what is left, by the server's clock."""

    def test_it_says_what_is_left_of_each_timeout_in_seconds(self, browser, clock):
        clock.advance(10 * MINUTE + 250)
        answer = ask(browser)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        assert answer.json()["inactivity"] == {"left": 1199.75, "timeout": 1800, "warning": 120}
        assert answer.json()["absolute"] == {"left": 12 * 3600 - 600.25, "timeout": 12 * 3600, "warning": 120}

    @pytest.mark.usefixtures("engine")
    def test_asking_never_keeps_a_session_awake(self, browser, clock):
        before = open_sessions()[0]
        for minute in range(1, 30):
            clock.advance(MINUTE)
            assert ask(browser).json()["inactivity"]["left"] == (30 - minute) * 60
        assert open_sessions()[0] == before
        clock.advance(MINUTE)
        assert ask(browser).status_code == 401
        assert reasons() == [EndReason.INACTIVITY_TIMEOUT]

    def test_it_does_not_either_where_django_saves_every_session(self, settings, sojourn, browser, clock):
        sojourn(INACTIVITY_TIMEOUT="60d", ABSOLUTE_TIMEOUT="90d")
        settings.SESSION_SAVE_EVERY_REQUEST = True
        settings.SESSION_COOKIE_AGE = 600
        browser.sign_in()
        for minute in range(1, 10):
            clock.advance(MINUTE)
            assert ask(browser).json()["inactivity"]["left"] == pytest.approx((10 - minute) * 60, abs=1)
        clock.advance(2 * MINUTE)
        assert ask(browser).status_code == 401

    @pytest.mark.usefixtures("engine")
    def test_when_it_is_over_the_answer_says_why(self, browser, clock):
        clock.advance(30 * MINUTE)
        answer = ask(browser)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer.json()["type"] == "urn:sojourn:problem:session-ended"
        assert answer.json()["reason"] == "inactivity_timeout"
        assert "was not used for some time" in answer.json()["detail"]

    def test_an_eviction_is_told_in_the_readers_words(self, limit, browser, second):
        limit("end_existing")
        second.sign_in()
        assert ask(browser).json()["reason"] == "evicted"

    def test_a_stranger_learns_only_that_nobody_is_signed_in(self, first):
        answer = ask(first)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer.json()["type"] == "urn:sojourn:problem:not-signed-in"
        assert not first.cookies

    def test_who_asks_again_after_the_end_is_a_stranger(self, browser, clock):
        clock.advance(HOUR)
        ask(browser)
        assert ask(browser).json()["type"] == "urn:sojourn:problem:not-signed-in"

    def test_no_cache_keeps_it(self, browser, clock):
        assert "no-store" in ask(browser)["Cache-Control"]
        clock.advance(HOUR)
        assert "no-store" in ask(browser)["Cache-Control"]
        assert "no-store" in ask(browser)["Cache-Control"]

    def test_a_site_that_demands_a_sign_in_everywhere_still_answers(self, settings, first):
        place = "django.contrib.auth.middleware.AuthenticationMiddleware"
        cut = settings.MIDDLEWARE.index(place) + 2
        required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:cut], required, *settings.MIDDLEWARE[cut:]]
        assert ask(first).status_code == 401
        assert first.get("/sessions/signed-out/").status_code == 200

    def test_it_knows_its_address_wherever_the_pages_are_included(self, settings, browser, clock):
        settings.ROOT_URLCONF = type(
            "addresses",
            (),
            {"urlpatterns": [path("my/account/", include("sojourn.contrib.django.urls", namespace="own"))]},
        )
        before = open_sessions()
        clock.advance(10 * MINUTE)
        assert browser.get("/my/account/timeout/", headers=JSON).status_code == 200
        assert open_sessions() == before

    def test_another_page_with_that_end_is_an_ordinary_one(self, browser, clock):
        clock.advance(10 * MINUTE)
        assert browser.get("/nowhere/timeout/").status_code == 404
        assert open_sessions()[0].last_seen == clock()


class TestWhatIsLeft:
    """Which end comes first, whether it can be put off, and when to warn."""

    def test_a_session_without_timeouts_ends_with_djangos_own(self, sojourn, browser):
        sojourn(INACTIVITY_TIMEOUT=None, ABSOLUTE_TIMEOUT=None, LIMITS=[])
        browser.sign_in()
        answer = ask(browser).json()
        assert answer["inactivity"] is None
        assert answer["absolute"]["left"] == pytest.approx(14 * 24 * 3600, abs=5)
        assert answer["report_every"] is None

    def test_the_sooner_of_two_ends_counts(self, settings, browser):
        settings.SESSION_COOKIE_AGE = 600
        browser.sign_in()
        assert ask(browser).json()["absolute"]["left"] == pytest.approx(600, abs=2)

    @pytest.mark.parametrize(
        ("timeout", "wanted", "warning"),
        [("30m", "2m", 120), ("30m", "15m", 600), ("5m", "2m", 100), ("1m", "2m", 20), ("30m", "45s", 45)],
    )
    def test_at_most_a_third_of_a_timeout_is_warning(self, sojourn, browser, timeout, wanted, warning):
        sojourn(INACTIVITY_TIMEOUT=timeout, TIMEOUT_WARNING=wanted)
        browser.sign_in()
        assert ask(browser).json()["inactivity"]["warning"] == warning

    def test_activity_is_reported_as_often_as_it_is_written(self, sojourn, browser):
        assert ask(browser).json()["report_every"] == 60
        sojourn(TOUCH_INTERVAL="5m")
        assert ask(browser).json()["report_every"] == 300

    def test_a_site_may_forgo_reports_of_activity(self, sojourn, browser):
        sojourn(REPORT_ACTIVITY=False)
        assert ask(browser).json()["report_every"] is None

    def test_the_account_is_recognised_and_not_told(self, browser, bob):
        other = Browser()
        other.sign_in("bob")
        hers, his = ask(browser).json()["account"], ask(other).json()["account"]
        assert hers != his
        assert open_sessions()[0].subject not in hers
        browser.sign_in()
        assert ask(browser).json()["account"] == hers

    def test_who_acts_as_somebody_else_has_what_their_own_session_has_left(self, browser, clock):
        own = open_sessions()[0]
        child = replace(own, parent=own.sid, expires=None, carrier_expires=None)
        request = RequestFactory().get(URL)
        request.session = browser.session
        found = bounds(request, child)[1]
        assert found is not None
        assert found.left == (own.expires or 0) - clock()


class TestStaying:
    """POST: the user is there."""

    @pytest.mark.usefixtures("engine")
    def test_it_is_activity(self, browser, clock):
        clock.advance(29 * MINUTE)
        answer = browser.post(URL, headers=JSON)
        assert answer.status_code == 200
        assert answer.json()["inactivity"]["left"] == 1800
        assert ask(browser).json()["inactivity"]["left"] == 1800
        clock.advance(29 * MINUTE)
        assert browser.who() == "ada"

    def test_it_holds_even_if_activity_was_written_a_moment_ago(self, sojourn, browser, clock):
        sojourn(INACTIVITY_TIMEOUT="3m", TOUCH_INTERVAL="170s")
        browser.sign_in()
        for _ in range(3):
            clock.advance(2 * MINUTE)
            assert browser.post(URL, headers=JSON).json()["inactivity"]["left"] == 180
            assert open_sessions()[0].last_seen == clock()

    def test_it_does_not_move_the_absolute_timeout(self, browser, clock):
        for _ in range(24):
            clock.advance(29 * MINUTE)
            left = browser.post(URL, headers=JSON).json()["absolute"]["left"]
        assert left == (12 * HOUR - 24 * 29 * MINUTE) / SECOND
        clock.advance(29 * MINUTE)
        assert browser.post(URL, headers=JSON).json()["reason"] == "absolute_timeout"

    def test_it_comes_too_late_when_the_session_is_over(self, browser, clock):
        clock.advance(30 * MINUTE)
        answer = browser.post(URL, headers=JSON)
        assert (answer.status_code, answer.json()["reason"]) == (401, "inactivity_timeout")

    def test_another_site_cannot_keep_a_session_awake_with_it(self, first, clock):
        first.sign_in()
        forged = Browser(enforce_csrf_checks=True)
        forged.cookies = first.cookies
        assert forged.post(URL).status_code == 403

    @pytest.mark.parametrize("in_session", [False, True])
    def test_the_answer_brings_the_token_that_the_next_one_needs(self, settings, first, in_session):
        settings.CSRF_USE_SESSIONS = in_session
        first.sign_in()
        careful = Browser(enforce_csrf_checks=True)
        careful.cookies = first.cookies
        token = ask(careful).json()["csrf_token"]
        again = careful.post(URL, {"csrfmiddlewaretoken": token}, headers=JSON)
        assert again.status_code == 200

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
    def test_other_methods_are_not_allowed(self, first, method):
        first.sign_in()
        assert getattr(first, method)(URL).status_code == 405

    @pytest.mark.django_db(transaction=True)
    def test_where_the_store_is_away_nobody_is_told_that_they_stay(self, first, away):
        first.sign_in()
        with away():
            answers = (ask(first), first.post(URL, headers=JSON))
        for answer in answers:
            assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
        assert ask(first).status_code == 200


class TestPassive:
    """Requests that are not the user's doing."""

    @pytest.mark.parametrize("value", ["1", "?1"])
    def test_a_script_says_so_with_a_header(self, browser, clock, value):
        for _ in range(2):
            clock.advance(14 * MINUTE)
            assert browser.get("/plain/", headers={"sojourn-passive": value}).status_code == 200
        clock.advance(2 * MINUTE)
        assert browser.get("/private/").status_code == 401

    @pytest.mark.parametrize("value", ["", "0", "?0", "no"])
    def test_any_other_value_says_nothing(self, browser, clock, value):
        clock.advance(14 * MINUTE)
        browser.get("/plain/", headers={"sojourn-passive": value})
        assert open_sessions()[0].last_seen == clock()


class TestTag:
    """`{% session_timeout %}`"""

    TEMPLATE = Template("{% load sojourn %}{% session_timeout %}")

    def test_a_page_is_told_what_asking_would_say(self, browser, clock):
        clock.advance(10 * MINUTE)
        page = told(browser.get("/sessions/"))
        asked = ask(browser).json()
        page.pop("csrf_token")
        asked.pop("csrf_token")
        assert page == asked
        assert page["inactivity"]["left"] == 1800

    def test_on_a_passive_page_nothing_has_been_put_off(self, sojourn, browser, clock):
        sojourn(PASSIVE_PATHS=["/sessions/"])
        clock.advance(10 * MINUTE)
        assert told(browser.get("/sessions/"))["inactivity"]["left"] == 1200

    def test_between_two_writes_of_activity_the_page_is_told_the_truth(self, browser, clock):
        clock.advance(MINUTE - 1)
        assert told(browser.get("/sessions/"))["inactivity"]["left"] == (29 * MINUTE + 1) / SECOND
        assert ask(browser).json()["inactivity"]["left"] == (29 * MINUTE + 1) / SECOND

    def test_where_djangos_session_moves_with_every_request_the_page_knows(self, settings, sojourn, browser, clock):
        sojourn(INACTIVITY_TIMEOUT="60d", ABSOLUTE_TIMEOUT="90d")
        settings.SESSION_SAVE_EVERY_REQUEST = True
        settings.SESSION_COOKIE_AGE = 14 * 24 * 3600
        browser.sign_in()
        clock.advance(DAY)
        assert told(browser.get("/sessions/"))["inactivity"]["left"] == pytest.approx(14 * 24 * 3600, abs=2)
        assert ask(browser).json()["inactivity"]["left"] == pytest.approx(14 * 24 * 3600, abs=2)

    def test_it_costs_no_query(self, first, django_assert_num_queries):
        first.sign_in()
        request = first.get("/private/").wsgi_request
        with django_assert_num_queries(0):
            assert "data-sojourn-timeout" in self.TEMPLATE.render(RequestContext(request))

    def test_there_is_nothing_for_strangers(self, first):
        request = first.get("/plain/").wsgi_request
        assert self.TEMPLATE.render(RequestContext(request)).strip() == ""
        assert self.TEMPLATE.render(Context()).strip() == ""

    def test_a_second_one_in_the_same_page_draws_nothing(self, first):
        first.sign_in()
        request = first.get("/private/").wsgi_request
        twice = Template("{% load sojourn %}{% session_timeout %}{% with a=1 %}{% session_timeout %}{% endwith %}")
        for _ in range(2):
            assert twice.render(RequestContext(request)).count("data-sojourn-timeout") == 1

    def test_there_is_nothing_on_the_page_of_a_sign_out(self, first):
        first.sign_in()
        request = first.post("/function-logout/").wsgi_request
        assert self.TEMPLATE.render(RequestContext(request)).strip() == ""

    def test_there_is_nothing_where_our_pages_have_no_address(self, settings, first):
        first.sign_in()
        settings.ROOT_URLCONF = "tests.django_site.urls_without_ours"
        request = first.get("/private/").wsgi_request
        assert self.TEMPLATE.render(RequestContext(request)).strip() == ""

    def test_a_page_with_it_is_one_for_each_cookie(self, first):
        request = first.get("/plain/").wsgi_request
        assert not request.session.accessed
        self.TEMPLATE.render(RequestContext(request))
        assert request.session.accessed

    def test_a_nonce_of_the_sites_policy_is_used(self, first):
        first.sign_in()
        request = first.get("/private/").wsgi_request
        assert " nonce=" not in self.TEMPLATE.render(RequestContext(request))
        for template in (self.TEMPLATE, Template("{% load sojourn %}{% session_live %}")):
            drawn = template.render(RequestContext(request, {"csp_nonce": "r4nd0m"}))
            assert re.findall(r'<(link|script) [^>]*nonce="r4nd0m"', drawn) == ["link", "script"]
        request.csp_nonce = '"><script>'
        assert ' nonce="&quot;&gt;&lt;script&gt;"' in self.TEMPLATE.render(RequestContext(request))

    def test_the_way_back_is_to_the_page_that_was_open(self, first):
        first.sign_in()
        request = first.get("/private/?a=1&b=2").wsgi_request
        assert "/login/?next=%2Fprivate%2F%3Fa%3D1%26b%3D2" in self.TEMPLATE.render(RequestContext(request))

    def test_our_pages_have_it_but_not_the_one_for_a_store_that_is_away(self, first, monkeypatch):
        first.sign_in()
        assert told(first.get("/sessions/"))
        assert told(first.get("/sessions/end-others/"))

        def away(*_: Any) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(control().store, "history", away)
        page = first.get("/sessions/")
        assert page.status_code == 503
        assert told(page) is None
