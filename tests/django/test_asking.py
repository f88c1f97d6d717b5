"""`overflow: ask`: the sign-in waits until its user has chosen which session ends, and signs nobody in until then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sojourn.core.records import EndReason
from tests.django.browser import JSON, Browser, open_sessions, reasons, sids

pytestmark = pytest.mark.django_db


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
