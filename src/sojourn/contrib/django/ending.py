"""Ending other sessions of one's own: the buttons, and the page that asks who is pressing them."""

from abc import ABC, abstractmethod

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from sojourn.contrib.django.api import reauthentication_required
from sojourn.contrib.django.forms import PasswordForm
from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.overview import find_own
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import device_name
from sojourn.contrib.django.reauthentication import Method, is_recent, verify_password, way_of
from sojourn.contrib.django.views import NOTICE, OwnSessionView
from sojourn.core.records import EndReason, Session


class EndingView(OwnSessionView, ABC):
    """Ends other sessions of one's own, once it is sure enough who asks for it (ASVS 7.5.2)."""

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
        """End, or have the user prove first who they are."""
        self.what()  # which is not found if it is somebody else's, before anything is asked or changed
        if not is_recent(self.session):
            asked = self._prove(request)
            if asked is not None:
                return asked
        count = self.end()
        request.session[NOTICE] = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count) % {
            "count": count
        }
        return redirect("sojourn:sessions")

    def _prove(self, request: HttpRequest) -> HttpResponse | None:
        """None if the form has the right password; otherwise what the user is to do first."""
        if answers.reader(request) is not answers.Reader.PERSON and "password" not in request.POST:
            return reauthentication_required(request)
        way = way_of(request, request.path)
        if way.method is Method.PAGE:
            return redirect(way.url)
        form = PasswordForm(request.POST if "password" in request.POST else None)
        if way.method is Method.PASSWORD and form.is_valid():
            if verify_password(request, form.cleaned_data["password"]):
                return None
            form.add_error("password", gettext("This password is not right. Please try again."))
        return self._confirm(request, form)

    def _confirm(self, request: HttpRequest, form: PasswordForm) -> HttpResponse:
        recent, way = is_recent(self.session), way_of(request, request.path)
        sign_in_again = not recent and way.method is Method.SIGN_IN
        context: dict[str, object] = {
            "form": form if not recent and way.method is Method.PASSWORD else None,
            "what": self.what(),
            "sign_in_again": sign_in_again,
            "action_url": reverse("sojourn:sign_out") if sign_in_again else request.path,
            "cancel_url": reverse("sojourn:sessions"),
            "hidden": [("next", way.url)] if sign_in_again else [],
            "logout_url": reverse("sojourn:sign_out"),
        }
        return answers.page(request, "confirm", context, 200)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class EndView(EndingView):
    """Ends one other session of one's own. Somebody else's is not there."""

    def what(self) -> str:
        """What will be ended, in a sentence."""
        target = self._target()
        device = device_name(target.device, names_of(target.subject))
        return gettext("Your session on %(device)s will be ended.") % {"device": device}

    def end(self) -> int:
        """End it; 0 if it is over already."""
        target = self._target()
        return len(control().end(target.subject, [target.sid], EndReason.REVOKED, by=self.session.sid))

    def _target(self) -> Session:
        target = find_own(self.session, self.kwargs["sid"])
        if target is None:
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
