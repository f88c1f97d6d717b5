"""Ending other sessions of one's own: the buttons, and the page that asks who is pressing them."""

from abc import ABC, abstractmethod
from typing import cast

from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from sojourn.contrib.django.forms import PasswordForm
from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.views import NOTICE, OwnSessionView
from sojourn.core.records import EndReason, Session
from sojourn.core.tokens import is_sid


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
        request.session[NOTICE] = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count) % {
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
