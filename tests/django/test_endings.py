"""Every way in which a session ends, and what its browser, the others and the record make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.models import Session as DjangoSession
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from sojourn.contrib.django.internal import conclude
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.models import OutboxEvent
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from sojourn.core.timeouts import DAY, HOUR, MINUTE
from tests.django.browser import PASSWORD, AsgiBrowser, Browser, open_sessions, reasons, sids, subject

pytestmark = pytest.mark.django_db

NEW = "A longer one, after tea."


@pytest.fixture
def _plenty(sojourn: Any) -> None:
    """No limit, so that nothing ends but by what the test does."""
    sojourn(LIMITS=[])


@pytest.mark.usefixtures("_plenty")
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
        assert OutboxEvent.objects.filter(type="session.ended").count() == 1

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


@pytest.mark.usefixtures("_plenty")
class TestPassword:
    """When the password changes, the others end and this one stays."""

    def change(self, browser: Any) -> Any:
        """Through Django's own view."""
        return browser.post("/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})

    def custom(self, browser: Any) -> Any:
        """Through a view that knows nothing of sessions."""
        return browser.post("/own-password/", {"password": NEW})

    def admin(self, browser: Any) -> Any:
        """Through the admin."""
        user = User.objects.get(username="ada")
        return browser.post(
            f"/admin/auth/user/{user.pk}/password/", {"password1": NEW, "password2": NEW, "usable_password": "true"}
        )

    @pytest.mark.parametrize("way", [change, custom, admin])
    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    def test_this_browser_stays_and_the_others_end(self, ada, second, kind, way):
        first = kind()
        first.sign_in()
        second.sign_in()
        kept = next(sid for sid in sids() if sid not in [s.sid for s in open_sessions() if "iOS" in s.device.os])
        assert way(self, first).status_code in {200, 302}
        assert first.who() == "ada"
        assert first.who() == "ada"
        assert sids() == [kept]
        response = second.get("/private/")
        assert response.status_code == 401
        assert "password" in response.content.decode()
        assert reasons() == [EndReason.CREDENTIAL_CHANGED]

    @pytest.mark.parametrize("way", [change, custom, admin])
    def test_the_session_cookie_is_renewed(self, first, way):
        first.sign_in()
        before = first.session_cookie()
        way(self, first)
        assert first.session_cookie() not in {"", before}
        first.take_session(before)
        assert first.who() == ""

    def test_the_token_is_renewed_and_the_one_before_has_seconds_left(self, settings, first, clock):
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        first.sign_in()
        (record,) = open_sessions()
        self.change(first)
        (renewed,) = open_sessions()
        assert renewed.digest != record.digest
        assert renewed.predecessor == record.digest
        assert renewed.predecessor_until == clock() + 10_000

    def test_an_old_cookie_does_not_end_the_session_that_was_renewed(self, settings, first):
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        first.sign_in()
        late = Browser()
        late.take_session(first.session_cookie())
        self.change(first)
        assert late.who() == ""  # a request that was on its way when the password changed
        assert first.who() == "ada"

    def test_somebody_else_setting_it_ends_all(self, first, second, ada):
        first.sign_in()
        second.sign_in()
        ada.set_password(NEW)
        ada.save()
        assert (first.who(), second.who()) == ("", "")
        assert reasons() == [EndReason.CREDENTIAL_CHANGED] * 2

    def test_setting_it_without_a_signal_ends_all_as_they_come(self, first, ada):
        first.sign_in()
        ada.set_password(NEW)
        User.objects.update(password=ada.password)
        assert first.get("/data/").status_code == 401
        assert reasons() == [EndReason.CREDENTIAL_CHANGED]

    def test_saving_something_else_ends_nothing(self, first, ada):
        first.sign_in()
        ada.refresh_from_db()
        ada.first_name = "Augusta"
        ada.save()
        User.objects.defer("password").get(pk=ada.pk).save()
        User.objects.only("first_name").get(pk=ada.pk).save(update_fields=["first_name"])
        assert first.who() == "ada"

    @pytest.mark.usefixtures("atomic_requests")
    @pytest.mark.parametrize("overflow", ["refuse", "ask", "end_existing"])
    def test_a_reset_that_signs_in_is_kept_at_the_limit(self, limit, first, second, ada, overflow):
        limit(overflow)
        first.sign_in()
        ada.refresh_from_db()
        token, uid = default_token_generator.make_token(ada), urlsafe_base64_encode(force_bytes(ada.pk))
        page = second.get(f"/reset/{uid}/{token}/")
        response = second.post(page["Location"], {"new_password1": NEW, "new_password2": NEW})
        assert response.status_code == 302
        ada.refresh_from_db()
        assert ada.check_password(NEW)
        assert second.who() == "ada"
        assert first.who() == ""
        assert reasons() == [EndReason.CREDENTIAL_CHANGED]


@pytest.mark.usefixtures("_plenty")
class TestHasher:
    """Django stores a password anew, under a better hasher or with more rounds, when it is given the next time."""

    @pytest.fixture
    def better(self, settings: Any) -> Callable[[], None]:
        """Prefer another hasher from now on."""

        def prefer() -> None:
            settings.PASSWORD_HASHERS = [
                "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
                "django.contrib.auth.hashers.MD5PasswordHasher",
            ]

        return prefer

    def test_whoever_signs_in_with_it_is_signed_in(self, better, limit, first, second):
        limit("refuse")
        first.sign_in()
        better()
        # Django itself knows no session any more that was made with the older hash, so there is room.
        assert second.sign_in().status_code == 302
        assert User.objects.get().password.startswith("pbkdf2_sha1$")
        assert second.who() == "ada"
        assert first.who() == ""
        assert len(open_sessions()) == 1

    def test_in_the_same_browser_as_well(self, better, limit, first):
        limit("refuse")
        first.sign_in()
        better()
        first.sign_in()
        assert first.who() == "ada"
        assert len(open_sessions()) == 1

    def test_giving_it_again_while_signed_in_signs_nobody_out_here(self, better, first, second, clock):
        first.sign_in()
        second.sign_in()
        clock.advance(20 * MINUTE)
        better()
        first.post("/sessions/end-others/", {"password": PASSWORD})
        assert User.objects.get().password.startswith("pbkdf2_sha1$")
        assert first.who() == "ada"
        assert len(open_sessions()) == 1

    def test_by_itself_it_ends_nothing(self, better, first):
        first.sign_in()
        better()
        assert authenticate(username="ada", password=PASSWORD) is not None
        assert len(open_sessions()) == 1


@pytest.mark.usefixtures("_plenty")
class TestSecretKey:
    """SECRET_KEY is replaced."""

    def test_with_the_old_one_as_a_fallback_everybody_stays(self, settings, first, second):
        first.sign_in()
        second.sign_in()
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another one, for tests only"
        for _ in range(2):
            assert (first.who(), second.who()) == ("ada", "ada")
        assert reasons() == []

    def test_a_sign_in_meanwhile_ends_nobody(self, settings, first, second):
        first.sign_in()
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another one, for tests only"
        second.sign_in()
        assert (first.who(), second.who()) == ("ada", "ada")

    def test_saving_a_user_meanwhile_ends_nobody(self, settings, first, ada):
        first.sign_in()
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another one, for tests only"
        ada.refresh_from_db()
        ada.save()
        assert first.who() == "ada"

    def test_without_a_fallback_everybody_must_sign_in_again(self, settings, first):
        first.sign_in()
        settings.SECRET_KEY = "another one, for tests only"
        assert first.who() == ""
        first.sign_in()
        assert first.who() == "ada"


@pytest.mark.usefixtures("_plenty")
class TestAccount:
    """The account is switched off, goes, or comes again."""

    def deactivate_by_save(self, user: User) -> None:
        user.refresh_from_db()
        user.is_active = False
        user.save()

    def deactivate_one_field(self, user: User) -> None:
        user.is_active = False
        user.save(update_fields=["is_active"])

    @pytest.mark.parametrize("way", [deactivate_by_save, deactivate_one_field])
    def test_deactivated_it_is_dead_and_stays_so(self, first, ada, way):
        first.sign_in()
        way(self, ada)
        assert sids() == []
        User.objects.update(is_active=True)
        response = first.get("/private/")
        assert response.status_code == 401
        assert first.who() == ""
        assert reasons() == [EndReason.DEACTIVATED]

    @pytest.mark.parametrize("path", ["/whoami/", "/plain/", "/data/"])
    def test_deactivated_without_a_signal_it_is_dead_from_the_next_request_on(self, first, ada, path):
        first.sign_in()
        first.get("/remember/")
        cookie = first.session_cookie()
        User.objects.update(is_active=False)
        assert first.get(path).status_code == 401
        User.objects.update(is_active=True)
        first.take_session(cookie)
        assert first.who() == ""
        assert "kept" not in first.get("/data/").content.decode()
        assert reasons() == [EndReason.DEACTIVATED]

    @pytest.mark.parametrize("path", ["/whoami/", "/plain/", "/data/"])
    def test_deleted_it_is_dead(self, first, ada, path):
        first.sign_in()
        whose = subject()
        ada.delete()
        response = first.get(path)
        assert response.status_code == 401
        assert [session.end_reason for session in control().store.history(whose, 9)] == [EndReason.DELETED]

    @pytest.mark.parametrize("path", ["/whoami/", "/plain/", "/data/"])
    def test_deleted_without_a_signal_it_is_dead(self, first, ada, path):
        first.sign_in()
        whose = subject()
        User.objects.filter(pk=ada.pk)._raw_delete("default")
        assert first.get(path).status_code == 401
        assert [session.end_reason for session in control().store.history(whose, 9)] == [EndReason.DELETED]

    def test_the_next_account_with_the_same_key_is_not_signed_in_by_an_old_cookie(self, first, ada):
        first.sign_in()
        whose = subject()
        User.objects.filter(pk=ada.pk)._raw_delete("default")
        later = timezone.now() + timedelta(seconds=2)
        unusable = ada.password  # the same hash, as two accounts without a usable password may have it
        User.objects.create(pk=ada.pk, username="eve", password=unusable, date_joined=later)
        assert first.who() == ""
        assert [session.end_reason for session in control().store.history(whose, 9)] == [EndReason.DELETED]


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


class TestTime:
    """Timeouts, judged when somebody looks."""

    def test_inactivity_ends_it(self, first, clock):
        first.sign_in()
        clock.advance(30 * MINUTE - 1)
        assert first.who() == "ada"
        clock.advance(30 * MINUTE)
        response = first.get("/private/")
        assert response.status_code == 401
        assert "not used for some time" in response.content.decode()
        assert reasons() == [EndReason.INACTIVITY_TIMEOUT]

    def test_activity_keeps_it_until_the_absolute_timeout(self, first, clock):
        first.sign_in()
        for _ in range(12 * 3 - 1):
            clock.advance(20 * MINUTE)
            assert first.get("/private/").status_code == 200
        clock.advance(20 * MINUTE)
        assert first.get("/private/").status_code == 401
        assert reasons() == [EndReason.ABSOLUTE_TIMEOUT]

    def test_a_session_that_is_over_takes_no_room(self, limit, first, second, clock):
        limit("refuse")
        first.sign_in()
        clock.advance(30 * MINUTE)
        assert second.sign_in().status_code == 302

    def test_passive_paths_are_no_activity(self, sojourn, first, clock):
        sojourn(PASSIVE_PATHS=["/plain/"])
        first.sign_in()
        for _ in range(3):
            clock.advance(9 * MINUTE)
            assert first.get("/plain/").status_code == 200
        clock.advance(3 * MINUTE)
        assert first.get("/private/").status_code == 401

    @pytest.mark.parametrize("way", [{"later": "10000000"}, {"expiry": "10000000"}])
    def test_a_persistent_session_has_timeouts_of_its_own(self, sojourn, first, clock, way):
        sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d")
        first.sign_in(url="/remembering-login/", data=way)
        clock.advance(13 * DAY)
        assert first.who() == "ada"
        clock.advance(14 * DAY)
        assert first.get("/private/").status_code == 401

    def test_a_ticked_box_makes_a_session_persistent(self, sojourn, first, clock):
        sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d")
        first.sign_in(url="/custom-login/", data={"remember_me": "true"})
        clock.advance(HOUR)
        assert first.who() == "ada"

    def test_the_record_ends_no_later_than_djangos_session(self, settings, sojourn, limit, first, second, clock):
        limit("refuse")
        sojourn(ABSOLUTE_TIMEOUT="90d", INACTIVITY_TIMEOUT="60d")
        settings.SESSION_COOKIE_AGE = 600
        first.sign_in()
        clock.advance(10 * MINUTE)
        assert second.sign_in().status_code == 302
        assert reasons() == [EndReason.CARRIER_EXPIRED]

    def test_so_it_does_where_the_view_sets_an_expiry_after_login(self, sojourn, limit, first, second, clock):
        limit("refuse")
        sojourn(ABSOLUTE_TIMEOUT="90d", INACTIVITY_TIMEOUT="60d")
        first.sign_in(url="/remembering-login/", data={"later": "600"})
        clock.advance(10 * MINUTE)
        assert second.sign_in().status_code == 302
        assert reasons() == [EndReason.CARRIER_EXPIRED]

    def test_where_django_moves_its_end_the_record_moves_too(self, settings, sojourn, first, clock):
        sojourn(ABSOLUTE_TIMEOUT="90d", INACTIVITY_TIMEOUT="60d")
        settings.SESSION_COOKIE_AGE = 600
        settings.SESSION_SAVE_EVERY_REQUEST = True
        first.sign_in()
        for _ in range(3):
            clock.advance(9 * MINUTE)
            assert first.who() == "ada"


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
