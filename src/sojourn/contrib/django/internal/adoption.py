"""Taking sessions that were signed in before Sojourn was installed into the books, at their next request."""

import base64
import hashlib
from dataclasses import replace

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookieStore
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import carrier
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.core.admission import Minted, decide_start
from sojourn.core.outcomes import Authenticated
from sojourn.core.records import Arrival, Session
from sojourn.core.tokens import Token, route_of


def adopt(request: HttpRequest) -> tuple[Session, Token] | None:
    """Take the session into the books if the settings say so. Never refused: limits hold from the next sign-in on.

    Not from signed cookies, nor from an engine derived from theirs: the server cannot have ended such a session, so
    a copy of a cookie that was signed out long ago would be adopted as a live one.

    Token and sid are derived from the session key, so that parallel requests of one browser adopt it once, and one
    that was ended since stays ended.
    """
    if not current().ADOPT_EXISTING or isinstance(request.session, SignedCookieStore):
        return None
    user, key = request.user, request.session.session_key
    if not user.is_authenticated or key is None:
        return None
    subject = adapter().subject(user)
    seed = salted_hmac("sojourn.adoption", f"{subject}|{key}", algorithm="sha256").digest()
    token, sid = _derived(seed, route_of(subject))
    if control().store.find(sid) is None:
        _start(request, user, Minted(sid, token.digest(), bytes(32), now()))
    found = control().authenticate(token)
    if not isinstance(found, Authenticated):
        return None
    carrier.bind(request.session, token)
    return found.session, token


def _start(request: HttpRequest, user: AbstractBaseUser, minted: Minted) -> None:
    site, moment = adapter(), now()
    arrival = Arrival(
        site.subject(user),
        client=site.client(request),
        device=site.device(request),
        address=site.address(request),
        credentials=site.credentials(user),
        carrier_expires=carrier.expires(request.session, moment),
    )
    policy = replace(control().policy_for(arrival), limits=(), replace_same_device=False)
    control().store.transact(arrival.subject, lambda roster: decide_start(roster, arrival, policy, minted, moment))


def _derived(seed: bytes, route: int) -> tuple[Token, str]:
    secret = base64.urlsafe_b64encode(seed).rstrip(b"=").decode()
    public = base64.urlsafe_b64encode(hashlib.sha256(b"sid" + seed).digest()[:16]).rstrip(b"=").decode()
    return Token(f"soj_{route:02x}{secret}"), f"{route:02x}{public}"
