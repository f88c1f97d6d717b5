"""The pages of somebody signed in: their sessions, and the way out. Each asks the control one question."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from sojourn.contrib.django.internal import answers, notice
from sojourn.contrib.django.internal.start import arrival_of
from sojourn.contrib.django.internal.visit import visit_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import SessionItem
from sojourn.core.policy import Counts, Limit
from sojourn.core.records import Session

NOTICE = "_sojourn_notice"
"""Holds the sentence that the "your sessions" page says next."""
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
            "notice": request.session.pop(NOTICE, None) if NOTICE in request.session else None,
            "end_others_url": reverse("sojourn:end_others"),
            "logout_url": reverse("sojourn:sign_out"),
        }
        return answers.page(request, "sessions", context, 200)


def _counts_all(limit: Limit) -> bool:
    """Whether the limit counts every session of a user, so that "2 of 3 are in use" can be said of it."""
    return limit.counts is Counts.SESSIONS and not (limit.scope or limit.clients or limit.device_classes)
