"""A sign-in has proved who it is: `login()` has written its keys and said so. May it have a session?"""

from dataclasses import replace
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import answers, carrier, cookies, notice
from sojourn.contrib.django.internal.locking import user_first
from sojourn.contrib.django.internal.privileges import privileges_of
from sojourn.contrib.django.internal.visit import Stop, Visit, unwrapped, visit_of
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.notices.recipients import contact_of
from sojourn.contrib.django.settings import current
from sojourn.control.rules import Attempt
from sojourn.core.errors import InvalidTicket, StoreError, StoreUnavailable
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Paused, Refused
from sojourn.core.records import Arrival, EndReason
from sojourn.core.tokens import Token
from sojourn.web.client import shortened


class SignInStopped(PermissionDenied):
    """Ends a view whose sign-in did not go through. Carries nothing: the middleware knows what to answer.

    A PermissionDenied, so that whoever catches it in between makes it no worse than a 403, which is then replaced.
    """


def start(request: Any, user: AbstractBaseUser) -> None:
    """Ask for a session for `user`, whom `login()` has just written into the request's session.

    Returns if the session is admitted (or is none of our affair). Otherwise takes back what `login()` wrote, leaves
    the outcome on the request for the middleware, and raises SignInStopped. Atomic: the limit holds however many
    sign-ins race.
    """
    request = unwrapped(request)
    session: SessionBase | None = getattr(request, "session", None)
    if session is None or carrier.read(session).user_key != user._meta.pk.value_to_string(user):
        return  # not a session sign-in, such as a token being issued
    visit = visit_of(request)
    if visit.login_mark is not None and visit.login_mark is carrier.login_mark(session):
        return  # the same, in a browser where that user is signed in
    if _waits_for_choice(request, visit, user):
        visit.sign_in_seen = True
        carrier.strip(session)
        carrier.anonymise(request)
        return
    try:
        if adapter().impersonating(request):
            _impersonate(request, session, visit, user)
        else:
            _admit(request, session, visit, user)
    except BaseException as error:
        if visit.stop is None or not visit.stop.kept_session:
            carrier.strip(session)
            carrier.anonymise(request)
        impersonating = adapter().impersonating(request)
        if isinstance(error, StoreError):
            visit.stop = Stop(error)
        elif impersonating and isinstance(error, DatabaseError):  # the site's own tables
            visit.stop = Stop(StoreUnavailable())
        elif not isinstance(error, SignInStopped):
            raise
        if not impersonating:
            # django-hijack loses a signal receiver if its sign-in raises; the middleware answers all the same.
            raise SignInStopped from None


def _waits_for_choice(request: HttpRequest, visit: Visit, user: AbstractBaseUser) -> bool:
    """Whether this is a middleware (Django's RemoteUserMiddleware) that signs the user in to every page, to the one
    where they choose as well: it would ask again before they can answer. The page itself finishes the sign-in.
    """
    secret = cookies.read_ticket(request)
    if getattr(request, "resolver_match", None) is not None or not secret or not answers.is_choice_page(request):
        return False
    try:
        pending = control().pending(secret, browser=visit.device.for_ticket())
    except InvalidTicket:
        return False
    return pending.subject == adapter().subject(user)


def arrival_of(request: HttpRequest, session: SessionBase, visit: Visit, user: AbstractBaseUser) -> Arrival:
    """The sign-in as Sojourn's rules see it."""
    site = adapter()
    subject, address = site.subject(user), site.address(request)
    held = visit.started.session if visit.started is not None else visit.record
    replaces = held.sid if held is not None and held.subject == subject and not held.parent else ""
    return Arrival(
        subject,
        client=site.client(request),
        device=replace(site.device(request), digest=visit.device.for_subject(subject)),
        address=shortened(address, current().ADDRESS_PRECISION),
        place=site.place(address),
        location=site.location(address),
        persistent=site.persistent(request) if visit.choice is None else visit.choice.pending.arrival.persistent,
        groups=site.groups(user),
        credentials=site.credentials(user),
        privileges=privileges_of(user),
        replaces=replaces,
        carrier_expires=carrier.expires(session, now()),
        contact=contact_of(user),
    )


