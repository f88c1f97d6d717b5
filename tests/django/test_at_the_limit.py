"""A sign-in at the limit: refused, or another session ends, or its user is asked; by whatever way it comes in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from sojourn.contrib.django.models import OutboxEvent
from sojourn.core.records import EndReason
from tests.django.browser import JSON, PASSWORD, AsgiBrowser, Browser, open_sessions, reasons, sids

pytestmark = pytest.mark.django_db

WAYS = {
    "LoginView": "/login/",
    "admin": "/admin/login/",
    "login()": "/custom-login/",
    "alogin()": "/async-login/",
    "login() inside try": "/swallowing-login/",
    "login() inside atomic": "/atomic-login/",
}
SERVERS = {"wsgi": Browser, "asgi": AsgiBrowser}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Each way of signing in."""
    return str(request.param)


@pytest.fixture(params=SERVERS.values(), ids=SERVERS)
def newcomer(request: pytest.FixtureRequest) -> Any:
    """A browser on another device, under each kind of server."""
    return request.param("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")


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
        assert OutboxEvent.objects.filter(type="start.refused").count() == 1

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
        assert OutboxEvent.objects.filter(type="start.refused").count() == 0

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
        assert set(body["by"]) == {"device", "place"}

    def test_a_picture_in_a_page_does_not_use_up_the_message(self, limit, first, second):
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        picture = first.get("/whoami/", headers={"sec-fetch-dest": "image"})
        assert picture.json() == {"user": "", "data": None, "cart": None}
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


