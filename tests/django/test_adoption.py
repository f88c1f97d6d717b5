"""Sessions from before Sojourn was installed: taken into the books at their next request, if the site wants that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, EndReason
from sojourn.core.timeouts import DAY, HOUR, MINUTE, Timeouts
from tests.django.browser import JSON, PASSWORD, AsgiBrowser, Browser, open_sessions, reasons, sids, subject

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

    def test_it_is_no_proof_of_who_its_user_is(self, before, second, no_limit):
        second.sign_in()
        assert before.who() == "ada"
        assert "Password" in before.post("/sessions/end-others/").content.decode()
        assert len(open_sessions()) == 2
        before.post("/sessions/end-others/", {"password": PASSWORD})
        assert len(open_sessions()) == 1

    def test_it_is_over_if_an_operator_has_ended_every_session_there_was(self, before, clock):
        control().end_all(by="command:carol", note="restored")
        clock.advance(1000)
        assert before.who() == ""
        assert open_sessions() == []

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

    def test_its_longest_duration_begins_with_the_adoption(self, before, clock):
        clock.advance(3 * DAY)
        assert before.who() == "ada"
        for _ in range(24 * 2 - 1):
            clock.advance(15 * MINUTE)
            assert before.who() == "ada"
        clock.advance(15 * MINUTE)
        assert before.get("/private/").status_code == 401

    def test_its_device_is_recognised_from_then_on(self, before, limit):
        limit("refuse", counts="devices")
        assert before.who() == "ada"
        (session,) = open_sessions()
        assert session.device.digest
        del before.cookies["sessionid"]  # the browser was closed
        assert before.sign_in().status_code == 302
        assert reasons() == [EndReason.REPLACED]

    def test_parallel_requests_give_the_browser_one_device(self, before):
        session, devices = before.session, set()
        kept = dict(session.items())
        for _ in range(3):
            before.cookies.pop("sojourn_device", None)
            assert before.who() == "ada"
            devices.add(before.cookies["sojourn_device"].value)
            session._session_cache = dict(kept)
            session.save()
        assert len(devices) == 1

    def test_a_device_that_is_known_stays_what_it_was(self, sojourn, first):
        first.sign_in()
        known = first.cookies["sojourn_device"].value
        sojourn(ENABLED=False)
        first.post("/logout/")
        first.sign_in()
        sojourn(ENABLED=True)
        assert first.who() == "ada"
        assert first.cookies["sojourn_device"].value == known

    def test_one_that_an_operator_ended_tells_why(self, before):
        kept, session = dict(before.session.items()), before.session
        assert before.who() == "ada"
        control().end(subject(), None, EndReason.OPERATOR)
        session._session_cache = kept  # a slow request of its browser saves what it had loaded before the adoption
        session.save()
        answer = before.get("/private/")
        assert answer.status_code == 401
        assert open_sessions() == []

    @pytest.mark.parametrize("reporting", [True, False])
    def test_somebody_whose_sign_ins_are_paused_goes_on_and_stays_paused(self, before, second, sojourn, reporting):
        sojourn(REPORT_ONLY=reporting)
        control().pause(subject(), by="command:root")
        assert before.who() == "ada"
        assert second.sign_in().status_code == 403

    def test_the_deadline_is_not_over_until_it_is(self, before, sojourn, clock):
        sojourn(ADOPT_UNTIL=datetime.fromtimestamp(clock() / 1000 + 60, UTC))
        clock.advance(59_000)
        assert before.who() == "ada"

    def test_after_the_deadline_they_must_sign_in_again(self, before, sojourn, clock):
        sojourn(ADOPT_UNTIL=datetime.fromtimestamp(clock() / 1000 + 60, UTC))
        clock.advance(60_000)
        assert before.who() == ""
        assert open_sessions() == []

    def test_what_was_adopted_before_the_deadline_goes_on_after_it(self, before, sojourn, clock):
        sojourn(ADOPT_UNTIL=datetime.fromtimestamp(clock() / 1000 + 60, UTC))
        assert before.who() == "ada"
        clock.advance(60_000)
        assert before.who() == "ada"

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


class TestLeftAlone:
    """REPORT_ONLY changes nothing: not for those either who were signed in before."""

    @pytest.fixture(params=[{"REPORT_ONLY": True}, {"POLICY": f"{__name__}.only_reports"}], ids=["setting", "function"])
    def _reporting(self, request: Any, before: Any, sojourn: Any) -> None:
        sojourn(**request.param)

    @pytest.mark.usefixtures("_reporting")
    def test_they_go_on_in_no_books(self, before):
        for _ in range(2):
            assert before.get("/whoami/").json() == {"user": "ada", "data": "old", "cart": None}
        assert open_sessions() == []

    @pytest.mark.usefixtures("_reporting")
    def test_their_sign_out_is_one(self, before):
        cookie = before.session_cookie()
        before.post("/logout/")
        before.take_session(cookie)
        assert before.who() == ""

    @pytest.mark.usefixtures("_reporting")
    def test_they_are_taken_into_the_books_where_the_site_adopts(self, before, sojourn):
        sojourn(ADOPT_EXISTING=True)
        assert before.who() == "ada"
        assert len(open_sessions()) == 1

    @pytest.mark.usefixtures("_reporting")
    def test_somebody_who_was_deactivated_is_nobody(self, before):
        User.objects.update(is_active=False)
        assert before.who() == ""

    @pytest.mark.usefixtures("_reporting")
    def test_whoever_was_signed_in_when_an_operator_ended_every_session_is_not(self, before, clock):
        control().end_all(by="command:carol", note="restored")
        clock.advance(1000)
        assert before.who() == ""
        before.sign_in()
        assert before.who() == "ada"

    def test_with_a_signed_cookie_as_well(self, settings, sojourn, first):
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        sojourn(ENABLED=False)
        first.sign_in()
        sojourn(ENABLED=True, REPORT_ONLY=True, ADOPT_EXISTING=True)
        assert first.who() == "ada"
        assert open_sessions() == []


def only_reports(arrival: Arrival) -> Policy:
    """A site's own policy, which is not enforced for staff."""
    return Policy(report_only="staff" in arrival.groups)


