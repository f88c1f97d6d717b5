"""How long a session has left: what pages are told of it, the endpoint that they ask, and "stay signed in"."""

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.utils.crypto import salted_hmac
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from sojourn.contrib.django.internal import answers, carrier
from sojourn.contrib.django.internal.visit import visit_of
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.core.records import EndReason, Session
from sojourn.core.timeouts import deadlines, touch_interval
from sojourn.web.problems import not_signed_in_problem


@dataclass(frozen=True, slots=True)
class Bound:
    """One way in which time will end a session; in milliseconds."""

    left: int
    timeout: int
    """How much is left at most, just after a sign-in or after activity."""

    @property
    def warning(self) -> int:
        """How much is left when pages warn. A short timeout must not be all warning."""
        return min(current().TIMEOUT_WARNING, self.timeout // 3)

    def as_json(self) -> dict[str, float]:
        """In seconds, to the millisecond."""
        return {name: getattr(self, name) / 1000 for name in ("left", "timeout", "warning")}


def live_session(request: HttpRequest) -> Session | None:
    """The session that the request was made with, if somebody is still signed in to it. A page that asks varies."""
    session: Session | None = getattr(request, "sojourn", None)
    user: Any = getattr(request, "user", None)
    return session if user is not None and user.is_authenticated else None


def bounds(request: HttpRequest, session: Session) -> tuple[Bound | None, Bound | None]:
    """What activity puts off, and what nothing does; each None if there is no such end.

    Django's own session ends too, and moves only where it is saved at every request. Whoever acts as another user has
    what their own session has left.
    """
    puts_off: list[Bound] = []
    final: list[Bound] = []
    parent = control().store.find(session.parent) if session.parent else None
    for each in [session] if parent is None else [session, parent]:
        seen = _as_noted(request, each)
        for at, reason in deadlines(seen):
            if reason is EndReason.INACTIVITY_TIMEOUT:
                puts_off.append(Bound(at - now(), seen.inactivity_timeout or 0))
            elif reason is EndReason.ABSOLUTE_TIMEOUT:
                final.append(Bound(at - now(), at - seen.authenticated))
            else:
                age = int(request.session.get_expiry_age()) * 1000
                moves = django_settings.SESSION_SAVE_EVERY_REQUEST
                (puts_off if moves else final).append(Bound(at - now(), age))
    return _soonest(puts_off), _soonest(final)


def _as_noted(request: HttpRequest, session: Session) -> Session:
    """The record was read before the activity of this very request was noted in it."""
    if visit_of(request).passive:
        return session
    moment = now()
    seen = replace(session, last_seen=moment) if control().touch_due(session, moment) else session
    if seen.carrier_expires is None or not carrier.moved_on(request.session):
        return seen
    return replace(seen, carrier_expires=carrier.expires(request.session, moment))


def _soonest(found: list[Bound]) -> Bound | None:
    return min(found, key=lambda bound: bound.left, default=None)


def account(session: Session) -> str:
    """Recognises the account of a session, and tells nothing of it."""
    return salted_hmac("sojourn.timeout", session.subject, algorithm="sha256").hexdigest()[:32]


def state(request: HttpRequest, session: Session) -> dict[str, object]:
    """What a page is told: what is left of its session on the server's clock, and whose session it is.

    A page that was made for another `account` must show nothing more.
    """
    inactivity, absolute = bounds(request, session)
    reports = current().REPORT_ACTIVITY and inactivity is not None
    interval = touch_interval(session.inactivity_timeout, current().TOUCH_INTERVAL)
    return {
        "account": account(session),
        "inactivity": None if inactivity is None else inactivity.as_json(),
        "absolute": None if absolute is None else absolute.as_json(),
        "report_every": interval / 1000 if reports else None,
        "csrf_token": get_token(request),
    }


@method_decorator([login_not_required, never_cache, csrf_protect], name="dispatch")
class TimeoutView(View):
    """How long has the session of this browser left? GET asks and is never activity; POST stays signed in.

    Both answer JSON: 200 with `state`, or 401 and problem details when nobody is signed in. (The middleware has
    answered already, with the reason, if this browser's session has just ended.)
    """

    session: Session

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on with the live session, or say that there is none."""
        session = live_session(request)
        if session is None:
            return answers.problem(not_signed_in_problem())
        self.session = session
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Say what is left."""
        return JsonResponse(state(request, self.session))

    def post(self, request: HttpRequest) -> HttpResponse:
        """The user is there. Written even if activity was written a moment ago: what is promised must be true."""
        if not control().touch(self.session):
            return answers.problem(not_signed_in_problem())
        return JsonResponse(state(request, replace(self.session, last_seen=now())))
