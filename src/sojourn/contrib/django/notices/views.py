"""The page behind the link "this wasn't me" of a message. It needs no sign-in, and nothing happens on it but by POST.

A scanner that opens every link of a message changes nothing. Whoever presses the button has the message; it can end
sessions and no more: nobody is signed in by it, and nothing is told that the message does not tell.
"""

from dataclasses import replace
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.notices.links import Kind, Link, LinkExpired, read
from sojourn.contrib.django.notices.passwords import reset_url
from sojourn.contrib.django.presentation import Names, SessionItem, moment
from sojourn.contrib.django.settings import current
from sojourn.core.disowning import Standing
from sojourn.core.errors import InvalidInput
from sojourn.core.records import Session

REFERRER = "strict-origin"
"""No request that the page leads to tells more than the host: the token is in the page's address. Not `no-referrer`,
with which browsers send `Origin: null` and Django refuses the form (CSRF)."""


class Over(Exception):
    """The link leads nowhere any more: `why` is invalid, expired, used, or gone or deactivated (the account)."""

    def __init__(self, why: str, status: int, answered: int | None = None) -> None:
        super().__init__(why)
        self.why, self.status, self.answered = why, status, answered


@method_decorator([login_not_required, never_cache, csrf_protect], name="dispatch")
class NotMeView(View):
    """Shows what the message was about, and ends that session, or all, at the press of a button. Once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it. However often, by whomever: nothing is changed."""
        try:
            return self._page(request, request.GET.get("token", ""))
        except Over as over:
            return _over(request, over)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End what was asked for, and say what to do next."""
        token, wish = request.POST.get("token", ""), request.POST.get("end", "")
        try:
            if wish not in {"session", "all"}:
                return self._page(request, token)
            link, _ = _opened(token)
            answer = control().answer(link.subject, link.question, everything=wish == "all")
            if answer.standing.answered is not None:
                raise Over("used", 410, answer.standing.answered)
        except Over as over:
            return _over(request, over)
        if _own(request) in {session.sid for session in answer.ended}:
            logout(request)
        count = len(answer.ended)
        context: dict[str, object] = {
            "kind": str(link.kind),
            "ended": count,
            "everything": wish == "all",
            "changed_at": _changed(answer.standing),
        }
        return _shown(request, "not_me_done", context, 200)

    def _page(self, request: HttpRequest, token: str) -> HttpResponse:
        link, credentials = _opened(token)
        standing = control().question(link.subject, link.question)
        if standing.answered is not None:
            raise Over("used", 410, standing.answered)
        disputed, own = {session.sid for session in standing.disputed}, _own(request)
        about = standing.session if link.question.sid else None
        names = names_of(link.subject)
        context: dict[str, object] = {
            "kind": str(link.kind),
            "token": token,
            "asked_at": moment(link.question.asked),
            "session": _item(about, names, own) if about is not None else None,
            "live": bool(disputed),
            "open": [_item(session, names, own) for session in standing.open] if not link.question.sid else [],
            "anything": bool(standing.open),
            "here": own in disputed,
            "elsewhere": _another(request, link),
            "changed": _changed(standing) or _outdated(standing, credentials),
            "changed_at": _changed(standing),
        }
        return _shown(request, "not_me", context, 200)


def _opened(token: str) -> tuple[Link, tuple[str, ...]]:
    """What the token names, and the present credentials of the account that it is about. Raises Over.

    A text that we did not sign costs one comparison, and no question to the store.
    """
    try:
        link = read(token, now())
    except LinkExpired:
        raise Over("expired", 410) from None
    except InvalidInput:
        raise Over("invalid", 404) from None
    user = adapter().users_of([link.subject]).get(link.subject)
    if user is None:
        raise Over("gone", 410)
    if not user.is_active:
        raise Over("deactivated", 410)
    return link, adapter().credentials(user)


def _own(request: HttpRequest) -> str:
    """The sid of the session that the link is opened in; "" if that is none."""
    session: Session | None = getattr(request, "sojourn", None)
    return session.sid if session is not None else ""


def _another(request: HttpRequest, link: Link) -> bool:
    """Whether this browser is signed in to another account than the one that the link is about."""
    session: Session | None = getattr(request, "sojourn", None)
    return session is not None and session.subject != link.subject


def _changed(standing: Standing) -> Any:
    return moment(standing.credential_changed) if standing.credential_changed is not None else None


def _outdated(standing: Standing, credentials: tuple[str, ...]) -> bool:
    """Whether the session began with another password than the present one, even if nobody saw it change."""
    session = standing.session
    return session is not None and session.credential not in ("", *credentials)


def _item(session: Session, names: Names, own: str) -> SessionItem:
    """The session without its address, which the message may have withheld, and without what ended it."""
    return replace(SessionItem.of(session, names, own), address="", client="", reason="", expires_at=None)


def _over(request: HttpRequest, over: Over) -> HttpResponse:
    answered = moment(over.answered) if over.answered is not None else None
    return _shown(request, "not_me_over", {"why": over.why, "answered_at": answered}, over.status)


def _shown(request: HttpRequest, name: str, context: dict[str, object], status: int) -> HttpResponse:
    links: dict[str, object] = {
        "reset_url": reset_url(),
        "help_url": current().HELP_URL,
        "login_url": answers.login_url(),
        "sessions_url": reverse("sojourn:sessions"),
        "about_sign_in": context.get("kind") in (Kind.STARTED, Kind.EVICTED),
    }
    response = answers.page(request, name, {**links, **context}, status)
    response.headers["Referrer-Policy"] = REFERRER
    return response
