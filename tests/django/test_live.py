"""Live sign-out: what an open page asks, what it is told, and that asking changes and costs next to nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import RequestContext, Template
from django.test import RequestFactory

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from sojourn.core.timeouts import MINUTE
from tests.django.browser import JSON, AsgiBrowser, Browser, open_sessions, reasons
from tests.django.test_costs import counted

pytestmark = pytest.mark.django_db

URL = "/sessions/live/"


def ask(browser: Any, query: str = "") -> Any:
    """Ask as live.js does."""
    return browser.get(URL + query, headers=JSON)


@pytest.fixture(params=[Browser, AsgiBrowser], ids=["wsgi", "asgi"])
def browser(request: pytest.FixtureRequest, ada: Any) -> Any:
    """A browser of each kind of server, in which ada is signed in."""
    made = request.param()
    made.sign_in()
    return made


class TestAsking:
    """GET: is it still live?"""

    def test_it_says_whose_session_it_is(self, browser):
        (mine,) = open_sessions()
        answer = ask(browser)
        assert (answer.status_code, answer.json()["sid"]) == (200, mine.sid)
        assert mine.subject not in answer.content.decode()

    def test_an_ended_session_is_told_why_and_by_which_device(self, browser):
        mine = open_sessions()[0]
        other = Browser()
        other.sign_in()
        newer = next(session for session in open_sessions() if session.sid != mine.sid)
        control().end(mine.subject, [mine.sid], EndReason.EVICTED, by=newer.sid)
        answer = ask(browser)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer.json()["reason"] == "evicted"
        assert answer.json()["by"]["device"] == "Firefox on Windows"

    def test_a_stream_is_not_told_why_so_that_the_question_after_it_is(self, browser):
        (mine,) = open_sessions()
        control().end(mine.subject, [mine.sid], EndReason.REVOKED)
        refused = browser.get(URL, headers={"accept": "text/event-stream"})
        assert (refused.status_code, refused.json().get("reason")) == (401, None)
        assert ask(browser).json()["reason"] == "revoked"

    def test_a_late_question_does_not_take_the_cookie_of_a_newer_sign_in(self, browser):
        early = browser.cookies["sessionid"].value
        browser.sign_in()
        assert browser.cookies["sessionid"].value != early
        browser.cookies["sessionid"] = early  # the question was sent with it, and is answered only now
        late = ask(browser)
        assert late.status_code == 401
        assert "sessionid" not in late.cookies

    def test_whoever_is_not_signed_in_is_told_so(self, db):
        assert ask(Browser()).json()["type"] == "urn:sojourn:problem:not-signed-in"

    @pytest.mark.usefixtures("engine")
    def test_asking_never_keeps_a_session_awake(self, browser, clock):
        for _ in range(29):
            clock.advance(MINUTE)
            assert ask(browser, "?elsewhere").status_code == 200
        clock.advance(MINUTE)
        assert ask(browser).json()["reason"] == "inactivity_timeout"
        assert reasons() == [EndReason.INACTIVITY_TIMEOUT]

    def test_a_poll_makes_one_look_up_and_writes_nothing(self, browser, clock):
        clock.advance(5 * MINUTE)
        with counted() as queries:
            ask(browser)
        assert queries.reads == 1
        assert queries.writes == []

    def test_nothing_but_get_is_answered(self, browser):
        assert browser.post(URL).status_code == 405

    def test_without_its_store_the_answer_is_503_and_says_nothing_of_the_session(self, browser, monkeypatch):
        def fail(*_: object, **__: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(type(control().store), "lookup", fail)
        monkeypatch.setattr("sojourn.contrib.django.internal.joined.UserAlong.authenticate", fail)
        assert ask(browser).status_code == 503

    def test_no_cache_keeps_the_answer(self, browser):
        assert "no-store" in ask(browser)["Cache-Control"]

    def test_switched_off_there_is_nothing_to_ask(self, browser, sojourn):
        sojourn(LIVE="off")
        assert ask(browser).status_code == 404

    def test_a_server_that_waits_polls_although_a_stream_is_asked_for(self, ada):
        browser = Browser()
        browser.sign_in()
        answer = browser.get(URL, headers={"accept": "text/event-stream"})
        assert answer["Content-Type"] == "application/json"


@pytest.mark.usefixtures("plenty")
class TestElsewhere:
    """Sign-ins of the same user on other devices, which an open page asks about."""

    def other(self, **more: Any) -> Any:
        made = Browser("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
        made.sign_in(**more)
        return made

    def test_a_later_sign_in_on_another_device_is_asked_about(self, browser, clock):
        clock.advance(1000)
        self.other()
        (item,) = ask(browser, "?elsewhere").json()["elsewhere"]
        assert item["name"] == "Firefox on Linux"
        assert "Unknown place" in item["about"]

    def test_the_newcomer_is_not_asked_about_who_was_there_before(self, browser, clock):
        clock.advance(1000)
        assert ask(self.other(), "?elsewhere").json()["elsewhere"] == []

    def test_what_has_ended_is_not_asked_about(self, browser, clock):
        clock.advance(1000)
        self.other().post("/sessions/sign-out/")
        assert ask(browser, "?elsewhere").json()["elsewhere"] == []

    def test_another_user_is_nobody_elsewhere(self, browser, bob, clock):
        clock.advance(1000)
        self.other(username="bob")
        assert ask(browser, "?elsewhere").json()["elsewhere"] == []

    def test_a_page_asks_without_script(self, browser, clock):
        clock.advance(1000)
        self.other()
        page = browser.get("/sessions/").content.decode()
        assert "Firefox on Linux" in page[page.index("Signed in elsewhere") :]


class TestTag:
    """{% session_live %}"""

    def draw(self, request: Any) -> str:
        return (
            Template("{% load sojourn %}{% session_live %}{% session_live %}").render(RequestContext(request)).strip()
        )

    def test_it_draws_nothing_for_somebody_who_is_not_signed_in(self, db):
        assert self.draw(RequestFactory().get("/")) == ""

    def test_our_pages_have_it_once_and_with_nothing_inline(self, browser):
        page = browser.get("/sessions/").content.decode()
        assert page.count("data-sojourn-live") == 1
        assert "sojourn/live.js" in page
        assert "<script>" not in page

    def test_switched_off_it_still_asks_and_brings_no_script(self, browser, sojourn):
        sojourn(LIVE="off")
        page = browser.get("/sessions/").content.decode()
        assert "data-sojourn-live" in page
        assert "live.js" not in page
