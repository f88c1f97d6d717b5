"""Was it you? The owner of an older session answers for a sign-in elsewhere, without giving their password again.

That is what makes it quick, and it is bounded by who may: only a session that was there before (`core.disowning`).
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.notices.passwords import change_url, reset_url
from sojourn.contrib.django.notices.recipients import contact_of
from sojourn.contrib.django.presentation import SessionItem, device_name
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.views import NOTICE, OwnSessionView
from sojourn.core.disowning import answerable, names_before


class AskingView(OwnSessionView):
    """Asks about another session of the user's own that began later. There is no such page for any other session."""

    def get(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Nothing is answered by following a link: show the session, and both buttons."""
        roster = control().store.roster(self.session.subject)
        asked = {session.sid: session for session in answerable(roster, self.session.sid, now())}
        found = asked.get(self.kwargs["sid"])
        if found is None:
            return self.nothing_asked(request)
        context: dict[str, object] = {
            "item": SessionItem.of(found, names_before(roster.profile, self.session)),
            "next": self.next_url(request),
            "logout_url": reverse("sojourn:sign_out"),
        }
        return answers.page(request, "was_it_you", context, 200)

    def nothing_asked(self, request: HttpRequest) -> HttpResponse:
        """Back to the list: the session is over, or this one has no say about it."""
        request.session[NOTICE] = gettext("There is nothing to answer any more: that session is over, or is older.")
        return redirect("sojourn:sessions")

    def next_url(self, request: HttpRequest) -> str:
        """Where the user was when they were asked; "" if they did not say, or it is not on this site."""
        wanted = request.POST.get("next") or request.GET.get("next") or ""
        safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        return wanted if safe else ""


class ConfirmView(AskingView):
    """It was me: nobody is asked about that session any more."""

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Note it, and go back to where the user was."""
        sid = self.kwargs["sid"]
        if not control().confirm(self.session, sid):
            return self.nothing_asked(request)
        if url := self.next_url(request):
            return redirect(url)
        request.session[NOTICE] = gettext("Thank you. You will not be asked about that session again.")
        return redirect("sojourn:sessions")


class DisownView(AskingView):
    """It was not me: what is open on that device ends."""

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """End it, and say what to do next."""
        ended = control().disown(self.session, self.kwargs["sid"], contact=contact_of(request.user))
        if not ended:
            return self.nothing_asked(request)
        names = names_of(self.session.subject)
        context: dict[str, object] = {
            "device": device_name(ended[0].device, names),
            "change_url": change_url() or reset_url(),
            "help_url": current().HELP_URL,
            "next": self.next_url(request),
            "logout_url": reverse("sojourn:sign_out"),
        }
        return answers.page(request, "disowned", context, 200)
