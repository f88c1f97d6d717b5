"""Taking sessions that were signed in before Sojourn was installed into the books, at their next request."""

import base64
import hashlib
import hmac
from dataclasses import replace

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookieStore
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import carrier
from sojourn.contrib.django.internal.start import arrival_of
from sojourn.contrib.django.internal.visit import Visit
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.core.admission import Minted, decide_start
from sojourn.core.decisions import Decision
from sojourn.core.outcomes import Authenticated, Authentication, StartOutcome
from sojourn.core.records import Arrival, Roster
from sojourn.core.tokens import Token, route_of
from sojourn.web.device import DeviceId


def adopt(request: HttpRequest, visit: Visit) -> tuple[Authentication, Token] | None:
    """Take the session into the books if the settings say so; None if it is not to be, or not safely.

    Never refused: limits hold from the next sign-in on, and its timeouts begin now. What came of it is as for any
    other token: an adopted session that was ended since stays ended.

    Not once an operator has ended every session there was: it may be one of those, and nothing tells.

    Not from signed cookies, nor from an engine derived from theirs: the server cannot have ended such a session, so
    a copy of a cookie that was signed out long ago would be adopted as a live one.

    Token, sid and device are derived from the session key, so that parallel requests of one browser adopt it once.
    """
    user, session = request.user, request.session
    if not _adopting(session) or not user.is_authenticated or session.session_key is None:
        return None
    subject = adapter().subject(user)
    seed = salted_hmac("sojourn.adoption", f"{subject}|{session.session_key}", algorithm="sha256").digest()
    token, sid = _derived(seed, route_of(subject))
    if visit.device.new:
        visit.device = DeviceId(_text(hmac.digest(seed, b"device", "sha256")))
    if control().store.find(sid) is None:
        lasting = session.get("_session_expiry")
        arrival = replace(
            arrival_of(request, session, visit, user), persistent=isinstance(lasting, int) and lasting > 0
        )
        _start(arrival, Minted(sid, token.digest(), bytes(32), now()))
    found = control().authenticate(token)
    if isinstance(found, Authenticated):
        carrier.bind(session, token)
        visit.adopted = True
    return found, token


def leaves_alone(request: HttpRequest, visit: Visit) -> bool:
    """Whether a session that is in no books goes on nevertheless, uncounted: where the policy only reports, and no
    operator has ended every session there was.
    """
    policy, user = control().one_policy, request.user
    if policy is None:
        if not user.is_authenticated:
            return False
        policy = control().policy_for(arrival_of(request, request.session, visit, user))
    return policy.report_only and not _all_were_ended()


def _adopting(session: SessionBase) -> bool:
    until = current().ADOPT_UNTIL
    in_time = until is None or now() < until
    wanted = current().ADOPT_EXISTING and in_time and not isinstance(session, SignedCookieStore)
    return wanted and not _all_were_ended()


def _all_were_ended() -> bool:
    """Whether there was an epoch: whoever has signed in since is in the books, and everybody else must again."""
    epoch = control().store.epoch()
    return epoch is not None and epoch <= now()


def _start(arrival: Arrival, minted: Minted) -> None:
    moment = now()
    policy = replace(control().policy_for(arrival), limits=(), replace_same_device=False)

    def decide(roster: Roster) -> Decision[StartOutcome]:
        # It is open already, and a pause lets what is open go on.
        unpaused = replace(roster, profile=replace(roster.profile, pause=None))
        decision = decide_start(unpaused, arrival, policy, minted, moment, adopted=True)
        if decision.insert is not None:
            # Nobody has proved anything just now, so that it is not enough for what asks for a recent proof.
            unproved = replace(decision.insert, authenticated=moment - current().REAUTHENTICATION_WINDOW)
            decision = replace(decision, insert=unproved)
        if decision.profile is None:
            return decision
        return replace(decision, profile=replace(decision.profile, pause=roster.profile.pause))

    control().store.transact(arrival.subject, decide)


def _derived(seed: bytes, route: int) -> tuple[Token, str]:
    public = _text(hashlib.sha256(b"sid" + seed).digest()[:16])
    return Token(f"soj_{route:02x}{_text(seed)}"), f"{route:02x}{public}"


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
