"""What happened, as values that are recorded in the same atomic step as the change itself.

An event carries public facts only: no token, no digest of one, no ticket.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from sojourn.core.records import Session
from sojourn.core.tokens import route_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a subject. `id` is the same in every copy that is ever delivered.

    `contact`: where the subject was written to at that moment, if they are to be told of this; whoever changes the
    account's address afterwards does not keep its owner from learning of it. No sink is told it as part of the event,
    and it is forgotten when nobody waits for the event any more.
    """

    subject: str
    at: int
    # Commands take it as an argument: it must not begin with a dash.
    id: str = field(default_factory=lambda: f"evt_{secrets.token_urlsafe(16)}")
    contact: str = field(default="", repr=False)

    @property
    def type(self) -> str:
        """The stable name of this kind of event."""
        return TYPE_OF[type(self)]

    @property
    def route(self) -> int:
        """The route of the subject."""
        return route_of(self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    """A session was admitted. `also_open` are the sids that stay open beside it.

    `unusual`: what about it is new to its subject, of "new_device", "new_place" and "far" (farther from the sign-in
    before than anybody travels in that time). `first`: there is nothing to compare it with, so that there is nothing
    to tell: nothing was known of the subject, it was open before Sojourn was installed, or somebody acts as the
    subject. `trusted`: the subject trusts the device. `previous`: the sign-in before (at, device, address, place, and
    how many a limit has `refused` since), if one is known.
    """

    session: Session
    also_open: tuple[str, ...] = ()
    unusual: tuple[str, ...] = ()
    first: bool = False
    trusted: bool = False
    previous: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session ended, for whatever reason."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRotated(Event):
    """The token of a session was renewed; the session goes on."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionElevated(Event):
    """The subject proved again who they are, in a session that was open already (RFC 9470)."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRefused(Event):
    """A sign-in was refused by a limit. It is not a failed login: the password was right."""

    arrival: Mapping[str, str]
    limit: str
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOffered(Event):
    """A sign-in waits for its user to choose which open session to end."""

    arrival: Mapping[str, str]
    limit: str
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPaused(Event):
    """A sign-in was stopped because an operator has paused the subject's, until `until` (None: until resumed)."""

    arrival: Mapping[str, str]
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInsPaused(Event):
    """An operator keeps the subject from signing in: `by` whom, until when, and a `note` of why, for operators."""

    by: str
    note: str = ""
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInsResumed(Event):
    """The subject may sign in again before their pause was over, or from one without an end."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvictionsRepeated(Event):
    """A sign-in ended, or would have, a session on a device with which its own has been doing so by turns.

    `against` are the sids of those sessions. `outcome` is what the policy made of it: end_existing, refuse or ask.
    """

    arrival: Mapping[str, str]
    against: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHave(Event):
    """Report-only: what enforcement would have done to a sign-in, or to a session in use, that went on all the same.

    `outcome`: what the limit called `limit` would have done to the sign-in `sid` ("refuse", "end_existing", "ask"), or
    the reason for which a session would have ended without a limit ("replaced", "inactivity_timeout",
    "absolute_timeout"). `ended`: the sids of the sessions that would have ended; none of them is ever named again.
    """

    outcome: str
    limit: str
    sid: str
    ended: tuple[str, ...] = ()


TYPE_OF: dict[type[Event], str] = {
    SessionStarted: "session.started",
    SessionEnded: "session.ended",
    SessionRotated: "session.rotated",
    SessionElevated: "session.elevated",
    StartRefused: "start.refused",
    StartPaused: "start.paused",
    ChoiceOffered: "choice.offered",
    SignInsPaused: "sign_ins.paused",
    SignInsResumed: "sign_ins.resumed",
    EvictionsRepeated: "evictions.repeated",
    WouldHave: "report.would_have",
}


STOPPED = ("start.refused", "start.paused", "choice.offered", "report.would_have")
"""The types of events that tell of a sign-in which a limit or an operator stopped, or a limit would have."""


def session_facts(session: Session) -> dict[str, object]:
    """The public facts of a session, ready for JSON: no digest, no credential.

    `acting`: somebody else, such as the site's staff, opened it to act as its subject.
    """
    facts: dict[str, object] = {
        "sid": session.sid,
        "client": session.client,
        "device": session.device.label,
        "device_class": str(session.device.kind),
        "address": session.address,
        "place": session.place,
        "persistent": session.persistent,
        "acting": bool(session.parent),
        "started_at": session.created,
        "last_seen_at": session.last_seen,
    }
    if session.end_reason is not None:
        facts |= {"reason": str(session.end_reason), "ended_at": session.ended, "ended_by": session.ended_by}
    return facts


CONTACT = "contact"
"""What `Event.contact` is called in a payload, if there is any."""


def uncontacted(body: Mapping[str, object]) -> Mapping[str, object]:
    """What an event told (`payload`), without its contact."""
    return {name: value for name, value in body.items() if name != CONTACT} if CONTACT in body else body


def payload(event: Event) -> dict[str, object]:
    """The event as a JSON object, version 1: what an outbox keeps and, without the contact, a sink is given."""
    body: dict[str, object] = {"v": 1, "id": event.id, "type": event.type, "subject": event.subject, "at": event.at}
    if event.contact:
        body[CONTACT] = event.contact
    for name in type(event).__slots__:
        value = getattr(event, name)
        if isinstance(value, Session):
            body[name] = session_facts(value)
        elif isinstance(value, tuple):
            body[name] = list(value)
        elif isinstance(value, Mapping):
            body[name] = dict(value)
        else:
            body[name] = value
    return body
