"""Before the view: is the session that this request came with still good? One look-up, and nothing on trust."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LogoutView
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import adoption, answers, carrier, cookies
from sojourn.contrib.django.internal.visit import Visit, visit_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.settings import current
from sojourn.core.errors import StoreError, StoreUnavailable
from sojourn.core.outcomes import Authenticated, Ended
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
    found = control().authenticate(str(carried.token), passive=visit.passive)
    if isinstance(found, Ended):
        visit.ended = found.session
        control().expire(found.session.subject)
        return found.session.end_reason
    if not isinstance(found, Authenticated):
        return EndReason.ABORTED
    if carried.user_key is None or carried.user_key != carried.bound_to:
        # Somebody took the login out of the session, or put another one in, without logging out or in.
        control().end(found.session.subject, [found.session.sid], EndReason.LOGOUT)
        return EndReason.LOGOUT
    if found.session.parent and not _parent_lives(visit, carried, found.session):
        return EndReason.REVOKED
    visit.token = str(carried.token)
    accept(request, visit, found.session)
    return None


def _parent_lives(visit: Visit, carried: carrier.Carried, child: Session) -> bool:
    """Whoever acts as another user may do so only as long as their own session lives."""
    found = control().authenticate(str(carried.parent_token), passive=visit.passive)
    if isinstance(found, Authenticated) and found.session.sid == child.parent:
        visit.parent_token = str(carried.parent_token)
        return True
    ended = control().end(child.subject, [child.sid], EndReason.REVOKED, by=child.parent)
    visit.ended = next(iter(ended), None)
    return False


def accept(request: HttpRequest, visit: Visit, session: Session) -> None:
    """The session is live: remember it, and watch whom Django loads for it."""
    visit.record = session
    raw: Any = request
    raw.sojourn = session
    earlier_user, earlier_auser = raw.user, raw.auser

    async def auser() -> Any:
        user = await earlier_auser()
        if _is_owner(user, session):
            return user
        return await sync_to_async(_end_disowned)(request, visit, user)

    def user() -> Any:
        loaded = earlier_user if earlier_user.is_authenticated else AnonymousUser()
        loaded = getattr(raw, "_cached_user", loaded)
        return loaded if _is_owner(loaded, session) else _end_disowned(request, visit, loaded)

    raw.user, raw.auser = SimpleLazyObject(user), auser


def _is_owner(user: Any, session: Session) -> bool:
    return bool(user.is_authenticated) and adapter().subject(user) == session.subject


def _end_disowned(request: HttpRequest, visit: Visit, user: AbstractBaseUser | AnonymousUser) -> AnonymousUser:
    """The user that Django loads for this session is no longer the one who signed in: inactive, gone, another, or
    with another password. No signal told us (a bulk update, another program), so it ends here.
    """
    session = visit.record
    if session is not None:
        reason = EndReason.DELETED if user.is_authenticated else _why_anonymous(request)
        control().end(session.subject, [session.sid], reason)
        visit.record, visit.let_go = None, True
        carrier.let_go(request)
    return AnonymousUser()


def _why_anonymous(request: HttpRequest) -> EndReason:
    from django.contrib.auth import get_user_model

    key = carrier.read(request.session).user_key
    if key is None:  # Django has flushed it: the password is another one
        return EndReason.CREDENTIAL_CHANGED
    return EndReason.DEACTIVATED if get_user_model()._base_manager.filter(pk=key).exists() else EndReason.DELETED


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