def _admit(request: HttpRequest, session: SessionBase, visit: Visit, user: AbstractBaseUser) -> None:
    arrival = arrival_of(request, session, visit, user)
    visit.sign_in_seen = True
    if visit.choice is not None:
        attempt = control().begin_choice(arrival, visit.device.for_ticket(), visit.choice.end, visit.choice.ticket)
        ticket = visit.choice.ticket.digest()
    else:
        attempt = control().begin(arrival, visit.device.for_ticket(), _context(request, session, user))
        ticket = None
    decided, confirmed = user_first(user, lambda: control().carry_out(arrival.subject, attempt, ticket))
    outcome = attempt.conclude(decided, confirmed=confirmed)
    if not isinstance(outcome, Admitted):
        _stop(visit, arrival, outcome, attempt)
    elif outcome.token is not None:  # as it always is for who asked
        _welcome(request, session, visit, arrival, outcome, outcome.token)


def _welcome(
    request: HttpRequest, session: SessionBase, visit: Visit, arrival: Arrival, outcome: Admitted, token: Token
) -> None:
    if session.session_key == visit.session_key and visit.session_key is not None:
        session.cycle_key()  # Django keeps the key when the same user signs in again
    carrier.bind(session, token)
    if visit.started is not None:  # a view that signs two users in, one after the other, has signed in the last one
        control().end(visit.started.session.subject, [visit.started.session.sid], EndReason.SWITCHED)
    visit.started, visit.arrival = outcome, arrival
    raw: Any = request
    raw.sojourn = outcome.session
    notice.leave(request, outcome)


def _stop(visit: Visit, arrival: Arrival, outcome: Refused | ChoiceRequired | Paused, attempt: Attempt) -> None:
    # Django empties the session if the password was changed since: then there is nothing of it to keep.
    bound = visit.session is not None and carrier.read(visit.session).token is not None
    visit.stop = Stop(outcome, attempt.decision, kept_session=bound and bool(arrival.replaces))
    visit.arrival = arrival
    raise SignInStopped


def _context(request: HttpRequest, session: SessionBase, user: AbstractBaseUser) -> dict[str, str]:
    """What is needed to finish the sign-in once its user has chosen; goes into the ticket, on the server."""
    persistent = adapter().persistent(request)
    later = adapter().session_expiry(request)
    expiry = session.get("_session_expiry") if later is None else later
    if expiry is None and persistent:
        # Most views look at their box after login(), which the view of this sign-in does not come back from.
        expiry = django_settings.SESSION_COOKIE_AGE
    return {
        "user": user._meta.pk.value_to_string(user),
        "backend": str(session.get("_auth_user_backend", "")),
        "next": adapter().next_url(request),
        "expiry": "" if expiry is None else str(expiry),
        "persistent": "1" if persistent else "",
    }


def _impersonate(request: HttpRequest, session: SessionBase, visit: Visit, user: AbstractBaseUser) -> None:
    """Somebody begins to act as another user, or goes back to being themselves. Never refused, never counted."""
    back = _own_session(visit, user)
    if back is not None:
        renewed = control().rotate(back.session, privileges=privileges_of(user))
        if renewed is not None and visit.record is not None:
            control().end(visit.record.subject, [visit.record.sid], EndReason.LOGOUT)
            visit.record, visit.token = renewed[0], renewed[1].reveal()
            visit.session_key = session.session_key
            carrier.bind(session, renewed[1])
            return
    own = visit.record
    if own is None:
        _admit(request, session, visit, user)
        return
    # From one user straight to the next: whoever it is, they act from the one session that is their own.
    parent, parent_token = (own.parent, visit.parent_token) if own.parent else (own.sid, visit.token)
    arrival = arrival_of(request, session, visit, user)
    child = replace(arrival, parent=parent, persistent=False, replaces="", groups=frozenset())
    outcome = control().start(child)
    if isinstance(outcome, Admitted) and outcome.token is not None:  # no limit holds it, so it is
        carrier.bind(session, outcome.token, parent_token)
        visit.started, visit.arrival = outcome, child


def _own_session(visit: Visit, user: AbstractBaseUser) -> Authenticated | None:
    """The session of the one who acts as another, if `user` is who they are themselves and it still lives."""
    if visit.record is None or not visit.record.parent or not visit.parent_token:
        return None
    found = control().authenticate(visit.parent_token)
    mine = isinstance(found, Authenticated) and found.session.subject == adapter().subject(user)
    return found if mine and isinstance(found, Authenticated) else None
