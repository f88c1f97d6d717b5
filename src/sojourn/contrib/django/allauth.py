"""For django-allauth's headless clients that are no browsers: an ended session's X-Session-Token is dead.

Pages and the headless browser client need nothing from here: they send the session cookie, which the middleware
checks. The app client sends the session's key in a header of its own, past the middleware, to allauth's token
strategy. So that is where it is checked:

    HEADLESS_TOKEN_STRATEGY = "sojourn.contrib.django.allauth.SojournSessionTokenStrategy"
"""

from allauth.core.internal.sessionkit import get_session_user
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy
from allauth.headless.tokens.strategies.jwt.internal import validate_refresh_token
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase

from sojourn.contrib.django.internal import carrier
from sojourn.contrib.django.internal.endings import present_request
from sojourn.contrib.django.internal.judge import Judgement, disown, is_owner, judge
from sojourn.contrib.django.internal.passive import is_passive
from sojourn.contrib.django.internal.visit import visit_for
from sojourn.contrib.django.settings import current


class LiveSessions(AbstractTokenStrategy):  # type: ignore[misc]  # allauth has no types
    """Mix into a token strategy, before it: sessions that Sojourn has ended are not found."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """The session of this token, while its record is live; None if it is gone, or signed in without a record.

        One look-up by Sojourn. An ended session's data is deleted. Raises StoreError (the middleware answers 503) if
        the store cannot be reached.
        """
        session: SessionBase | None = super().lookup_session(session_token)
        return session if session is None or not current().ENABLED or _is_live(session) else None


def _is_live(session: SessionBase) -> bool:
    """Judge the session, and let the middleware follow what the view does with it, as with a cookie's."""
    carried, request = carrier.read(session), present_request.get()
    visit = visit_for(request, session) if request is not None else None
    if visit is not None:
        visit.session_key = session.session_key
    if carried.user_key is None and carried.token is None:
        return True  # nobody is signed in to it: a sign-in that is under way
    passive = request is not None and is_passive(request)
    found = _judged(session, carried, passive)
    if found.live is None:
        session.flush()
    if visit is not None:
        visit.record, visit.ended, visit.lost = found.live, found.ended, found.live is None
        visit.token, visit.parent_token, visit.passive = str(carried.token), found.parent_token, passive
        visit.login_mark = carrier.login_mark(session)
    return found.live is not None


def _judged(session: SessionBase, carried: carrier.Carried, passive: bool) -> Judgement:
    found = judge(carried, passive=passive)
    if found.live is None:
        return found
    user = get_session_user(session)
    if user is not None and is_owner(user, found.live):
        return found
    # An older token: the session goes on elsewhere, with what this one lacks.
    return Judgement(ended=None if found.renewed else disown(found.live, user, carrier.read(session).user_key))


class SojournSessionTokenStrategy(LiveSessions, SessionTokenStrategy):  # type: ignore[misc]  # allauth has no types
    """allauth's own strategy, in which the X-Session-Token of an ended session is gone: 410, as for any lost one."""


class SojournJWTTokenStrategy(LiveSessions, JWTTokenStrategy):  # type: ignore[misc]  # allauth has no types
    """allauth's strategy with JSON web tokens, in which an ended session can no longer be refreshed.

    An access token is what it is until it expires, by default after five minutes: allauth asks nobody about it.
    """

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """A new access token and refresh token while the session lives; otherwise None."""
        found = validate_refresh_token(refresh_token)
        if found is None or (current().ENABLED and not _is_live(found[1])):
            return None
        renewed: tuple[str, str] | None = super().refresh_token(refresh_token)
        return renewed
