"""Django's own session as the carrier of our token: bind, read, let go. The only file that touches its contents."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookieStore
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils.functional import LazyObject

from sojourn.core.tokens import Token

BINDING = "_sojourn"
"""Holds the token and the user key it was bound to, side by side: neither counts without the other."""
PARENT = "_sojourn_parent"
"""While somebody acts as another user: the token of their own session, to go back to."""
NOTICE = "_sojourn_ended"
"""The public facts of the sessions that made room for this one, until its owner has seen them."""
PREVIOUS = "_sojourn_previous"
"""The public facts of the sign-in before this one, for as long as this one lasts."""

SUCCESSOR = "_sojourn_moved"
"""In what is left at a session's old key for a moment: the new one."""

_LOGIN_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, BINDING, PARENT, NOTICE, PREVIOUS)


def has_cookie(request: HttpRequest) -> bool:
    """Whether the request came with a session cookie at all; without one, Sojourn has nothing to do."""
    return django_settings.SESSION_COOKIE_NAME in request.COOKIES


@dataclass(frozen=True, slots=True)
class Carried:
    """What a session carries; all of it as it was found, and so nothing to trust the form of."""

    user_key: str | None
    """Whose session it is, as Django wrote it; None when nobody is signed in."""
    token: object = field(default=None, repr=False)
    bound_to: object = None
    """The user key that the token was bound to."""
    parent_token: object = field(default=None, repr=False)
    backend: object = None
    """Which authentication backend Django is to ask for the user."""
    auth_hash: object = field(default=None, repr=False)
    """What changes with the password, as it was at the sign-in."""


def read(session: SessionBase) -> Carried:
    """What the session carries.

    Reading does not make the response vary on the cookie: whether the view looks is the view's affair.
    """
    accessed = session.accessed
    binding = session.get(BINDING)
    token, bound_to = binding if isinstance(binding, list) and len(binding) == 2 else (None, None)
    carried = Carried(
        session.get(SESSION_KEY),
        token,
        bound_to,
        session.get(PARENT),
        session.get(BACKEND_SESSION_KEY),
        session.get(HASH_SESSION_KEY),
    )
    session.accessed = accessed
    return carried


def user_key(session: SessionBase) -> object:
    """Whose session it is now, as Django wrote it; None when nobody is signed in. Looks as `read` does."""
    accessed = session.accessed
    key = session.get(SESSION_KEY)
    session.accessed = accessed
    return key


def login_mark(session: SessionBase) -> object:
    """Something in the session that `login()` replaces, even by its equal: compare by identity to see if it ran."""
    accessed = session.accessed
    mark = session.get(HASH_SESSION_KEY)
    session.accessed = accessed
    return mark or None


def bound_for(session: SessionBase) -> str:
    """Where a sign-in of several steps is going, as django-allauth remembers it between them; "" if it does not."""
    accessed = session.accessed
    stashed = session.get("account_login")
    session.accessed = accessed
    wanted = stashed.get("redirect_url") if isinstance(stashed, dict) else None
    return wanted if isinstance(wanted, str) else ""


def bind(session: SessionBase, token: Token, parent_token: str = "") -> None:
    """Let the session carry the token, together with the user it is for."""
    session[BINDING] = [token.reveal(), session[SESSION_KEY]]
    if parent_token:
        session[PARENT] = parent_token


def strip(session: SessionBase) -> None:
    """Take out what `login()` wrote: nobody is signed in any more; what else is there (a cart) stays."""
    for key in _LOGIN_KEYS:
        session.pop(key, None)


