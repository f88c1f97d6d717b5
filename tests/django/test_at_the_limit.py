"""A sign-in at the limit: refused, or another session ends; by whatever way it comes in. For asking: test_asking."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied

from sojourn.core.records import EndReason
from tests.django.browser import JSON, PASSWORD, Browser, open_sessions, reasons, recorded, sids

pytestmark = pytest.mark.django_db


class TestRefuse:
    """`overflow: refuse`."""

    def test_every_way_of_signing_in_is_refused_with_409(self, limit, first, newcomer, way):
        limit("refuse")
        first.sign_in(url=way)
        response = newcomer.sign_in(url=way)
        assert response.status_code == 409
        assert "Firefox on Windows" in response.content.decode()
        assert newcomer.who() == ""
        assert first.who() == "ada"
        assert len(open_sessions()) == 1

    def test_a_program_is_told_in_problem_details(self, limit, first, newcomer, way):
        limit("refuse")
        first.sign_in(url=way)
        response = newcomer.sign_in(url=way, headers=JSON)
        assert response.status_code == 409
        assert response["Content-Type"] == "application/problem+json"
        assert "no-store" in response["Cache-Control"]
        body = response.json()
        assert body["type"] == "urn:sojourn:problem:limit-reached"
        assert body["status"] == 409
        assert body["limit"] == {"max_sessions": 1, "scope": []}
        assert body["free_at"].endswith("Z")
        (item,) = body["open"]
        assert {"sid", "device", "place", "started_at", "last_seen_at"} <= set(item)
        assert item["sid"] == sids()[0]

    def test_a_refusal_sends_no_session_cookie(self, limit, first, newcomer, way):
        limit("refuse")
        first.sign_in(url=way)
        newcomer.sign_in(url=way)
        assert newcomer.session_cookie() == ""

    def test_nobody_else_hears_of_a_sign_in_that_is_refused(self, limit, first, second, ada, way):
        limit("refuse")
        first.sign_in(url=way)
        ada.refresh_from_db()
        before, heard = ada.last_login, []

        def receiver(**kwargs: Any) -> None:
            heard.append(kwargs)

        user_logged_in.connect(receiver)
        try:
            second.sign_in(url=way)
        finally:
            user_logged_in.disconnect(receiver)
        ada.refresh_from_db()
        assert heard == []
        assert ada.last_login == before

    def test_a_refusal_is_recorded(self, limit, first, second, way):
        limit("refuse")
        first.sign_in(url=way)
        second.sign_in(url=way)
        assert len(recorded("start.refused")) == 1

    def test_after_a_sign_out_there_is_room(self, limit, first, second, way):
        limit("refuse")
        first.sign_in(url=way)
        first.post("/logout/")
        second.sign_in(url=way)
        assert second.who() == "ada"

    def test_a_wrong_password_is_no_matter_of_the_limit(self, limit, first, second):
        limit("refuse")
        first.sign_in()
        response = second.sign_in(password="wrong")
        assert response.status_code == 200
        assert not recorded("start.refused")

    def test_the_page_points_to_help_if_there_is_any(self, limit, sojourn, first, second):
        limit("refuse")
        sojourn(HELP_URL="/help/me/")
        first.sign_in()
        assert "/help/me/" in second.sign_in().content.decode()

    def test_the_same_user_signing_in_again_in_the_same_browser_is_let_in(self, limit, first):
        limit("refuse")
        first.sign_in()
        assert first.sign_in().status_code == 302
        assert first.who() == "ada"
        assert reasons() == [EndReason.REPLACED]


class TestEndExisting:
    """`overflow: end_existing`."""

    def test_every_way_of_signing_in_ends_the_earlier_session(self, limit, first, newcomer, way):
        limit("end_existing")
        first.sign_in(url=way)
        response = newcomer.sign_in(url=way)
        assert response.status_code in {200, 302}
        assert newcomer.who() == "ada"
        assert first.who() == ""
        assert reasons() == [EndReason.EVICTED]

    def test_the_ended_browser_is_told_why_and_by_which_device(self, limit, first, newcomer):
        limit("end_existing")
        first.sign_in()
        newcomer.sign_in()
        response = first.get("/private/")
        page = response.content.decode()
        assert response.status_code == 401
        assert "limited" in page
        assert "Chrome on Linux" in page
        assert "no-store" in response["Cache-Control"]
        assert first.get("/private/").status_code == 302  # told once, then an ordinary visitor

    def test_an_ended_program_is_told_in_problem_details(self, limit, first, second):
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        response = first.get("/private/", headers=JSON)
        body = response.json()
        assert response.status_code == 401
        assert body["type"] == "urn:sojourn:problem:session-ended"
        assert body["reason"] == "evicted"
        assert body["ended_at"].endswith("Z")
        assert set(body["by"]) == {"name", "device", "place"}

    @pytest.mark.parametrize("headers", [{"sec-fetch-dest": "image"}, {"accept": "text/event-stream"}])
    def test_a_picture_or_a_stream_in_a_page_does_not_use_up_the_message(self, limit, first, second, headers):
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        drawn_in = first.get("/whoami/", headers=headers)
        assert drawn_in.json() == {"user": "", "data": None, "cart": None}
        assert first.get("/private/", headers={"sec-fetch-dest": "document"}).status_code == 401

    def test_the_newcomer_is_told_what_was_ended(self, limit, first, second):
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        told = second.get("/sessions/").content.decode()
        assert "To make room, this session was ended" in told
        assert "Firefox on Windows" in told
        assert "To make room" not in second.get("/sessions/").content.decode()

    def test_the_admin_shows_the_message_of_it(self, limit, first, second):
        limit("end_existing")
        first.sign_in()
        second.sign_in(url="/admin/login/", data={"next": "/admin/"})
        assert "To make room, your session on Firefox on Windows was ended." in second.get("/admin/").content.decode()

    def test_the_least_recently_used_session_ends(self, limit, ada, clock):
        limit("end_existing", max_sessions=2)
        browsers = [Browser() for _ in range(4)]
        for browser in browsers:
            browser.sign_in()
            clock.advance(1)
        assert [browser.who() for browser in browsers] == ["", "", "ada", "ada"]


class TestRemoteUser:
    """A site whose web server says who it is (RemoteUserMiddleware): every request may be a sign-in."""

    @pytest.fixture(autouse=True)
    def _site(self, settings):
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE,
            "django.contrib.auth.middleware.RemoteUserMiddleware",
        ]
        settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]

    def enter(self, browser: Any, path: str = "/whoami/", **more: Any) -> Any:
        """A request that the web server has authenticated."""
        return browser.get(path, REMOTE_USER="ada", **more)

    def test_it_is_held_to_the_limit(self, limit, first, second):
        limit("refuse")
        assert self.enter(first).json()["user"] == "ada"
        assert self.enter(second).status_code == 409
        assert self.enter(second, "/private/").status_code == 409
        assert self.enter(first).json()["user"] == "ada"

    def test_it_ends_the_earlier_session(self, limit, first, second):
        limit("end_existing")
        self.enter(first)
        assert self.enter(second).json()["user"] == "ada"
        assert self.enter(first).status_code == 401

    def test_it_asks_and_goes_on(self, limit, first, second):
        limit("ask")
        self.enter(first)
        assert self.enter(second, "/private/")["Location"] == "/sessions/choose/"
        page = self.enter(second, "/sessions/choose/")
        assert page.status_code in {200, 409}
        assert sids()[0] in page.content.decode()
        response = second.post("/sessions/choose/", {"end": sids()}, REMOTE_USER="ada")
        assert response.status_code == 302
        assert self.enter(second).json()["user"] == "ada"
        assert self.enter(first).status_code == 401
        assert len(open_sessions()) == 1


class TestReportOnly:
    """`REPORT_ONLY`: what would have happened is recorded, and nothing else."""

    @pytest.mark.parametrize("overflow", ["refuse", "end_existing", "ask"])
    def test_nobody_notices_but_the_record(self, limit, sojourn, first, second, overflow):
        limit(overflow)
        sojourn(REPORT_ONLY=True)
        first.sign_in()
        assert second.sign_in().status_code == 302
        assert (first.who(), second.who()) == ("ada", "ada")
        (event,) = recorded("report.would_have")
        assert overflow in str(event)


class TestSameDevice:
    """A device that signs in again replaces its own session."""

    @pytest.mark.parametrize("overflow", ["refuse", "end_existing", "ask"])
    def test_without_its_session_cookie_it_is_known_by_its_device_cookie(self, limit, first, overflow):
        limit(overflow)
        first.sign_in()
        del first.cookies["sessionid"]
        first.sign_in()
        assert first.who() == "ada"
        assert reasons() == [EndReason.REPLACED]

    def test_a_refused_device_is_known_as_well(self, limit, first, second):
        limit("refuse")
        first.sign_in()
        second.sign_in()
        assert second.cookies["sojourn_device"]["httponly"]

    def test_two_users_of_one_device_do_not_replace_each_other(self, limit, first, bob):
        limit("refuse")
        first.sign_in()
        del first.cookies["sessionid"]
        first.sign_in("bob")
        assert len(open_sessions()) == 1
        assert len(open_sessions("bob")) == 1

    def test_it_can_be_turned_off(self, limit, sojourn, first):
        limit("refuse")
        sojourn(REPLACE_SAME_DEVICE=False)
        first.sign_in()
        del first.cookies["sessionid"]
        assert first.sign_in().status_code == 409


class TestSeveralLimits:
    """More limits than one, and limits for some only."""

    def test_any_limit_that_refuses_refuses(self, sojourn, first, second):
        sojourn(
            LIMITS=[{"max_sessions": 5, "overflow": "end_existing"}, {"max_sessions": 1, "overflow": "refuse"}],
        )
        first.sign_in()
        assert second.sign_in().status_code == 409

    def test_one_phone_and_one_computer(self, sojourn, first, second):
        sojourn(LIMITS=[{"max_sessions": 1, "overflow": "refuse", "scope": ["device_class"]}])
        first.sign_in()
        second.sign_in()
        assert (first.who(), second.who()) == ("ada", "ada")
        assert Browser().sign_in().status_code == 409

    @pytest.mark.parametrize("group", ["staff", "superuser", "privileged", "user:ada", "editors"])
    def test_a_limit_may_hold_a_group_only(self, limit, ada, bob, first, second, group):
        ada.groups.add(Group.objects.create(name="editors"))
        limit("refuse", groups=[group])
        first.sign_in()
        assert second.sign_in().status_code == 409
        Browser().sign_in("bob")
        assert second.sign_in("bob").status_code == 302

    @pytest.mark.parametrize("group", ["staff", "superuser", "privileged", "user:ada", "editors"])
    def test_a_limit_may_exempt_a_group(self, limit, ada, bob, first, second, group):
        ada.groups.add(Group.objects.create(name="editors"))
        limit("refuse", exempt=[group])
        first.sign_in()
        assert second.sign_in().status_code == 302
        Browser().sign_in("bob")
        assert second.sign_in("bob").status_code == 409

    def test_without_a_limit_there_is_none(self, sojourn, first, second):
        sojourn(LIMITS=[])
        first.sign_in()
        second.sign_in()
        assert (first.who(), second.who()) == ("ada", "ada")

    def test_nothing_is_done_where_sojourn_is_turned_off(self, limit, sojourn, first, second):
        limit("refuse")
        sojourn(ENABLED=False)
        first.sign_in()
        second.sign_in()
        assert (first.who(), second.who()) == ("ada", "ada")


def test_adopters_may_sign_in_by_force(limit, ada):
    limit("refuse")
    browser, another = Browser(), Browser()
    browser.force_login(ada)
    assert browser.who() == "ada"
    with pytest.raises(PermissionDenied):
        another.login(username="ada", password=PASSWORD)
    assert another.who() == ""