class TestWhenEnforcementBegins:
    """Sessions that began under REPORT_ONLY come under the policy at their next request."""

    @pytest.fixture(params=["setting", "function"])
    def enforce(self, request: Any, sojourn: Any, first: Any, limit: Any) -> Callable[[], None]:
        limit("refuse")
        sojourn(REPORT_ONLY=True)
        first.sign_in()
        if request.param == "setting":
            return lambda: sojourn(REPORT_ONLY=False)
        return lambda: sojourn(REPORT_ONLY=False, POLICY=f"{__name__}.half_an_hour")

    def test_those_in_use_go_on_and_are_held_to_it(self, first, enforce, clock):
        for _ in range(60):
            clock.advance(20 * MINUTE)
            assert first.who() == "ada"
        enforce()
        clock.advance(29 * MINUTE)
        assert first.who() == "ada"
        (session,) = open_sessions()
        assert (session.inactivity_timeout, session.expires) == (30 * MINUTE, clock() + 12 * HOUR)
        clock.advance(30 * MINUTE)
        assert first.get("/private/").status_code == 401

    def test_those_that_were_idle_for_too_long_are_over_and_say_so(self, first, enforce, clock):
        clock.advance(HOUR)
        enforce()
        answer = first.get("/private/", headers=JSON)
        assert (answer.status_code, answer.json()["reason"]) == (401, "inactivity_timeout")
        assert reasons() == [EndReason.INACTIVITY_TIMEOUT]

    def test_those_that_were_idle_for_too_long_lock_nobody_out(self, second, enforce, clock):
        clock.advance(HOUR)
        enforce()
        assert second.sign_in().status_code == 302

    def test_those_in_use_take_up_room(self, second, enforce, clock):
        clock.advance(20 * MINUTE)
        enforce()
        assert second.sign_in().status_code == 409


def half_an_hour(arrival: Arrival) -> Policy:
    """A site's own policy, the same as that of its settings."""
    limits = (Limit(1, Overflow.REFUSE, groups=frozenset({"staff"})),)
    return Policy(limits, Timeouts(30 * MINUTE, 12 * HOUR)) if "staff" in arrival.groups else Policy()
