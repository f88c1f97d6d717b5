"""The pages of somebody signed in: their sessions, and the way out. Each asks the control one question."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from sojourn.contrib.django.forms import DeviceNameForm
from sojourn.contrib.django.internal import answers, notice
from sojourn.contrib.django.internal.overview import find_own, overview
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import DeviceItem, LimitItem, Names, SessionItem
from sojourn.contrib.django.wording import MUTABLE_NOTICES
from sojourn.core.records import NAME_MAX, Session, clean_text

NOTICE = "_sojourn_notice"
"""Holds the sentence that the "your sessions" page says next."""


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

    def get(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Show the page."""
        return self.show(request)

    def show(self, request: HttpRequest, naming: dict[str, str] | None = None) -> HttpResponse:
        """The page; with what was wrong with a name that was sent (`naming`: sid, value, error)."""
        found = overview(request, self.session)
        names, mine = found.names, self.session.sid
        made_room = notice.take(request)
        context: dict[str, object] = {
            "open": [SessionItem.of(session, names, mine) for session in found.open],
            "ended": [
                SessionItem.of(session, names, by=_item(found.enders.get(session.ended_by), names, mine))
                for session in found.ended
            ],
            "limits": LimitItem.all_of(found.limits),
            "started": {"ended": made_room, "also_open": []} if made_room else None,
            "previous": notice.previous(request),
            "devices": DeviceItem.all_of(found.profile, self.session.device.digest),
            "mutable": [
                {"kind": kind, "label": label, "muted": kind in found.profile.muted}
                for kind, label in MUTABLE_NOTICES.items()
            ],
            "notice": request.session.pop(NOTICE, None) if NOTICE in request.session else None,
            "naming": naming,
            "end_others_url": reverse("sojourn:end_others"),
            "logout_url": reverse("sojourn:sign_out"),
        }
        return answers.page(request, "sessions", context, 200)


def _item(session: Session | None, names: Names, current_sid: str) -> SessionItem | None:
    return SessionItem.of(session, names, current_sid) if session is not None else None


class NameView(SessionsView):
    """Names the device of one of one's own sessions. Somebody else's is not there."""

    def get(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Nothing is named by following a link: show the page, where the forms are."""
        return self.show(request)

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Name it, or show the page again with what is wrong with the name."""
        target = find_own(self.session, self.kwargs["sid"])
        if target is None:
            raise Http404
        form = DeviceNameForm(request.POST)
        if not form.is_valid():
            sent = request.POST.get("name", "")[: 2 * NAME_MAX]
            return self.show(request, {"sid": target.sid, "value": sent, "error": str(form.errors["name"][0])})
        name = clean_text(form.cleaned_data["name"])
        if not control().name_device(target.subject, target.sid, name):
            text = gettext("This device cannot be named: its session is over, or it is not recognised.")
        elif name:
            text = gettext("The device is called “%(name)s” from now on.") % {"name": name}
        else:
            text = gettext("The name of the device was taken away.")
        request.session[NOTICE] = text
        return redirect("sojourn:sessions")
