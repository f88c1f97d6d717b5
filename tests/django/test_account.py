"""The account changes: another password, another key of the site, switched off, gone, or come again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason
from sojourn.core.timeouts import MINUTE
from tests.django.browser import PASSWORD, AsgiBrowser, Browser, open_sessions, reasons, sids, subject

pytestmark = pytest.mark.django_db


NEW = "A longer one, after tea."


@pytest.mark.usefixtures("no_limit")
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


@pytest.mark.usefixtures("no_limit")
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


@pytest.mark.usefixtures("no_limit")
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


@pytest.mark.usefixtures("no_limit")
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
