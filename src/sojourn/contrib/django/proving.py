"""Pages that do something only once it is sure enough who asks for it (ASVS 7.5.2)."""

from abc import ABC, abstractmethod

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from sojourn.contrib.django.api import reauthentication_required
from sojourn.contrib.django.forms import PasswordForm
from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.reauthentication import Method, is_recent, verify_password, way_of
from sojourn.contrib.django.views import NOTICE, OwnSessionView


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class ProvedView(OwnSessionView, ABC):
    """Does one thing in somebody's own account, once they have proved lately enough who they are."""

    @abstractmethod
    def what(self) -> str:
        """What will be done, in a sentence. Raises Http404 if there is nothing to do it to."""

    @abstractmethod
    def act(self) -> str:
        """Do it; what was done, in a sentence."""

    def get(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Nothing is done by following a link: show what would be, and ask."""
        return self._confirm(request, PasswordForm())

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Do it, or have the user prove first who they are."""
        self.what()  # which is not found if it is somebody else's, before anything is asked or changed
        if not is_recent(self.session):
            asked = self._prove(request)
            if asked is not None:
                return asked
        request.session[NOTICE] = self.act()
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
