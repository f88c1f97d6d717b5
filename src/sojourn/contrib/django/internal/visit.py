"""What Sojourn knows about one request while it is under way."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from sojourn.contrib.django.internal import cookies
from sojourn.core.decisions import Decision
from sojourn.core.errors import StoreError
from sojourn.core.outcomes import Admitted, ChoiceRequired, Paused, Refused, StartOutcome
from sojourn.core.records import Arrival, Session, Ticket
from sojourn.core.tokens import TicketSecret
from sojourn.web.device import DeviceId


@dataclass(slots=True)
class Choice:
    """What a user chose in answer to a pending sign-in."""

    ticket: TicketSecret = field(repr=False)
    pending: Ticket
    end: Collection[str]


@dataclass(slots=True)
class Stop:
    """Why a sign-in did not go through, and what must be written again if the view's transaction took it back."""

    outcome: Refused | ChoiceRequired | Paused | StoreError
    decision: Decision[StartOutcome] | None = None
    kept_session: bool = False
    """The browser's earlier session of the same user goes on: refusing a second sign-in changes nothing."""


@dataclass(slots=True)
class Visit:
    """One session during one request: how it came in, and what became of it."""

    device: DeviceId
    session: SessionBase | None = field(default=None, repr=False)
    """Django's session that this is about."""
    swapped: bool = False
    """Whether a view had put it in the place of the one that the browser's cookie names."""
    record: Session | None = None
    """The live session that the request came with."""
    token: str = field(default="", repr=False)
    """The token it came with."""
    parent_token: str = field(default="", repr=False)
    """While its owner acts as somebody else: the token of their own session."""
    session_key: str | None = field(default=None, repr=False)
    """Django's session key when the request came in."""
    login_mark: object = field(default=None, repr=False)
    """What `login()` would have replaced since the request came in."""
    bound_for: str = ""
    """Where a sign-in that was under way when the request came in is going."""
    passive: bool = False
    ended: Session | None = None
    """The session that the request came with, if it is over."""
    lost: bool = False
    """Whether a view has looked it up and found it over: what was done about that, its transaction may take back."""
    let_go: bool = False
    """The session it came with counts for nothing any more, and its cookie has not been expired yet."""
    choice: Choice | None = None
    started: Admitted | None = None
    arrival: Arrival | None = None
    stop: Stop | None = None
    answered: bool = False
    """Whether the answer to `stop` is on its way."""
    sign_in_seen: bool = False
    privileges: str = field(default="", repr=False)
    """A digest of what the user of the live session may do, as they were loaded for this request."""
    late: bool = False
    """Whether its token was renewed by another request: what this one saves would take the browser back to the old."""
    adopted: bool = False
    """Whether the session it came with was taken into the books by this very request."""
    renewed_hash: str = field(default="", repr=False)
    """The hash of the password that this request's own user set in it."""


def unwrapped(request: Any) -> HttpRequest:
    """Django's own request inside another framework's (Django REST framework's)."""
    found: HttpRequest = getattr(request, "_request", request)
    return found


def visits_of(request: HttpRequest) -> list[Visit]:
    """All visits of a request: one for each session that it has carried, its own first.

    There is more than one if a view puts another session in its place for a while, as allauth's for apps do.
    """
    visits: list[Visit] = request.__dict__.setdefault("_sojourn_visits", [])
    return visits


def visit_of(request: HttpRequest) -> Visit:
    """The visit of the session that the request carries now; begun if nobody has asked before."""
    return visit_for(request, getattr(request, "session", None))


def visit_for(request: HttpRequest, session: SessionBase | None) -> Visit:
    """The request's visit of `session`; begun if nobody has asked before."""
    visits = visits_of(request)
    for visit in visits:
        if visit.session is session:
            return visit
    visit = Visit(visits[0].device if visits else DeviceId(cookies.read_device(request)), session)
    visits.append(visit)
    return visit


def stop_of(request: HttpRequest) -> Visit | None:
    """The visit whose sign-in was stopped, if one was, whichever session the request carries now."""
    return next((visit for visit in visits_of(request) if visit.stop is not None), None)
