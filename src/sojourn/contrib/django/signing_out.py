"""Signing out, and the page that says that it is done (NIST SP 800-53 AC-12(2))."""

from django.conf import settings as django_settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.timeout import live_session


@method_decorator(login_not_required, name="dispatch")
class SignOutView(LogoutView):
    """Signs out, by POST only as its base does, and says so on a page (NIST SP 800-53 AC-12(2))."""

    def get_default_redirect_url(self) -> str:
        """Our page that says so; but on to another host if LOGOUT_REDIRECT_URL is there, as single sign-on needs it."""
        elsewhere = _after_sign_out()
        own = url_has_allowed_host_and_scheme(elsewhere, {self.request.get_host()})
        return elsewhere if elsewhere and not own else reverse("sojourn:signed_out")


@method_decorator(login_not_required, name="dispatch")
class SignedOutView(View):
    """Says that the session has ended. For any sign-out of a site: `LOGOUT_REDIRECT_URL = "sojourn:signed_out"`."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Say so, to somebody of whom it is true."""
        if live_session(request) is not None:
            return redirect("sojourn:sessions")
        after = _after_sign_out()
        context: dict[str, object] = {
            "login_url": answers.login_url(),
            "go_on_url": after if after != request.path else "",
        }
        return answers.page(request, "signed_out", context, 200)


def _after_sign_out() -> str:
    """Where the site goes after a sign-out; "" if it does not say."""
    return resolve_url(django_settings.LOGOUT_REDIRECT_URL) if django_settings.LOGOUT_REDIRECT_URL else ""
