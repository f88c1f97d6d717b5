"""Sessions that end in their own browser: signed out, switched, replaced, failed or tampered with."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session as DjangoSession

from sojourn.contrib.django.internal import conclude
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from tests.django.browser import AsgiBrowser, Browser, reasons, recorded, sids

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("no_limit")
class TestSignOut:
    """By whatever door."""

    DOORS = (
        "/logout/",
        "/admin/logout/",
        "/sessions/sign-out/",
        "/function-logout/",
        "/flushing-logout/",
        "/async-logout/",
    )

    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    @pytest.mark.parametrize("door", DOORS)
    def test_it_ends_this_session_and_no_other(self, ada, second, kind, door):
        first = kind()
        first.sign_in()
        second.sign_in()
        first.post(door)
        assert first.who() == ""
        assert second.who() == "ada"
        assert reasons() == [EndReason.LOGOUT]
        assert len(recorded("session.ended")) == 1

    @pytest.mark.parametrize("door", DOORS)
    def test_it_is_kept_by_no_cache(self, first, door):
        first.sign_in()
        assert "no-store" in first.post(door)["Cache-Control"]

    def test_over_https_the_browser_is_asked_to_clear_what_pages_stored(self, first):
        first.sign_in()
        assert first.post("/logout/", secure=True)["Clear-Site-Data"] == '"storage"'

    def test_over_http_it_is_not(self, first):
        first.sign_in()
        assert "Clear-Site-Data" not in first.post("/logout/")

    def test_a_sign_out_whose_view_fails_is_one_all_the_same(self, first):
        first.sign_in()
        cookie = first.session_cookie()
        assert first.post("/crashing-logout/").status_code == 500
        first.take_session(cookie)
        assert first.who() == ""
        assert reasons() == [EndReason.LOGOUT]

    def test_so_it_is_where_errors_pass_through_django(self, settings, first):
        settings.DEBUG_PROPAGATE_EXCEPTIONS = True
        first.sign_in()
        with pytest.raises(RuntimeError):
            first.post("/crashing-logout/")
        assert reasons() == [EndReason.LOGOUT]

    @pytest.mark.usefixtures("atomic_requests")
    def test_so_it_is_where_a_transaction_took_it_back(self, first):
        first.sign_in()
        cookie = first.session_cookie()
        first.post("/crashing-logout/")
        first.take_session(cookie)
        assert first.who() == ""
        assert reasons() == [EndReason.LOGOUT]

    def test_the_device_is_remembered(self, limit, first):
        limit("refuse")
        first.sign_in()
        device = first.cookies["sojourn_device"].value
        first.post("/logout/")
        first.sign_in()
        assert first.cookies["sojourn_device"].value == device


class TestAnotherUser:
    """Somebody else signs in in the same browser."""

    def test_the_user_before_is_signed_out(self, limit, first, bob):
        limit("refuse")
        first.sign_in()
        first.sign_in("bob")
        assert first.who() == "bob"
        assert sids() == []
        assert reasons() == [EndReason.SWITCHED]

    @pytest.mark.parametrize("engine", ["db", "cache", "file", "signed_cookies"])
    @pytest.mark.parametrize("atomic", [False, True])
    def test_a_refused_one_signs_the_user_before_out_as_well(
        self, settings, tmp_path, limit, first, second, bob, monkeypatch, engine, atomic
    ):
        from django.db import connection

        settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
        settings.SESSION_FILE_PATH = str(tmp_path)
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)
        limit("refuse")
        second.sign_in("bob")
        first.sign_in()
        cookie = first.session_cookie()
        assert first.sign_in("bob").status_code == 409
        assert first.who() == ""
        first.take_session(cookie)
        assert first.who() == ""
        assert sids() == []
        assert reasons() == [EndReason.SWITCHED]
        assert DjangoSession.objects.filter(session_key=cookie).count() == 0

    def test_one_whose_view_fails_signs_the_user_before_out_as_well(self, limit, first, bob):
        limit("refuse")
        first.sign_in()
        first.sign_in("bob", url="/crashing-login/")
        assert sids() == []
        assert sids("bob") == []
        assert first.who() == ""


@pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
class TestWithinTheRequest:
    """Whom a view sees after it has signed somebody in or out."""

    def test_a_user_signed_out_is_nobody(self, ada, kind):
        browser = kind()
        browser.sign_in()
        assert browser.post("/async-logout/").content == b"bye "

    def test_a_user_signed_in_after_another_is_the_one(self, sojourn, ada, bob, kind):
        sojourn(LIMITS=[])
        browser = kind()
        browser.sign_in()
        assert browser.sign_in("bob", url="/async-login/").content == b"welcome bob"
        assert browser.who() == "bob"


class TestCrash:
    """A view fails after `login()`: its session was never handed out."""

    @pytest.mark.parametrize("way", ["/crashing-login/", "/failing-login/"])
    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    def test_the_record_ends(self, limit, ada, second, kind, way):
        limit("refuse")
        first = kind()
        assert first.sign_in(url=way).status_code == 500
        assert first.who() == ""
        assert reasons() == [EndReason.ABORTED]
        assert second.sign_in().status_code == 302

    def test_so_it_does_where_errors_pass_through_django(self, limit, settings, first, second):
        limit("refuse")
        settings.DEBUG_PROPAGATE_EXCEPTIONS = True
        with pytest.raises(RuntimeError):
            first.sign_in(url="/crashing-login/")
        assert reasons() == [EndReason.ABORTED]
        assert second.sign_in().status_code == 302

    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    def test_so_it_does_if_we_fail_ourselves(self, monkeypatch, limit, ada, second, kind):
        limit("refuse")
        browser = kind()
        with monkeypatch.context() as broken:
            broken.setattr(conclude, "_settle", None)
            assert browser.sign_in().status_code == 500
        assert browser.who() == ""
        assert reasons() == [EndReason.ABORTED]
        assert second.sign_in().status_code == 302

    def test_so_it_does_if_the_browser_does_not_wait_for_its_answer(self, monkeypatch, limit, ada, second):
        def leave(*_: Any) -> None:
            raise asyncio.CancelledError

        limit("refuse")
        browser = AsgiBrowser()
        with monkeypatch.context() as impatient:
            impatient.setattr(conclude, "_settle", leave)
            with pytest.raises(asyncio.CancelledError):
                browser.sign_in()
        assert reasons() == [EndReason.ABORTED]
        assert second.sign_in().status_code == 302

    def test_an_error_is_told_as_it_was_where_the_store_is_gone_as_well(self, settings, monkeypatch, first):
        def gone(*_: Any, **__: Any) -> None:
            raise StoreUnavailable

        settings.DEBUG_PROPAGATE_EXCEPTIONS = True
        monkeypatch.setattr(conclude, "_abort_start", gone)
        with pytest.raises(RuntimeError, match="after login"):
            first.sign_in(url="/crashing-login/")

    @pytest.mark.usefixtures("atomic_requests")
    def test_there_is_no_record_where_a_transaction_took_it_back(self, limit, first, second):
        limit("refuse")
        first.sign_in(url="/crashing-login/")
        assert sids() == []
        assert reasons() == []
        assert second.sign_in().status_code == 302

    def test_a_view_that_fails_later_ends_nothing(self, first):
        first.sign_in()
        assert first.get("/crash/").status_code == 500
        assert first.who() == "ada"


class TestAgain:
    """The same user signs in again in the same browser."""

    def test_the_key_is_renewed_and_the_old_cookie_dead(self, first):
        first.sign_in()
        old = first.session_cookie()
        first.get("/remember/")
        first.sign_in()
        assert first.session_cookie() not in {"", old}
        assert first.get("/whoami/").json()["data"] == "kept"
        first.take_session(old)
        assert first.who() == ""

    def test_in_signed_cookies_too(self, settings, first, clock):
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        first.sign_in()
        old = first.session_cookie()
        first.sign_in()
        assert first.who() == "ada"
        first.take_session(old)
        assert first.who() == ""
        assert reasons() == [EndReason.REPLACED]

    @pytest.mark.parametrize("overflow", ["refuse", "ask", "end_existing"])
    @pytest.mark.parametrize("replace", [True, False])
    def test_twice_within_one_request_is_one_session(self, sojourn, limit, first, overflow, replace):
        limit(overflow)
        sojourn(REPLACE_SAME_DEVICE=replace)
        for _ in range(2):
            assert first.sign_in(url="/double-login/", data={"usernames": ["ada", "ada"]}).status_code == 200
            assert first.who() == "ada"
            assert len(sids()) == 1

    def test_two_users_within_one_request_are_the_last_one(self, limit, first, bob):
        limit("refuse")
        first.sign_in(url="/double-login/", data={"usernames": ["ada", "bob"]})
        assert first.who() == "bob"
        assert sids() == []
        assert reasons() == [EndReason.SWITCHED]

    def test_if_the_last_one_is_refused_nobody_is_signed_in(self, limit, first, second, bob):
        limit("refuse")
        second.sign_in("bob")
        assert first.sign_in(url="/double-login/", data={"usernames": ["ada", "bob"]}).status_code == 409
        assert first.who() == ""
        assert sids() == []
        assert second.who() == "bob"

    def test_signing_in_and_out_within_one_request_is_none(self, limit, first, second):
        limit("refuse")
        first.sign_in(url="/fleeting-login/")
        assert first.who() == ""
        assert sids() == []
        assert second.sign_in().status_code == 302

    def test_signing_out_and_in_within_one_request_is_one_session(self, first):
        first.sign_in()
        first.sign_in(url="/crashing-login/")
        assert len(sids()) == 0


class TestMadeByHand:
    """A session that nobody signed in to is nobody's."""

    def put(self, browser: Any, user: User) -> None:
        """Put a login into the browser's session the way `login()` would, without it."""
        session = browser.session
        session["_auth_user_id"] = str(user.pk)
        session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
        session["_auth_user_hash"] = user.get_session_auth_hash()
        session.save()
        browser.cookies["sessionid"] = session.session_key

    def test_keys_put_by_hand_sign_nobody_in(self, first, ada):
        self.put(first, ada)
        assert first.who() == ""

    def test_another_users_key_put_beside_a_token_signs_nobody_in(self, first, ada, bob):
        first.sign_in()
        self.put(first, bob)
        assert first.who() == ""
        assert reasons() == [EndReason.LOGOUT]

    def test_a_login_taken_out_of_the_session_ends_it(self, first):
        first.sign_in()
        session = first.session
        del session["_auth_user_id"]
        session.save()
        assert first.get("/plain/").status_code == 200
        assert reasons() == [EndReason.LOGOUT]

    @pytest.mark.parametrize(
        "binding", [None, "x", [], [1, 2], ["soj_", "1"], {"a": 1}, ["A" * 100_000, "1"], [None, None]]
    )
    def test_a_damaged_binding_signs_nobody_in(self, first, binding):
        first.sign_in()
        session = first.session
        session["_sojourn"] = binding
        session.save()
        assert first.who() == ""

    def test_an_adopted_session_goes_on(self, sojourn, first, ada):
        sojourn(ADOPT_EXISTING=True)
        self.put(first, ada)
        assert first.who() == "ada"
        assert first.who() == "ada"
        assert len(sids()) == 1
