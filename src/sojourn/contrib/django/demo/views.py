"""The demonstration's pages. None of them knows Sojourn's rules: the middleware and the signals see to those."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.demo import limit, mailbox
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import SessionItem
from sojourn.contrib.django.views import own_session
from sojourn.core.policy import Overflow

SITE_NAME = "Sojourn demonstration"
NOTE_MAX = 200
"""Characters of a note."""


@dataclass(frozen=True, slots=True)
class Option:
    """What may happen at the limit, as the front page offers it."""

    value: str
    title: str
    about: str
    chosen: bool


_ABOUT = {
    Overflow.END_EXISTING: (
        "End an open session",
        "The new sign-in goes through. The session that was used least recently ends, and its browser is told why.",
    ),
    Overflow.REFUSE: (
        "Refuse the sign-in",
        "The new sign-in gets a page that says what is open (409 Conflict). What is open stays open.",
    ),
    Overflow.ASK: (
        "Ask",
        "The new sign-in waits: its user sees what is open and chooses what to end. Until then nobody is signed in.",
    ),
}


def frame(request: HttpRequest) -> dict[str, object]:
    """What the frame of every page shows. Looks at nothing but what the middleware has found already."""
    signed_in = own_session(request) is not None
    return {
        "site_name": SITE_NAME,
        "home_url": reverse("front"),
        "signed_in": signed_in,
        "logout_url": reverse("sojourn:sign_out") if signed_in else "",
    }


@method_decorator(never_cache, name="dispatch")
class FrontView(View):
    """What to try, the limit with its switch, and who is signed in where."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page."""
        mine, present = own_session(request), limit.load()
        users = get_user_model()._default_manager.order_by("pk")
        context: dict[str, object] = {
            "options": [
                Option(str(value), title, about, value is present.overflow) for value, (title, about) in _ABOUT.items()
            ],
            "counts": limit.CHOICES,
            "limit": present,
            "people": [
                {"name": user.get_username(), "open": _open(adapter().subject(user), mine.sid if mine else "")}
                for user in users
            ],
        }
        return render(request, "sojourn_demo/front.html", context)


def _open(subject: str, current_sid: str) -> list[SessionItem]:
    names = names_of(subject)
    return [SessionItem.of(session, names, current_sid) for session in control().sessions(subject)]


class LimitView(View):
    """The switch. Anybody may use it: this is a demonstration."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Let another limit hold from now on."""
        try:
            chosen = limit.DemoLimit.of(request.POST.get("overflow"), request.POST.get("max_sessions"))
        except ValueError:
            return HttpResponseBadRequest("There is no such limit.", content_type="text/plain")
        limit.save(chosen)
        messages.success(request, "The limit was changed. It holds from the next sign-in on.")
        return redirect("front")


@method_decorator(never_cache, name="dispatch")
class PrivateView(LoginRequiredMixin, View):
    """A page for people who are signed in. Its note is kept in Django's session, and ends with it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the note."""
        return render(request, "sojourn_demo/private.html", {"note": request.session.get("note", ""), "max": NOTE_MAX})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep another note."""
        request.session["note"] = request.POST.get("note", "")[:NOTE_MAX]
        messages.success(request, "Kept in this session.")
        return redirect("private")


@method_decorator(never_cache, name="dispatch")
class MailsView(View):
    """What the site has written to its users. Anybody may look: this is a demonstration."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the texts of the mails."""
        return render(request, "sojourn_demo/mails.html", {"mails": mailbox.mails()})


@method_decorator(never_cache, name="dispatch")
class MailView(View):
    """One mail, as a mail program shows it."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG002  # what Django calls a view with
        """Show the HTML of the mail, whose styles are inline, as those of mails have to be."""
        found = mailbox.mail(name)
        if found is None:
            raise Http404
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
        return HttpResponse(found.html, headers={"Content-Security-Policy": policy})
