"""Sites differ: other cookies, CSRF tokens in sessions, pages closed by default, users of another class."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in

from sojourn.core.records import EndReason
from tests.django.browser import Browser, reasons, sids

pytestmark = pytest.mark.django_db


class Colleague(User):
    """The site's users under another name."""

    class Meta:
        proxy = True
        app_label = "auth"


class TestCookies:
    """Django's settings for its session cookie hold for ours."""

    def test_over_https_ours_are_bound_to_this_very_host(self, settings, limit, ada):
        settings.SESSION_COOKIE_SECURE = True
        limit("ask")
        first, second = Browser(), Browser()
        first.sign_in(secure=True)
        second.sign_in(secure=True)
        for name in ("__Host-sojourn_device", "__Host-sojourn_ticket"):
            cookie = second.cookies[name]
            assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
        assert second.choose(*sids(), secure=True).status_code == 302
        assert second.get("/private/", secure=True).status_code == 200
        assert second.cookies["__Host-sojourn_ticket"].value == ""

    def test_a_session_cookie_of_another_name_and_path_is_the_one_that_goes(self, settings, limit, first, second):
        settings.SESSION_COOKIE_NAME = "stay"
        settings.SESSION_COOKIE_DOMAIN = "testserver"
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        gone = first.get("/private/").cookies["stay"]
        assert (gone.value, gone["domain"], gone["max-age"]) == ("", "testserver", 0)
        assert second.who() == "ada"

    def test_the_device_cookie_can_have_another_name(self, sojourn, first):
        sojourn(DEVICE_COOKIE="gadget")
        first.sign_in()
        assert "gadget" in first.cookies
        assert "sojourn_device" not in first.cookies


class TestCsrfInSessions:
    """CSRF_USE_SESSIONS: whoever sees a form has a session."""

    def submit(self, browser: Any, page: str, path: str, data: dict[str, Any]) -> Any:
        """Fill in a form of `page` and send it."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        return browser.post(path, {**data, "csrfmiddlewaretoken": token[1]})

    def test_asking_and_choosing_works(self, settings, limit, first, ada):
        settings.CSRF_USE_SESSIONS = True
        limit("ask")
        first.sign_in()
        guarded = Browser(enforce_csrf_checks=True)
        page = guarded.get("/admin/login/").content.decode()
        from tests.django.browser import PASSWORD

        response = self.submit(guarded, page, "/admin/login/", {"username": "ada", "password": PASSWORD})
        assert response.status_code == 303
        assert guarded.who() == ""
        page = guarded.get("/sessions/choose/").content.decode()
        assert self.submit(guarded, page, "/sessions/choose/", {"end": sids()}).status_code == 302
        assert guarded.who() == "ada"


class TestClosedByDefault:
    """LoginRequiredMiddleware: every page asks for a sign-in, unless it says otherwise."""

    def test_the_page_of_the_choice_is_open(self, settings, limit, first, second):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
        limit("ask")
        first.sign_in()
        second.sign_in()
        assert second.get("/plain/").status_code == 302
        assert second.get("/sessions/choose/").status_code == 200
        second.choose(*sids())
        assert second.get("/plain/").status_code == 200

    def test_the_ended_browser_is_told_before_it_is_sent_away(self, settings, limit, first, second):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        assert first.get("/plain/").status_code == 401
        assert first.get("/plain/").status_code == 302


class TestProxies:
    """A class that stands for the user model."""

    def test_deactivating_through_it_ends_the_sessions(self, first, ada):
        first.sign_in()
        colleague = Colleague.objects.get(pk=ada.pk)
        colleague.is_active = False
        colleague.save()
        assert reasons() == [EndReason.DEACTIVATED]

    def test_deleting_through_it_ends_the_sessions(self, first, ada):
        first.sign_in()
        Colleague.objects.get(pk=ada.pk).delete()
        assert first.get("/private/").status_code == 401

    def test_its_subject_is_the_users_own(self, ada):
        from sojourn.contrib.django.adapter import adapter

        assert adapter().subject(Colleague.objects.get(pk=ada.pk)) == adapter().subject(ada)


class TestSignals:
    """Sign-ins that are none of a browser's."""

    @pytest.mark.parametrize("request_", [None, object()])
    def test_one_without_a_session_is_none_of_our_affair(self, ada, request_):
        user_logged_in.send(sender=User, request=request_, user=ada)  # as for sockets, or for an API token
        assert sids() == []

    def test_one_of_a_token_in_a_browser_where_another_is_signed_in_changes_nothing(self, first, ada, bob, rf):
        first.sign_in()
        request = rf.get("/")
        request.session = first.session
        user_logged_in.send(sender=User, request=request, user=bob)
        assert first.who() == "ada"
        assert sids("bob") == []
