"""The answers Sojourn gives in a view's place: a page for people, problem details for everybody else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from urllib.parse import urlencode

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.cache import add_never_cache_headers

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import cookies
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import SessionItem, moment
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.wording import explanation
from sojourn.core.errors import StoreError, StoreUnconfirmed
from sojourn.core.outcomes import ChoiceRequired, Paused, Refused
from sojourn.core.records import Session
from sojourn.core.tokens import is_sid
from sojourn.notify.notices import Channel, Kind
from sojourn.web import problems


class Reader(Enum):
    """Who would read an answer to this request."""

    PERSON = "person"
    PROGRAM = "program"
    NOBODY = "nobody"


def reader(request: HttpRequest) -> Reader:
    """A person for a page, a program for data, nobody for what a page draws in: a picture, a script, a stream."""
    if _is_api(request):
        return Reader.PROGRAM
    wanted_for = request.headers.get("Sec-Fetch-Dest", "")
    if wanted_for and wanted_for not in {"document", "frame", "iframe", "empty"}:
        return Reader.NOBODY
    if request.headers.get("Accept") == "text/event-stream":  # an EventSource shows its page no answer but 200
        return Reader.NOBODY
    if adapter().wants_json(request) or (
        wanted_for == "empty" and "text/html" not in request.headers.get("Accept", "")
    ):
        return Reader.PROGRAM
    return Reader.PERSON


def _is_api(request: HttpRequest) -> bool:
    """Whether the request goes to our addresses for programs, which answer nothing but JSON."""
    try:
        return request.path.startswith(reverse("sojourn:api"))
    except NoReverseMatch:
        return False


def problem(body: dict[str, object]) -> HttpResponse:
    """Problem details as a response that no cache keeps."""
    response = JsonResponse(body, status=int(str(body["status"])), content_type=problems.CONTENT_TYPE)
    add_never_cache_headers(response)
    return response


def page(request: HttpRequest, name: str, context: dict[str, object], status: int) -> HttpResponse:
    """One of our pages, which no cache keeps and no other site frames."""
    response = render(request, f"sojourn/{name}.html", context, status=status)
    add_never_cache_headers(response)
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def login_url(next_url: str = "") -> str:
    """The address of the sign-in page, which then goes on to `next_url`."""
    url = resolve_url(django_settings.LOGIN_URL)
    return f"{url}?{urlencode({'next': next_url})}" if next_url else url


def ended(request: HttpRequest, session: Session) -> HttpResponse:
    """401: why the session is over, since when and by which device. Its cookie goes, now that this is said."""
    by = _ender(session)
    names = names_of(session.subject) if by is not None else {}
    if reader(request) is Reader.PERSON:
        came_for = request.get_full_path() if request.method == "GET" else ""
        context: dict[str, object] = {
            "reason": str(session.end_reason),
            "ended_at": moment(session.ended or 0),
            "by": SessionItem.of(by, names) if by is not None else None,
            "login_url": login_url(came_for),
        }
        response = page(request, "ended", context, 401)
    else:
        detail = explanation(str(session.end_reason), by)
        response = problem({**problems.ended_problem(session, by, names), "detail": detail})
    cookies.drop_session(response)
    return response


def _ender(session: Session) -> Session | None:
    """The session that ended this one: one of the same user or, if they acted as somebody else, the one they did it
    from. Nobody is told of the sessions of an operator.
    """
    by = control().store.find(session.ended_by) if is_sid(session.ended_by) else None
    own = by is not None and (by.subject == session.subject or by.sid == session.parent)
    return by if own else None


def _names_in(sessions: Sequence[Session]) -> Mapping[str, str]:
    """What the user whose sessions these are calls their devices."""
    return names_of(sessions[0].subject) if sessions else {}


def refused(request: HttpRequest, outcome: Refused) -> HttpResponse:
    """409: there is no room; what is open, and what to do."""
    names = _names_in(outcome.open)
    if reader(request) is not Reader.PERSON:
        return problem(problems.refused_problem(outcome, names))
    context: dict[str, object] = {
        "max_sessions": outcome.limit.max_sessions,
        "rivals": [SessionItem.of(session, names) for session in outcome.rivals],
        "open": [SessionItem.of(session, names) for session in outcome.open],
        "free_at": moment(outcome.free_at) if outcome.free_at is not None else None,
        "login_url": login_url(),
        "help_url": current().HELP_URL or None,
        "mailed": _is_mailed(outcome),
    }
    return page(request, "refused", context, 409)


def _is_mailed(outcome: Refused) -> bool:
    """Whether the owner is sent a message about it, with a link that makes room: a way out that needs no help."""
    settings = current()
    if not settings.SITE_URL or Channel.MAIL not in settings.NOTICES.channels(Kind.REFUSED) or not outcome.open:
        return False
    subject = outcome.open[0].subject
    user = adapter().users_of([subject]).get(subject)
    return user is not None and bool(adapter().email(user))


def paused(request: HttpRequest, outcome: Paused) -> HttpResponse:
    """403: an operator has paused this user's sign-ins; until when, and what to do. Why is for operators."""
    if reader(request) is not Reader.PERSON:
        return problem(problems.paused_problem(outcome))
    context: dict[str, object] = {
        "until": moment(outcome.until) if outcome.until is not None else None,
        "login_url": login_url(),
        "help_url": current().HELP_URL or None,
    }
    return page(request, "paused", context, 403)