def move(session: SessionBase, token: Token, parent_token: str, grace: int) -> None:
    """Give the session another key and the token, as the response will tell its browser.

    Requests on their way come by the old key, so a copy is left there for `grace` milliseconds, in which they find the
    new one. (Deleted at once, they would be anonymous, and their answers take the new key from the browser.) A signed
    cookie has no key, and its old content is good for as long as the old token.
    """
    old = session.session_key
    if old is None or not grace or isinstance(session, SignedCookieStore):
        session.cycle_key()
        bind(session, token, parent_token)
        return
    content = dict(session.items())
    session.create()
    session.update(content)
    bind(session, token, parent_token)
    session.save()  # whole, before anybody is led to it
    left = type(session)(old)
    left[SUCCESSOR] = session.session_key
    left.set_expiry(max(1, grace // 1000))
    with suppress(UpdateError):  # deleted since by another request
        left.save()


def leave_to_successor(request: HttpRequest) -> None:
    """The session has another key by now: what this request did to it goes there, and its browser is told nothing.

    Saved as it is, it would take the browser back to the key and token before, which are about to be worth nothing.
    """
    session, raw = request.session, cast("Any", request)
    accessed = session.accessed
    if session.modified and session.session_key is not None and not isinstance(session, SignedCookieStore):
        _hand_over(session)
    str(raw.user)  # whoever looks later sees whom the view saw
    session.accessed = accessed
    request.session = type(session)(None)
    request.session.accessed = accessed
    scrub(request)


def _hand_over(session: SessionBase) -> None:
    """Do to the session's successor what was done to it; not to who is signed in, nor to how long it lasts."""
    before = type(session)(session.session_key)
    key = before.get(SUCCESSOR)
    after = type(session)(key) if isinstance(key, str) else None
    if after is None or SESSION_KEY not in after:
        return
    own = {*_LOGIN_KEYS, SUCCESSOR, "_session_expiry"}
    done = {name: value for name, value in session.items() if name not in own and before.get(name) != value}
    undone = [name for name in before.keys() if name not in own and name not in session]  # noqa: SIM118  # no mapping
    after.update(done)
    for name in undone:
        after.pop(name, None)
    with suppress(UpdateError):  # signed out since by another request
        after.save()


def expires(session: SessionBase, now: int) -> int:
    """When the session ends by itself if it is saved at `now`, in milliseconds."""
    return now + int(session.get_expiry_age()) * 1000


def last(session: SessionBase, expiry: str) -> None:
    """Let the session last as its sign-in had said: so many seconds, or until a moment as Django writes it down."""
    seconds = expiry.removeprefix("-").isdigit()
    session.set_expiry(int(expiry) if seconds else datetime.fromisoformat(expiry))


def moved_on(session: SessionBase) -> bool:
    """Whether the response will save the session, which moves its end."""
    return session.modified or django_settings.SESSION_SAVE_EVERY_REQUEST


def anonymise(request: HttpRequest) -> None:
    """Nobody is signed in on this request: not for whoever asks again, nor for whoever asked before."""
    anonymous = AnonymousUser()
    earlier = request.__dict__.get("user")
    if isinstance(earlier, LazyObject):
        earlier.__dict__["_wrapped"] = anonymous
    raw: Any = request
    raw.user = raw._cached_user = raw._acached_user = anonymous

    async def auser() -> AnonymousUser:
        return anonymous

    raw.auser = auser


def scrub(request: HttpRequest) -> None:
    """Take the session cookie out of the request, so that nothing further in (a page cache) goes by it."""
    request.COOKIES.pop(django_settings.SESSION_COOKIE_NAME, None)
    kept = [
        part.strip()
        for part in request.META.get("HTTP_COOKIE", "").split(";")
        if django_settings.SESSION_COOKIE_NAME not in parse_cookie(part)
    ]
    if any(kept):
        request.META["HTTP_COOKIE"] = "; ".join(kept)
    else:
        request.META.pop("HTTP_COOKIE", None)


def let_go(request: HttpRequest) -> None:
    """The session is over: its data goes, nobody is signed in, and its cookie counts for nothing from here on."""
    accessed = request.session.accessed
    request.session.flush()
    request.session.accessed = accessed
    anonymise(request)
    scrub(request)


def hide(request: HttpRequest) -> None:
    """The session is over, but its browser is not told on this request: it sees an empty session, kept nowhere."""
    empty = type(request.session)(None)
    empty.accessed = request.session.accessed
    request.session = empty
    anonymise(request)
    scrub(request)


def forget(request: HttpRequest) -> None:
    """The session is signed out of while our store cannot be reached: nothing of it stays, as far as Django's can."""
    session = request.session
    hide(request)
    with suppress(DatabaseError):  # it may be in the very place that cannot be reached
        session.delete()


@contextmanager
def carrying(request: HttpRequest, session: SessionBase) -> Iterator[None]:
    """Let the request carry `session` for a while, as its view did, and save it as its response would."""
    own, request.session = request.session, session
    try:
        yield
    finally:
        request.session = own
        if moved_on(session) and not session.is_empty():
            with suppress(UpdateError):  # deleted since by another request: then it stays deleted
                session.save()
