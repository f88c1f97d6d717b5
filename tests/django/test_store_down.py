"""The place where sessions are kept cannot be reached: nobody passes, and when it is back all is well again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from sojourn.core.errors import StoreError
from sojourn.core.timeouts import MINUTE
from tests.django.browser import JSON, PASSWORD, AsgiBrowser, Browser, sids

pytestmark = pytest.mark.django_db(transaction=True)

Down = Callable[..., AbstractContextManager[None]]


def _failing(*, everything: bool) -> Down:
    @contextmanager
    def block(*, only: str = "") -> Iterator[None]:
        def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if (everything or "sojourn_" in sql) and sql.startswith(only):
                raise OperationalError("the server has gone away")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(fail):
            yield

    return block


@pytest.fixture(params=[False, True], ids=["only ours", "all of it"])
def down(request: pytest.FixtureRequest) -> Down:
    """A block within which the database fails: for our tables, or for every statement, Django's sessions included."""
    return _failing(everything=request.param)


@pytest.fixture
def ours_down() -> Down:
    """Only our tables, for what needs Django's to get that far."""
    return _failing(everything=False)


def unavailable(response: Any) -> bool:
    """Whether this is our answer to a store that is down."""
    return response.status_code == 503 and response["Retry-After"] == "5" and "no-store" in response["Cache-Control"]


class TestSignedIn:
    """Requests that carry a session."""

    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    @pytest.mark.parametrize("path", ["/plain/", "/private/", "/data/", "/sessions/", "/login/", "/no-such-page/"])
    def test_they_get_503_and_no_view_is_asked(self, ada, down, kind, path):
        browser = kind()
        browser.sign_in()
        browser.get("/remember/")
        with down():
            response = browser.get(path)
            assert unavailable(response)
            assert "kept" not in response.content.decode().replace("are kept", "")
        assert browser.who() == "ada"

    def test_a_program_is_told_in_problem_details(self, ada, down, first):
        first.sign_in()
        with down():
            response = first.get("/private/", headers=JSON)
        assert unavailable(response)
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["type"] == "urn:sojourn:problem:store-unavailable"

    def test_activity_that_cannot_be_written_is_no_pass(self, down, first, clock):
        first.sign_in()
        clock.advance(5 * MINUTE)
        with down(only="UPDATE sojourn"):
            assert unavailable(first.get("/private/"))
        assert first.who() == "ada"

    def test_one_that_fails_after_its_view_is_as_it_was(self, settings, ours_down, first, clock):
        settings.SESSION_SAVE_EVERY_REQUEST = True
        first.sign_in()
        clock.advance(MINUTE // 2)
        settings.SESSION_COOKIE_AGE = 10_000_000  # so that its end moves, and must be written
        with ours_down(only="UPDATE sojourn"):
            assert unavailable(first.get("/remember/"))
        assert first.get("/whoami/").json() == {"user": "ada", "data": None, "cart": None}


class TestOthers:
    """Requests that carry none."""

    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    def test_they_go_on(self, ada, down, kind):
        browser = kind()
        with down():
            assert browser.get("/plain/").content == b"plain"

    def test_a_visitor_with_a_cart_goes_on(self, ours_down, first):
        first.get("/remember/")
        with ours_down():
            assert first.get("/whoami/").json()["cart"] == "kept"


class TestSigningIn:
    """Nobody is let in on trust."""

    WAYS = ("/login/", "/admin/login/", "/custom-login/", "/swallowing-login/", "/atomic-login/", "/async-login/")

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("overflow", ["refuse", "ask", "end_existing"])
    def test_it_gets_503_and_signs_nobody_in(self, limit, ours_down, first, way, overflow):
        limit(overflow)
        with ours_down():
            response = first.sign_in(url=way)
            assert unavailable(response)
            assert "signed out" not in response.content.decode()
        assert first.who() == ""
        assert first.session_cookie() == ""
        assert first.sign_in(url=way).status_code in {200, 302}
        assert first.who() == "ada"

    def test_so_it_is_under_asgi(self, ada, ours_down):
        browser = AsgiBrowser()
        with ours_down():
            assert unavailable(browser.sign_in(url="/async-login/"))
        assert browser.who() == ""

    @pytest.mark.usefixtures("atomic_requests")
    @pytest.mark.parametrize("way", ["/login/", "/swallowing-login/", "/atomic-login/"])
    def test_so_it_is_in_a_transaction(self, ours_down, first, way):
        with ours_down():
            assert unavailable(first.sign_in(url=way))
        assert first.who() == ""

    def test_the_choice_waits(self, limit, ours_down, first, second):
        limit("ask")
        first.sign_in()
        second.sign_in()
        chosen = sids()
        with ours_down():
            assert unavailable(second.get("/sessions/choose/"))
            assert unavailable(second.choose(*chosen))
        second.choose(*chosen)
        assert second.who() == "ada"


class TestSigningOut:
    """A sign-out clears the browser, and says that the server could not be told."""

    DOORS = ("/logout/", "/admin/logout/", "/sessions/sign-out/")

    @pytest.mark.parametrize("door", DOORS)
    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    def test_the_browser_is_cleared_and_told(self, ada, down, kind, door):
        browser = kind()
        browser.sign_in()
        with down():
            response = browser.post(door)
            assert unavailable(response)
            assert "This browser is signed out" in response.content.decode()
            assert browser.session_cookie() == ""
        assert browser.who() == ""

    def test_posting_to_nowhere_is_no_sign_out(self, down, first):
        first.sign_in()
        with down():
            assert "signed out" not in first.post("/no-such-page/").content.decode()
        assert first.who() == "ada"

    @pytest.mark.parametrize("door", [*DOORS, "/function-logout/", "/flushing-logout/"])
    def test_so_it_is_if_the_store_goes_away_meanwhile(self, ours_down, first, door):
        first.sign_in()
        with ours_down(only="INSERT INTO sojourn"):
            response = first.post(door)
            assert unavailable(response)
            assert "This browser is signed out" in response.content.decode()
        assert first.session_cookie() == ""

    def test_djangos_session_is_gone_where_it_can_be_reached(self, ours_down, first):
        first.sign_in()
        cookie = first.session_cookie()
        with ours_down():
            first.post("/logout/")
        first.take_session(cookie)
        assert first.who() == ""


class TestChangesOfTheAccount:
    """They are made, or not, and in the end nobody goes on who must not."""

    def test_a_password_changed_meanwhile_still_ends_the_others(self, sojourn, ours_down, first, second, ada):
        sojourn(LIMITS=[])
        first.sign_in()
        ada.set_password("another 1")
        with ours_down(), pytest.raises(StoreError):
            ada.save()
        assert first.who() == ""

    def test_a_user_deactivated_meanwhile_is_out(self, ours_down, first, ada):
        first.sign_in()
        ada.is_active = False
        with ours_down(), pytest.raises(StoreError):
            ada.save()
        assert first.who() == ""
        User.objects.update(is_active=True)
        assert first.who() == ""

    def test_a_view_that_changes_one_gets_503(self, ours_down, first):
        first.sign_in()
        with ours_down(only="INSERT INTO sojourn"):
            new = {"old_password": PASSWORD, "new_password1": "Later 1.", "new_password2": "Later 1."}
            assert unavailable(first.post("/password/", new))
