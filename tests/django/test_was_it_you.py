""" "It was me", "it was not me": an older session answers for a sign-in elsewhere."""

from __future__ import annotations

import pytest

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason
from sojourn.core.timeouts import HOUR
from tests.django.browser import JSON, Browser, open_sessions, reasons, sids, subject

pytestmark = pytest.mark.django_db


def asked(browser_sid: str) -> list[str]:
    (mine,) = [session for session in open_sessions() if session.sid == browser_sid]
    return [session.sid for session in control().unanswered(mine)]


@pytest.fixture
def two(both: tuple[str, str]) -> tuple[str, str]:
    """The older session, and the newer one that it is asked about."""
    assert asked(both[0]) == [both[1]]
    return both


def test_it_was_me_and_nobody_asks_again(two, first):
    one, other = two
    response = first.post(f"/sessions/it-was-me/{other}/", {"next": "/private/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/private/")
    assert asked(one) == []
    assert len(sids()) == 2


def test_it_was_not_me_and_it_ends_without_the_password(two, first, second, clock, sojourn):
    one, other = two
    clock.advance(HOUR // 3)  # longer ago than REAUTHENTICATION_WINDOW
    page = first.post(f"/sessions/it-was-not-me/{other}/")
    assert page.status_code == 200
    assert "Mobile Safari on iOS was ended" in page.content.decode()
    assert 'href="/password/"' in page.content.decode()
    assert sids() == [one]
    assert reasons() == [EndReason.DISOWNED]
    assert control().store.history(subject(), 1)[0].ended_by == one
    assert second.get("/private/").status_code == 401


def test_a_thief_s_device_is_not_called_as_the_thief_calls_it(two, first, second):
    _, other = two
    assert second.post(f"/sessions/name/{other}/", {"name": "Your own laptop"}).status_code == 302
    page = first.get(f"/sessions/it-was-me/{other}/").content.decode()
    assert "Mobile Safari on iOS" in page
    assert "Your own laptop" not in page
    (asked_about,) = first.get("/sessions/live/?elsewhere", headers=JSON).json()["elsewhere"]
    assert asked_about["name"] == "Mobile Safari on iOS"


@pytest.mark.parametrize("way", ["it-was-me", "it-was-not-me"])
class TestWhoMay:
    """Only a session that was there before."""

    def test_following_the_link_asks_and_changes_nothing(self, way, two, first):
        _, other = two
        before = control().store.roster(subject())
        page = first.get(f"/sessions/{way}/{other}/", {"next": "/private/"}).content.decode()
        assert "Was this you?" in page
        assert f'action="/sessions/it-was-me/{other}/"' in page
        assert f'action="/sessions/it-was-not-me/{other}/"' in page
        assert 'value="/private/"' in page
        assert control().store.roster(subject()).profile == before.profile

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_who_came_later_has_no_say(self, way, two, second, method):
        one, _ = two
        response = getattr(second, method)(f"/sessions/{way}/{one}/")
        assert (response.status_code, response.headers["Location"]) == (302, "/sessions/")
        assert "nothing to answer" in second.get("/sessions/").content.decode()
        assert len(sids()) == 2
        assert control().store.roster(subject()).profile.confirmed == {}

    def test_nor_has_another_user(self, way, two, bob):
        browser = Browser()
        browser.sign_in("bob")
        assert browser.post(f"/sessions/{way}/{two[1]}/").status_code == 302
        assert len(sids()) == 2

    def test_nor_has_nobody(self, way, two):
        response = Browser().post(f"/sessions/{way}/{two[1]}/")
        assert response.headers["Location"].startswith("/login/")
        assert len(sids()) == 2

    def test_another_site_s_form_is_refused(self, way, two, first):
        forged = Browser(enforce_csrf_checks=True)
        forged.take_session(first.session_cookie())
        assert forged.post(f"/sessions/{way}/{two[1]}/").status_code == 403
        assert len(sids()) == 2

    def test_it_leads_to_no_other_site(self, way, two, first):
        response = first.post(f"/sessions/{way}/{two[1]}/", {"next": "https://evil.example/"})
        assert "evil.example" not in response.content.decode()
        assert response.headers.get("Location", "/sessions/") == "/sessions/"