class TestAsk:
    """`overflow: ask`."""

    @pytest.fixture(autouse=True)
    def _limit(self, limit):
        limit("ask")

    def test_people_are_sent_to_choose_and_then_to_where_they_were_going(self, first, newcomer, way):
        first.sign_in(url=way)
        response = newcomer.sign_in(url=way, data={"next": "/remember/?value=where"})
        assert response.status_code == 303
        assert response["Location"] == "/sessions/choose/"
        page = newcomer.get("/sessions/choose/").content.decode()
        assert "Firefox on Windows" in page
        assert sids()[0] in page
        response = newcomer.choose(*sids())
        assert response.status_code == 302
        assert response["Location"] == "/remember/?value=where"
        assert newcomer.who() == "ada"
        assert first.who() == ""
        assert reasons() == [EndReason.EVICTED]

    def test_the_chosen_sessions_browser_is_told(self, first, second):
        first.sign_in()
        second.sign_in()
        second.choose(*sids())
        assert first.get("/private/").status_code == 401

    def test_programs_are_asked_in_json_and_answer_in_json(self, first, newcomer, way):
        first.sign_in(url=way)
        response = newcomer.sign_in(url=way, headers=JSON)
        body = response.json()
        assert response.status_code == 409
        assert response["Content-Type"] == "application/problem+json"
        assert body["type"] == "urn:sojourn:problem:choice-required"
        assert body["ticket"].startswith("sojt_")
        assert body["expires_at"].endswith("Z")
        assert body["end_at_least"] == 1
        assert newcomer.who() == ""
        answer = {"ticket": body["ticket"], "end": [body["open"][0]["sid"]]}
        response = newcomer.post("/sessions/choose/", answer, content_type="application/json", headers=JSON)
        body = response.json()
        assert response.status_code == 201
        assert body["outcome"] == "admitted"
        assert body["session"]["sid"] == sids()[0]
        assert [ended["reason"] for ended in body["ended"]] == ["evicted"]
        assert "token" not in body  # it travels in the session
        assert newcomer.who() == "ada"

    def test_programs_whose_answer_is_not_enough_are_asked_again(self, first, second):
        first.sign_in()
        ticket = second.sign_in(headers=JSON).json()["ticket"]
        for end in (["0" * 24], [sids()[0]]):
            answer = {"ticket": ticket, "end": end}
            response = second.post("/sessions/choose/", answer, content_type="application/json", headers=JSON)
        assert response.status_code == 201
        assert second.who() == "ada"

    def test_programs_are_told_that_it_was_not_enough(self, first, second):
        first.sign_in()
        ticket = second.sign_in(headers=JSON).json()["ticket"]
        answer = {"ticket": ticket, "end": ["0" * 24]}
        response = second.post("/sessions/choose/", answer, content_type="application/json", headers=JSON)
        assert response.status_code == 409
        assert response.json()["ticket"] == ticket
        assert second.who() == ""

    @pytest.mark.parametrize("body", ["", "[]", "{}", '{"ticket": 1, "end": []}', '{"end": ["x"]}', "{", '{"end": {}}'])
    def test_json_that_is_no_answer_gets_a_problem(self, first, second, body):
        first.sign_in()
        second.sign_in(headers=JSON)
        response = second.post("/sessions/choose/", body, content_type="application/json", headers=JSON)
        assert response.status_code == 410
        assert response.json()["type"] == "urn:sojourn:problem:choice-over"
        assert len(open_sessions()) == 1

    def test_nobody_else_hears_of_it_until_the_choice_is_made(self, first, second, ada, way):
        first.sign_in(url=way)
        ada.refresh_from_db()
        before = ada.last_login
        second.sign_in(url=way)
        ada.refresh_from_db()
        assert ada.last_login == before
        second.choose(*sids())
        ada.refresh_from_db()
        assert ada.last_login > before

    def test_choosing_nothing_asks_again(self, first, second):
        first.sign_in()
        second.sign_in()
        response = second.choose()
        assert response.status_code == 409
        assert "Choose a session to end." in response.content.decode()
        assert first.who() == "ada"
        assert second.who() == ""
        second.choose(*sids())
        assert second.who() == "ada"

    def test_choosing_too_few_asks_again(self, limit, sojourn, ada):
        sojourn(LIMITS=[{"max_sessions": 2, "overflow": "ask"}])
        browsers = [Browser() for _ in range(2)]
        for browser in browsers:
            browser.sign_in()
        limit("ask")
        newcomer = Browser()
        newcomer.sign_in()
        response = newcomer.choose(sids()[0])
        assert response.status_code == 409
        assert "That left no room yet" in response.content.decode()
        assert newcomer.who() == ""
        assert len(open_sessions()) == 2
        newcomer.choose(*sids())
        assert newcomer.who() == "ada"
        assert len(open_sessions()) == 1

    def test_the_chosen_session_may_be_gone_already(self, first, second):
        first.sign_in()
        second.sign_in()
        chosen = sids()
        first.post("/logout/")
        second.choose(*chosen)
        assert second.who() == "ada"

    def test_two_browsers_that_choose_the_same_session_end_as_one(self, first, second):
        first.sign_in()
        third = Browser()
        second.sign_in()
        third.sign_in()
        chosen = sids()
        second.choose(*chosen)
        response = third.choose(*chosen)
        assert response.status_code == 409
        assert second.who() == "ada"
        assert third.who() == ""
        third.choose(*sids())
        assert third.who() == "ada"
        assert len(open_sessions()) == 1

    def test_giving_up_leaves_everything_as_it_was(self, first, second):
        first.sign_in()
        second.sign_in()
        response = second.post("/sessions/choose/", {"cancel": "1"})
        assert response.status_code == 302
        assert second.choose(*sids()).status_code == 410
        assert first.who() == "ada"

    def test_if_nothing_has_to_end_any_more_the_page_says_so(self, first, second):
        first.sign_in()
        second.sign_in()
        first.post("/logout/")
        assert second.get("/sessions/choose/").status_code == 200
        response = second.choose()
        assert second.who() == "ada" or response.status_code == 409

    def test_a_session_of_somebody_elses_does_not_end(self, first, second, bob):
        first.sign_in("bob")
        Browser().sign_in()
        second.sign_in()
        response = second.choose(*sids("bob"))
        assert response.status_code == 409
        assert first.who() == "bob"

    def test_remember_me_set_before_login_is_kept(self, sojourn, first, second, clock):
        sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d")
        first.sign_in()
        second.sign_in(url="/remembering-login/", data={"expiry": "1000000"})
        second.choose(*sids())
        assert second.cookies["sessionid"]["max-age"] == 1_000_000
        (session,) = open_sessions()
        assert session.persistent
        assert session.carrier_expires == clock() + 1_000_000_000

    def test_remember_me_ticked_in_the_form_is_kept(self, sojourn, first, second):
        sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d")
        first.sign_in()
        second.sign_in(url="/custom-login/", data={"remember": "on"})
        second.choose(*sids())
        (session,) = open_sessions()
        assert session.persistent
        assert session.inactivity_timeout == 14 * 24 * 3600 * 1000

    def test_remember_me_until_a_moment_is_kept(self, sojourn, first, second):
        sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d")
        until = timezone.now() + timedelta(days=3)
        first.sign_in()
        second.sign_in(url="/remembering-login/", data={"until": until.isoformat(), "remember": "on"})
        second.choose(*sids())
        assert second.session.get_expiry_date() == until
        assert open_sessions()[0].persistent

    def test_a_session_for_this_visit_only_stays_one(self, first, second):
        first.sign_in()
        second.sign_in(url="/remembering-login/", data={"expiry": "0"})
        second.choose(*sids())
        assert second.cookies["sessionid"]["max-age"] == ""

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "http:///evil.example",
            "",
        ],
    )
    def test_nobody_is_sent_to_another_site(self, first, second, target):
        first.sign_in()
        second.sign_in(data={"next": target})
        assert second.choose(*sids())["Location"] == "/private/"

    def test_the_admin_goes_on_to_the_admin(self, first, second):
        first.sign_in()
        second.sign_in(url="/admin/login/?next=/admin/auth/")
        assert second.choose(*sids())["Location"] == "/admin/auth/"

    def test_another_sign_in_while_pending_begins_anew(self, first, second, bob):
        first.sign_in()
        second.sign_in()
        second.sign_in("bob")
        assert second.who() == "bob"