def choice(request: HttpRequest, outcome: ChoiceRequired) -> HttpResponse:
    """409 with the ticket for programs; for people, on to the page where they choose, with the ticket in a cookie."""
    ticket = outcome.ticket
    if not has_choice_page():
        return refused(request, replace(Refused.of(outcome.limit, outcome.open), rivals=outcome.rivals))
    if reader(request) is not Reader.PERSON or ticket is None:
        return problem(problems.choice_problem(outcome, _names_in(outcome.open)))
    response = HttpResponseRedirect(reverse("sojourn:choose"))
    response.status_code = 303
    add_never_cache_headers(response)
    cookies.set_ticket(response, ticket)
    return response


def choice_over(request: HttpRequest) -> HttpResponse:
    """410: the ticket is used, expired, or another browser's."""
    if reader(request) is Reader.PERSON:
        response = page(request, "choice_over", {"login_url": login_url()}, 410)
    else:
        response = problem(problems.invalid_ticket_problem())
    cookies.drop_ticket(response)
    return response


def unavailable(request: HttpRequest, error: StoreError, *, browser_cleared: bool = False) -> HttpResponse:
    """503 with Retry-After: it cannot be told whether the session is good, so it does not count as good.

    Where something was done and is not confirmed, it says that it may have to be repeated.
    """
    if reader(request) is Reader.PERSON:
        context: dict[str, object] = {
            "retry_after": error.retry_after,
            "browser_cleared": browser_cleared,
            "unconfirmed": isinstance(error, StoreUnconfirmed),
        }
        response = page(request, "unavailable", context, 503)
    else:
        response = problem(problems.unavailable_problem(error))
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def has_choice_page() -> bool:
    """Whether the site has the page on which users choose; without it they can only be refused."""
    return bool(_choice_page())


def is_choice_page(request: HttpRequest) -> bool:
    """Whether the request goes to the page on which users choose."""
    return request.path == _choice_page()


def _choice_page() -> str:
    try:
        return reverse("sojourn:choose")
    except NoReverseMatch:
        return ""


def to_stop(request: HttpRequest, outcome: Refused | ChoiceRequired | Paused | StoreError) -> HttpResponseBase:
    """The answer to a sign-in that did not go through."""
    if isinstance(outcome, Refused):
        return refused(request, outcome)
    if isinstance(outcome, ChoiceRequired):
        return choice(request, outcome)
    if isinstance(outcome, Paused):
        return paused(request, outcome)
    return unavailable(request, outcome)
