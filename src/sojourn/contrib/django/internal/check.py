"""Before the view: is the session that this request came with still good? One look-up, and nothing on trust."""

from typing import Any

from django.contrib.auth.middleware import auser as aget_user
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LogoutView
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject

from sojourn.contrib.django.internal import adoption, answers, carrier, cookies, joined
from sojourn.contrib.django.internal.enforcement import keep_up
from sojourn.contrib.django.internal.judge import disown, is_owner, judge
from sojourn.contrib.django.internal.passive import is_passive
from sojourn.contrib.django.internal.privileges import privileges_of
from sojourn.contrib.django.internal.visit import Visit, visit_of
from sojourn.contrib.django.internal.wiring import control
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
            visit.bound_for = carrier.bound_for(request.session)
            if request.session.session_key is None:
                # The session is gone, such as by a sign-out. A page cache further in may still know the cookie.
                visit.let_go = True
                carrier.scrub(request)
            return None
        visit.passive = is_passive(request)
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
        carrier.forget(request)
        cookies.drop_session(response)
    return response


def is_sign_out(request: HttpRequest) -> bool:
    """Whether the request goes to a view that signs out."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    view_class = getattr(view, "view_class", None)
    # allauth's is no subclass of Django's, but has the same name; the admin's is a method.
    bases = view_class.__mro__ if isinstance(view_class, type) else ()
    named = getattr(view, "__name__", "") == "logout" or getattr(view_class, "signs_out", False)
    return named or any(base.__name__ == LogoutView.__name__ for base in bases)


def _judge(request: HttpRequest, visit: Visit, carried: carrier.Carried) -> EndReason | None:
    """None if the session is live (or nobody claims to be signed in); otherwise why it is not."""
    if carried.user_key is not None and carried.token is None:
        return _judge_without_token(request, visit)
    along = joined.user_along(request, carried)
    found = judge(carried, passive=visit.passive, user=along)
    if found.live is None:
        visit.ended = found.ended
        return found.reason
    if along is not None and along.user is not None:
        raw: Any = request
        raw._cached_user = along.user
    visit.token, visit.parent_token = str(carried.token), found.parent_token
    return accept(request, visit, found.live, renewed=found.renewed)


def _judge_without_token(request: HttpRequest, visit: Visit) -> EndReason | None:
    """Somebody who was signed in before Sojourn was there, or by something that goes around `login()`."""
    adopted = adoption.adopt(request, visit)
    if adopted is None:
        return None if adoption.leaves_alone(request, visit) else EndReason.ABORTED
    found, token = adopted
    if isinstance(found, Authenticated):
        visit.token = token.reveal()
        return accept(request, visit, found.session)
    visit.ended = found.session if isinstance(found, Ended) else None
    return EndReason.ABORTED if visit.ended is None else visit.ended.end_reason


def accept(request: HttpRequest, visit: Visit, session: Session, *, renewed: bool = False) -> EndReason | None:
    """The session is live. Is the user whom Django loads for it still the one who signed in? None, or why not.

    Asked now, not when a view asks: a view that only shows what is in the session must not show it to somebody who
    was deactivated without a signal (a bulk update, another program). Whoever looks at the user later gets this one,
    without another query. `renewed` means that the token is an older one, so that Django's session may be as well.
    """
    raw: Any = request
    user = _loaded(raw)
    if not is_owner(user, session):
        if not renewed:  # otherwise the session goes on elsewhere, with what this one lacks
            visit.ended = disown(session, user, carrier.read(raw.session).user_key)
        return EndReason.ABORTED if visit.ended is None else visit.ended.end_reason
    held = keep_up(session, user)
    if held is None:
        visit.ended = control().store.find(session.sid)
        return EndReason.INACTIVITY_TIMEOUT
    visit.record = raw.sojourn = held
    visit.privileges, visit.late = privileges_of(user), renewed
    visit.login_mark = carrier.login_mark(raw.session)
    _show(raw, user)
    return None


def _loaded(raw: Any) -> Any:
    """The user that Django loads for the session. That we look does not make the response vary on the cookie."""
    accessed, lazy = raw.session.accessed, raw.user
    user = raw.__dict__.pop("_cached_user", lazy) if lazy.is_authenticated else AnonymousUser()
    raw.session.accessed = accessed
    return user


def _show(raw: Any, user: Any) -> None:
    """Let everybody who asks the request see `user`, and the response then vary on the cookie, as it does by Django's
    own doing; unless a view has by then signed out, signed somebody else in, or put another session in its place.
    """
    session, key = raw.session, carrier.user_key(raw.session)

    def same() -> bool:
        return raw.session is session and carrier.user_key(session) == key

    def look() -> Any:
        if not same():
            return get_user(raw)
        session.accessed = True
        return user

    async def alook() -> Any:
        return look() if same() else await aget_user(raw)

    raw.user, raw.auser = SimpleLazyObject(look), alook


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
