"""Before the view: is the session that this request came with still good? One look-up, and nothing on trust."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.middleware import auser as aget_user
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LogoutView
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject

from sojourn.contrib.django.internal import adoption, answers, carrier, cookies
from sojourn.contrib.django.internal.judge import disown, is_owner, judge
from sojourn.contrib.django.internal.visit import Visit, visit_of
from sojourn.contrib.django.settings import current
from sojourn.core.errors import StoreError, StoreUnavailable
from sojourn.core.records import EndReason, Session

_BY_ITS_OWN_BROWSER = {EndReason.LOGOUT, EndReason.SWITCHED, EndReason.REPLACED, EndReason.ABORTED}
"""Endings that the browser itself asked for: there is nothing to tell it."""


def check(request: HttpRequest) -> HttpResponseBase | None:
    """Judge the request's session. Returns the answer if the request is to get no further.

    A live one becomes `request.sojourn`. Anything else that claims to be signed in is not: its data goes, and the
    request goes on as anonymous or, if its browser has something to be told, is answered with that. If the store
    cannot be reached the answer is 503, never a pass.
    """
    visit = visit_of(request)
    try:
        carried = carrier.read(request.session)
        visit.session_key = request.session.session_key
        if carried.user_key is None and carried.token is None:
            visit.bound_for = carrier.bound_for(request.session)
            return None
        visit.passive = request.path.startswith(current().PASSIVE_PATHS)
        ended = _judge(request, visit, carried)
        return None if ended is None else _turn_away(request, visit, ended)
    except StoreError as error:
        return _without_store(request, error)
    except DatabaseError:  # Django's own sessions, or its users, in a database that cannot be reached
        return _without_store(request, StoreUnavailable())


def _without_store(request: HttpRequest, error: StoreError) -> HttpResponseBase:
    """Nobody can say whether the session is good. A sign-out is done as far as this browser goes, and says so."""
    signing_out = request.method == "POST" and is_sign_out(request)
    response = answers.unavailable(request, error, browser_cleared=signing_out)
    if signing_out:
        carrier.hide(request)
        cookies.drop_session(response)
    return response


def is_sign_out(request: HttpRequest) -> bool:
    """Whether the request goes to a view that signs out."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    view_class = getattr(view, "view_class", None)
    # allauth's is no subclass of Django's, but has the same name.
    return isinstance(view_class, type) and any(base.__name__ == LogoutView.__name__ for base in view_class.__mro__)


def _judge(request: HttpRequest, visit: Visit, carried: carrier.Carried) -> EndReason | None:
    """None if the session is live (or nobody claims to be signed in); otherwise why it is not."""
    if carried.user_key is not None and carried.token is None:
        adopted = adoption.adopt(request)
        if adopted is None:
            return EndReason.ABORTED
        visit.token = adopted[1].reveal()
        accept(request, visit, adopted[0])
        return None
    found = judge(carried, passive=visit.passive)
    if found.live is None:
        visit.ended = found.ended
        return found.reason
    visit.token, visit.parent_token = str(carried.token), found.parent_token
    accept(request, visit, found.live)
    return None


def accept(request: HttpRequest, visit: Visit, session: Session) -> None:
    """The session is live: remember it, and watch whom Django loads for it."""
    visit.record = session
    raw: Any = request
    raw.sojourn = session
    carried_by = raw.session
    earlier_user, earlier_auser = raw.user, raw.auser

    async def auser() -> Any:
        if raw.session is not carried_by:  # a view has put another session in its place
            return await aget_user(raw)
        user = await earlier_auser()
        if is_owner(user, session):
            return user
        return await sync_to_async(_end_disowned)(request, visit, user)

    def user() -> Any:
        if raw.session is not carried_by:
            return get_user(raw)
        loaded = earlier_user if earlier_user.is_authenticated else AnonymousUser()
        loaded = getattr(raw, "_cached_user", loaded)
        return loaded if is_owner(loaded, session) else _end_disowned(request, visit, loaded)

    raw.user, raw.auser = SimpleLazyObject(user), auser


def _end_disowned(request: HttpRequest, visit: Visit, user: AbstractBaseUser | AnonymousUser) -> AnonymousUser:
    """The user that Django loads for this session is no longer the one who signed in, so it ends here."""
    if visit.record is not None:
        disown(visit.record, user, carrier.read(request.session).user_key)
        visit.record, visit.let_go = None, True
        carrier.let_go(request)
    return AnonymousUser()


def _turn_away(request: HttpRequest, visit: Visit, reason: EndReason) -> HttpResponseBase | None:
    """Nobody is signed in with this. Tell the browser why, where there is something to tell and somebody to read it."""
    ended, tell = visit.ended, answers.reader(request)
    if ended is None or reason in _BY_ITS_OWN_BROWSER:
        visit.let_go = True
        carrier.let_go(request)
        return None
    if tell is answers.Reader.NOBODY:
        # A picture or a script: keep the cookie, so that the next page can tell; but nothing in the session is seen.
        carrier.hide(request)
        return None
    carrier.let_go(request)
    return answers.ended(request, ended)
