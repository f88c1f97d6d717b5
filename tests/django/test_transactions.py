"""Sign-ins inside transactions: what is taken back with them, and what must not be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from sojourn.contrib.django.models import OutboxEvent
from sojourn.contrib.django.models import Session as Record
from sojourn.core.records import EndReason
from tests.django.again import again_on
from tests.django.browser import PASSWORD, Browser, open_sessions, reasons, sids
from tests.services.database import DatabaseServer

pytestmark = pytest.mark.django_db(transaction=True)

WAYS = ["/login/", "/custom-login/", "/atomic-login/", "/swallowing-login/", "/admin/login/"]


@pytest.fixture(params=["autocommit", "ATOMIC_REQUESTS"], autouse=True)
def mode(request: pytest.FixtureRequest) -> str:
    """Views without a transaction around them, and with one."""
    if request.param == "ATOMIC_REQUESTS":
        request.getfixturevalue("atomic_requests")
    return str(request.param)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Ways of signing in that differ in their transactions."""
    return str(request.param)


class TestRefusal:
    """A sign-in that is refused raises in the middle of the view's transaction."""

    def test_its_event_is_kept_and_there_is_one(self, limit, first, second, way):
        limit("refuse")
        first.sign_in()
        second.sign_in(url=way)
        assert OutboxEvent.objects.filter(type="start.refused").count() == 1

    def test_its_ticket_is_kept_and_is_good(self, limit, first, second, way):
        limit("ask")
        first.sign_in()
        assert second.sign_in(url=way).status_code == 303
        assert OutboxEvent.objects.filter(type="choice.offered").count() == 1
        second.choose(*sids())
        assert second.who() == "ada"
        assert reasons() == [EndReason.EVICTED]

    @pytest.mark.parametrize("overflow", ["refuse", "ask"])
    def test_a_cart_is_kept(self, engine, limit, first, second, overflow):
        limit(overflow)
        first.sign_in()
        second.get("/remember/", {"value": "tea"})
        before = second.session_cookie()
        assert second.sign_in().status_code in {303, 409}
        assert second.get("/whoami/").json() == {"user": "", "data": None, "cart": "tea"}
        assert second.session_cookie() not in {"", before}

    @pytest.mark.parametrize("way", ["/custom-login/", "/atomic-login/", "/swallowing-login/"])
    def test_a_cart_is_kept_by_every_way(self, limit, first, second, way):
        limit("refuse")
        first.sign_in()
        second.get("/remember/", {"value": "tea"})
        second.sign_in(url=way)
        assert second.get("/whoami/").json()["cart"] == "tea"

    def test_a_cart_goes_along_with_the_choice(self, engine, limit, first, second):
        limit("ask")
        first.sign_in()
        second.get("/remember/", {"value": "tea"})
        second.sign_in()
        second.choose(*sids())
        assert second.get("/whoami/").json() == {"user": "ada", "data": None, "cart": "tea"}

    @pytest.mark.parametrize("overflow", ["refuse", "ask"])
    def test_a_parallel_sign_in_of_the_same_browser_is_unharmed(self, engine, limit, first, second, overflow):
        limit(overflow)
        first.sign_in()
        refused = second.sign_in()
        assert "sessionid" not in refused.cookies  # whatever another tab has set meanwhile stays

    @pytest.mark.parametrize("way", [*WAYS, "/remembering-login/"])
    def test_so_it_is_by_every_way(self, limit, first, second, way):
        limit("refuse")
        first.sign_in()
        assert "sessionid" not in second.sign_in(url=way, data={"expiry": "600"}).cookies

    def test_nothing_of_the_refused_sign_in_is_written(self, limit, first, second, ada, way):
        limit("refuse")
        first.sign_in()
        before = User.objects.values().get()
        second.sign_in(url=way)
        assert User.objects.values().get() == before
        assert Record.objects.count() == 1


class TestRollback:
    """The transaction around a change is rolled back: the change to the sessions as well."""

    @pytest.mark.parametrize("engine", ["db", "cache", "signed_cookies"], indirect=True)
    def test_of_a_sign_in_leaves_no_record_and_signs_nobody_in(self, engine, limit, first, second):
        limit("refuse")
        first.sign_in(url="/atomic-login/", data={"fail": "yes"})
        assert first.who() == ""
        assert Record.objects.count() == 0
        assert second.sign_in().status_code == 302

    def test_of_a_sign_in_revives_what_it_had_evicted(self, limit, first, second):
        limit("end_existing")
        first.sign_in()
        second.sign_in(url="/atomic-login/", data={"fail": "yes"})
        assert first.who() == "ada"
        assert second.who() == ""
        assert len(open_sessions()) == 1

    def test_of_a_deactivation_ends_nothing(self, first, ada):
        first.sign_in()
        with transaction.atomic():
            ada.is_active = False
            ada.save()
            transaction.set_rollback(True)
        assert first.who() == "ada"

    def test_of_a_password_ends_nothing(self, first, ada):
        first.sign_in()
        with transaction.atomic():
            ada.set_password("another 1")
            ada.save()
            transaction.set_rollback(True)
        assert first.who() == "ada"

    def test_of_ones_own_password_ends_nothing(self, sojourn, mode, first, second):
        sojourn(LIMITS=[])
        first.sign_in()
        second.sign_in()
        assert first.post("/crashing-password/", {"password": "another 1"}).status_code == 500
        kept = mode == "ATOMIC_REQUESTS"
        assert (first.who(), second.who()) == (("ada", "ada") if kept else ("", ""))
        assert User.objects.get().check_password(PASSWORD) is kept


class TestAdmission:
    """What a sign-in that is admitted writes."""

    def test_its_events_are_written_once(self, limit, first, second, way):
        limit("end_existing")
        first.sign_in()
        second.sign_in(url=way)
        assert OutboxEvent.objects.filter(type="session.started").count() == 2
        assert OutboxEvent.objects.filter(type="session.ended").count() == 1

    def test_one_inside_a_transaction_of_the_tests_own_works(self, limit, first, second):
        limit("end_existing")
        with transaction.atomic():
            first.sign_in()
            second.sign_in()
        assert first.who() == ""
        assert second.who() == "ada"


LEFT_OUT = ("cache", "file", "signed_cookies", "custom", "swallowing", "admin")
CHOSEN = " and ".join(f"not {word}" for word in LEFT_OUT)
"""On a server: with Django's sessions in it as well, and two ways of signing in."""


@pytest.mark.postgres
def test_all_that_is_here_on_postgresql(mode: str, postgres_server: DatabaseServer) -> None:
    if mode == "autocommit":  # the other runs both modes
        again_on(postgres_server, Path(__file__), CHOSEN)


@pytest.mark.mariadb
def test_all_that_is_here_on_mariadb(mode: str, mariadb_server: DatabaseServer) -> None:
    if mode == "autocommit":
        again_on(mariadb_server, Path(__file__), CHOSEN)


def test_the_mode_is_in_force(mode: str, ada: Any, first: Browser) -> None:
    first.sign_in(url="/crashing-login/")
    assert Record.objects.count() == (0 if mode == "ATOMIC_REQUESTS" else 1)
