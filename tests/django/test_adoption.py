"""Sessions from before Sojourn was installed: taken into the books at their next request, if the site wants that."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from sojourn.core.records import EndReason
from sojourn.core.timeouts import HOUR
from tests.django.browser import AsgiBrowser, Browser, open_sessions, reasons, sids

pytestmark = pytest.mark.django_db


@pytest.fixture
def before(sojourn: Any, first: Any) -> Browser:
    """A browser that signed in, and has something in its session, while Sojourn was not there."""
    sojourn(ENABLED=False)
    first.sign_in()
    first.get("/remember/", {"value": "old"})
    sojourn(ENABLED=True)
    return first


@pytest.fixture
def _adopting(before: Any, sojourn: Any) -> None:
    sojourn(ADOPT_EXISTING=True)


def test_unless_the_site_wants_it_they_must_sign_in_again(before):
    assert before.get("/whoami/").json() == {"user": "", "data": None, "cart": None}
    assert open_sessions() == []
    before.sign_in()
    assert before.who() == "ada"


@pytest.mark.usefixtures("_adopting")
class TestAdopted:
    """ADOPT_EXISTING."""

    def test_it_goes_on_with_what_is_in_it(self, before):
        for _ in range(3):
            assert before.get("/whoami/").json() == {"user": "ada", "data": "old", "cart": None}
        (session,) = open_sessions()
        assert session.device.label == "Firefox on Windows"

    def test_it_goes_on_under_asgi(self, before):
        browser = AsgiBrowser()
        browser.cookies = before.cookies
        assert browser.get("/async-whoami/").json() == {"user": "ada"}
        assert browser.get("/async-whoami/").json() == {"user": "ada"}
        assert len(open_sessions()) == 1

    def test_parallel_requests_adopt_it_once(self, before):
        session = before.session
        kept = dict(session.items())
        for _ in range(3):  # each as if it had loaded the session before the others saved it
            assert before.who() == "ada"
            session._session_cache = dict(kept)
            session.save()
        assert len(open_sessions()) == 1

    def test_the_limit_holds_from_the_next_sign_in_on(self, limit, before, second):
        limit("refuse")
        assert before.who() == "ada"
        assert second.sign_in().status_code == 409

    def test_it_is_never_refused_itself(self, limit, before, second):
        limit("refuse")
        second.sign_in()
        assert before.who() == "ada"
        assert len(open_sessions()) == 2

    @pytest.mark.parametrize("engine", ["db", "cache", "file"], indirect=True)
    def test_once_ended_it_is_not_adopted_again(self, engine, sojourn, ada):
        browser = Browser()
        sojourn(ENABLED=False)
        browser.sign_in()
        sojourn(ENABLED=True)
        cookie, session = browser.session_cookie(), browser.session
        kept = dict(session.items())
        assert browser.who() == "ada"
        browser.post("/logout/")
        session._session_cache = dict(kept)
        session.save(must_create=True)
        browser.take_session(cookie)
        assert browser.who() == ""
        assert reasons() == [EndReason.LOGOUT]

    def test_it_ends_like_any_other(self, before, clock):
        assert before.who() == "ada"
        clock.advance(HOUR)
        assert before.get("/private/").status_code == 401

    def test_somebody_who_was_deactivated_is_not_adopted(self, before):
        User.objects.update(is_active=False)
        assert before.who() == ""
        User.objects.update(is_active=True)
        assert before.who() == ""
        assert sids() == []


def test_a_signed_cookie_is_not_adopted_since_nobody_could_have_ended_it(settings, sojourn, first):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    sojourn(ENABLED=False, ADOPT_EXISTING=True)
    first.sign_in()
    sojourn(ENABLED=True, ADOPT_EXISTING=True)
    assert first.who() == ""
