"""An operator has paused a user's sign-ins: what the user meets, by whatever way they come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import localtime

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import moment
from sojourn.testing.clock import FakeClock
from tests.django.again import again_on
from tests.django.browser import JSON, Browser, recorded, sids, subject

if TYPE_CHECKING:
    from tests.services.database import DatabaseServer

pytestmark = pytest.mark.django_db

HOUR = 3_600_000


@pytest.fixture
def paused(ada: User, clock: FakeClock) -> None:
    """Ada's sign-ins are paused for an hour."""
    control().pause(subject(), by="root", note="a stolen phone", until=clock() + HOUR)


@pytest.mark.usefixtures("paused")
class TestSigningIn:
    """By every way of signing in, under every limit."""

    @pytest.mark.parametrize("overflow", ["end_existing", "refuse", "ask"])
    def test_it_is_stopped_and_says_until_when(
        self, limit: Any, newcomer: Browser, clock: FakeClock, way: str, overflow: str
    ) -> None:
        limit(overflow)
        response = newcomer.sign_in(url=way)
        assert response.status_code == 403
        text = response.content.decode()
        assert "An administrator of this site has paused sign-ins" in text
        assert f"{localtime(moment(clock() + HOUR)):%H:%M}" in text.replace(".", ":")
        assert "stolen" not in text
        assert "root" not in text
        assert newcomer.who() == ""
        assert sids() == []
        assert len(recorded("start.paused")) == 1

    def test_a_program_gets_problem_details_without_the_note(self, first: Browser, clock: FakeClock) -> None:
        response = first.sign_in(headers=JSON)
        assert response.status_code == 403
        assert response["Content-Type"] == "application/problem+json"
        body = response.json()
        assert body.pop("until") == moment(clock() // 1000 * 1000 + HOUR).isoformat().replace("+00:00", "Z")
        assert body == {
            "type": "urn:sojourn:problem:sign-ins-paused",
            "title": "Sign-ins to this account are paused",
            "status": 403,
            "detail": "Wait until the pause is over, or ask the people who run this site.",
        }

    @pytest.mark.usefixtures("atomic_requests")
    def test_a_view_whose_transaction_is_rolled_back_loses_no_event(self, first: Browser) -> None:
        assert first.sign_in(url="/custom-login/").status_code == 403
        assert len(recorded("start.paused")) == 1

    def test_it_holds_in_report_only_too(self, sojourn: Any, first: Browser) -> None:
        sojourn(REPORT_ONLY=True)
        assert first.sign_in().status_code == 403
        assert sids() == []

    def test_it_does_not_count_as_a_sign_in(self, ada: User, first: Browser) -> None:
        first.sign_in()
        ada.refresh_from_db()
        assert ada.last_login is None

    def test_somebody_else_signs_in_as_ever(self, bob: User, first: Browser) -> None:
        first.sign_in("bob")
        assert first.who() == "bob"

    def test_it_is_over_at_its_end(self, first: Browser, clock: FakeClock) -> None:
        clock.advance(HOUR - 1)
        assert first.sign_in().status_code == 403
        clock.advance(1)
        first.sign_in()
        assert first.who() == "ada"

    def test_the_cart_of_a_visitor_is_kept(self, first: Browser) -> None:
        first.get("/remember/?value=tea")
        first.sign_in()
        assert first.get("/whoami/").json() == {"user": "", "data": None, "cart": "tea"}


def test_sessions_that_are_open_go_on_and_signing_in_again_there_changes_nothing(
    no_limit: None, ada: User, first: Browser, second: Browser
) -> None:
    first.sign_in()
    before = sids()
    control().pause(subject(), by="root")
    assert first.who() == "ada"
    assert first.sign_in().status_code == 403
    assert first.who() == "ada"
    assert second.sign_in().status_code == 403
    assert sids() == before
    control().resume(subject(), by="root")
    second.sign_in()
    assert second.who() == "ada"


def test_a_choice_that_waits_is_paused_as_well(limit: Any, ada: User, first: Browser, second: Browser) -> None:
    limit("ask")
    first.sign_in()
    assert second.sign_in().status_code == 303
    control().pause(subject(), by="root")
    assert second.get("/sessions/choose/").status_code == 200
    assert second.choose(*sids()).status_code == 403
    assert first.who() == "ada"
    control().resume(subject(), by="root")
    second.choose(*sids())
    assert second.who() == "ada"


def test_without_an_end_the_page_sends_people_to_whoever_runs_the_site(sojourn: Any, ada: User, first: Browser) -> None:
    sojourn(HELP_URL="/help/")
    control().pause(subject(), by="root")
    text = first.sign_in().content.decode()
    assert "They can let you sign in again." in text
    assert 'href="/help/"' in text
    assert "Sign in again" not in text
    assert first.sign_in(headers=JSON).json()["until"] is None


@pytest.mark.postgres
def test_it_is_so_on_postgresql(postgres_server: DatabaseServer) -> None:
    again_on(postgres_server, Path(__file__), "TestSigningIn or open or choice")


@pytest.mark.mariadb
def test_it_is_so_on_mariadb(mariadb_server: DatabaseServer) -> None:
    again_on(mariadb_server, Path(__file__), "TestSigningIn or open or choice")