class TestTicket:
    """The ticket of a pending sign-in."""

    @pytest.fixture(autouse=True)
    def _pending(self, limit, first, second):
        limit("ask")
        first.sign_in()
        second.sign_in()
        self.first, self.second = first, second

    def refused(self, browser: Any) -> bool:
        """Whether the choice is over for `browser`, and nothing has ended."""
        before = sids()
        page, answer = browser.get("/sessions/choose/"), browser.choose(*before)
        return (page.status_code, answer.status_code) == (410, 410) and sids() == before and browser.who() == ""

    def test_it_signs_in_with_an_answer(self):
        self.second.choose(*sids())
        assert self.second.who() == "ada"

    @pytest.mark.parametrize("place", [0, 5, 6, 20, -1])
    def test_a_changed_ticket_is_none(self, place):
        ticket = self.second.cookies["sojourn_ticket"].value
        letters = list(ticket)
        letters[place] = "A" if letters[place] != "A" else "B"
        self.second.cookies["sojourn_ticket"] = "".join(letters)
        assert self.refused(self.second)

    @pytest.mark.parametrize("ticket", ["", "x", "sojt_", "é", "sojt_00" + "A" * 43, "A" * 10_000])
    def test_a_made_up_ticket_is_none(self, ticket):
        self.second.cookies["sojourn_ticket"] = ticket
        assert self.refused(self.second)

    def test_it_is_used_up_by_its_answer(self):
        ticket = self.second.cookies["sojourn_ticket"].value
        self.second.choose(*sids())
        self.second.post("/logout/")
        self.first.sign_in()
        self.second.cookies["sojourn_ticket"] = ticket
        assert self.refused(self.second)

    def test_it_is_over_after_five_minutes(self, clock):
        clock.advance(5 * 60_000)
        assert self.refused(self.second)

    def test_it_lasts_almost_five_minutes(self, clock):
        clock.advance(5 * 60_000 - 1)
        self.second.choose(*sids())
        assert self.second.who() == "ada"

    def test_it_is_of_no_use_in_another_browser(self):
        thief = Browser()
        thief.cookies["sojourn_ticket"] = self.second.cookies["sojourn_ticket"].value
        assert self.refused(thief)
        thief.sign_in("nobody")
        assert self.refused(thief) or thief.cookies["sojourn_ticket"].value == ""

    def test_it_is_over_when_the_password_is_another(self, ada):
        ada.set_password("another password 1")
        ada.save()
        self.first.take_session("")
        self.first.sign_in(password="another password 1")
        response = self.second.choose(*sids())
        assert response.status_code == 410
        assert self.second.who() == ""
        assert self.first.who() == "ada"

    def test_it_is_over_when_the_user_is_inactive(self, ada):
        type(ada).objects.update(is_active=False)
        assert self.second.choose(*sids()).status_code == 410
        assert self.second.who() == ""

    def test_a_choice_that_comes_too_late_leaves_no_cookie_behind(self, ada):
        ada.set_password("another password 1")
        ada.save()
        self.first.take_session("")
        self.first.sign_in(password="another password 1")
        self.second.choose(*sids())
        assert self.second.session_cookie() == ""

    def test_the_page_and_its_address_do_not_show_it(self):
        ticket = self.second.cookies["sojourn_ticket"].value
        page = self.second.get("/sessions/choose/")
        assert ticket not in page.content.decode()

    def test_its_cookie_is_for_this_host_and_not_for_scripts(self):
        cookie = self.second.cookies["sojourn_ticket"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == 300

    def test_answering_needs_the_csrf_token(self):
        guarded = Browser(enforce_csrf_checks=True)
        guarded.cookies = self.second.cookies
        assert guarded.choose(*sids()).status_code == 403
        assert self.first.who() == "ada"
        guarded.get("/sessions/choose/")
        guarded.post("/sessions/choose/", {"end": sids(), "csrfmiddlewaretoken": guarded.cookies["csrftoken"].value})
        assert guarded.who() == "ada"

    def test_looking_at_the_page_ends_nothing(self):
        before = sids()
        for _ in range(3):
            self.second.get("/sessions/choose/", {"end": before[0]})
        assert sids() == before


_BY_LOGIN = ("custom", "swallowing", "atomic", "async", "remembering", "double", "fleeting", "crashing", "failing")
CARELESS = {"/crash/", "/crashing-logout/", "/crashing-password/", *(f"/{name}-login/" for name in _BY_LOGIN)}
"""Views that fail by themselves when they are sent nothing, or always."""


class TestWhilePending:
    """Between the password and the choice, nobody is signed in."""

    def test_no_address_takes_the_browser_for_signed_in(self, limit, settings, first, second):
        from tests.django.crawl import addresses
        from tests.django_site.middleware import sightings

        limit("ask")
        first.sign_in()
        second.sign_in()
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.django_site.middleware.witness"]
        watched, pages = Browser(enforce_csrf_checks=True), addresses()
        sightings.clear()
        for path in pages:
            watched.cookies = _copied(second)
            assert watched.get(path).status_code != 500 or path in CARELESS
            watched.cookies = _copied(second)
            watched.get("/login/")
            watched.post(path, {"csrfmiddlewaretoken": watched.cookies["csrftoken"].value})
        assert {sighting.path for sighting in sightings} >= {path for path in pages if path.startswith("/admin/auth/")}
        assert {sighting.user for sighting in sightings} == {""}
        assert first.who() == "ada"


def _copied(browser: Any) -> Any:
    return type(browser.cookies)({name: morsel.value for name, morsel in browser.cookies.items()})


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
        (event,) = OutboxEvent.objects.filter(type="report.would_have")
        assert overflow in event.payload


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
