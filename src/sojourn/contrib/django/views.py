"""The pages of somebody signed in: their sessions, and the buttons to end them. Each asks the control one question."""

from abc import ABC, abstractmethod
from typing import Any, cast

from django.conf import settings as django_settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from sojourn.contrib.django.forms import PasswordForm
from sojourn.contrib.django.internal import answers, notice
from sojourn.contrib.django.internal.start import arrival_of
from sojourn.contrib.django.internal.visit import visit_of
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.presentation import SessionItem
from sojourn.contrib.django.settings import current
from sojourn.core.policy import Counts, Limit
from sojourn.core.records import EndReason, Session
from sojourn.core.tokens import is_sid

HISTORY = 10
"""How many ended sessions the "your sessions" page shows."""


def own_session(request: HttpRequest) -> Session | None:
    """The live session of the request."""
    session: Session | None = getattr(request, "sojourn", None)
    return session


@method_decorator([never_cache, csrf_protect], name="dispatch")
class OwnSessionView(View):
    """A page for somebody whose session is live; anybody else is sent to sign in."""

    session: Session

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on with the live session, or to the sign-in page."""
        session = own_session(request)
        if session is None or not request.user.is_authenticated:
            return redirect(answers.login_url(reverse("sojourn:sessions")))
        self.session = session
        return super().dispatch(request, *args, **kwargs)


class SessionsView(OwnSessionView):
    """ "Your sessions": what is open, what ended lately and why, and the buttons to end what is not wanted."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page."""
        mine = self.session
        found = control().sessions(mine.subject)
        arrival = arrival_of(request, request.session, visit_of(request), cast("Any", request.user))
        limits = control().policy_for(arrival).limits
        general = [limit.max_sessions for limit in limits if limit.holds(arrival) and _counts_all(limit)]
        made_room = notice.take(request)
        context: dict[str, object] = {
            "open": [SessionItem.of(session, mine.sid) for session in found],
            "ended": [SessionItem.of(session) for session in control().store.history(mine.subject, HISTORY)],
            "used": len(found),
            "max_sessions": min(general, default=None),
            "started": {"ended": made_room, "also_open": []} if made_room else None,
            "notice": request.session.pop(_NOTICE, None) if _NOTICE in request.session else None,
            "end_others_url": reverse("sojourn:end_others"),
            "logout_url": reverse("sojourn:sign_out"),
        }
        return answers.page(request, "sessions", context, 200)


def _counts_all(limit: Limit) -> bool:
    """Whether the limit counts every session of a user, so that "2 of 3 are in use" can be said of it."""
    return limit.counts is Counts.SESSIONS and not (limit.scope or limit.clients or limit.device_classes)


_NOTICE = "_sojourn_notice"


class EndingView(OwnSessionView, ABC):
    """Ends other sessions of one's own, after the password once more if it was given too long ago (ASVS 7.5.2)."""

    @abstractmethod
    def what(self) -> str:
        """What will be ended, in a sentence."""

    @abstractmethod
    def end(self) -> int:
        """End it; how many sessions ended."""

    def get(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Nothing ends by following a link: show what would, and ask."""
        return self._confirm(request, PasswordForm())

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """End, or ask for the password first."""
        self.what()  # which is not found if it is somebody else's, before anything is asked or changed
        if now() - self.session.authenticated >= current().REAUTHENTICATION_WINDOW:
            form = PasswordForm(request.POST if "password" in request.POST else None)
            if not form.is_valid() or not self._is_owner(request, form):
                return self._confirm(request, form)
            control().elevate(self.session)
            request.session.cycle_key()  # a new token as well (ASVS 7.2.4)
        count = self.end()
        request.session[_NOTICE] = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count) % {
            "count": count
        }
        return redirect("sojourn:sessions")

    def _is_owner(self, request: HttpRequest, form: PasswordForm) -> bool:
        user = cast("AbstractBaseUser", request.user)
        known = authenticate(request, username=user.get_username(), password=form.cleaned_data["password"])
        if known is not None and known.pk == user.pk:
            return True
        form.add_error("password", gettext("This password is not right. Please try again."))
        return False

    def _confirm(self, request: HttpRequest, form: PasswordForm) -> HttpResponse:
        context: dict[str, object] = {
            "form": form,
            "what": self.what(),
            "action_url": request.path,
            "cancel_url": reverse("sojourn:sessions"),
            "hidden": [],
            "logout_url": reverse("sojourn:sign_out"),
        }
        return answers.page(request, "confirm", context, 200)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class EndView(EndingView):
    """Ends one other session of one's own. Somebody else's is not there."""

    def what(self) -> str:
        """What will be ended, in a sentence."""
        target = self._target()
        device = target.device.label or gettext("an unknown device")
        return gettext("Your session on %(device)s will be ended.") % {"device": device}

    def end(self) -> int:
        """End it; 0 if it is over already."""
        target = self._target()
        return len(control().end(target.subject, [target.sid], EndReason.REVOKED, by=self.session.sid))

    def _target(self) -> Session:
        sid = self.kwargs["sid"]
        target = control().store.find(sid) if is_sid(sid) else None
        if target is None or target.subject != self.session.subject:
            raise Http404
        return target


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class EndOthersView(EndingView):
    """Ends all of one's own sessions but this one."""

    def what(self) -> str:
        """What will be ended, in a sentence."""
        return gettext("All your other sessions will be ended. This one stays.")

    def end(self) -> int:
        """End them."""
        mine = self.session
        return len(control().end(mine.subject, None, EndReason.REVOKED, by=mine.sid, spare=mine.sid))


class SignOutView(LogoutView):
    """Signs out, by POST only, and goes to where the site's own sign-out goes, or to the sign-in page."""

    http_method_names = ["post", "options"]  # noqa: RUF012 - Django declares it as an instance's

    def get_default_redirect_url(self) -> str:
        """The site's LOGOUT_REDIRECT_URL, or the sign-in page."""
        return resolve_url(django_settings.LOGOUT_REDIRECT_URL or django_settings.LOGIN_URL)
