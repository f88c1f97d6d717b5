"""Deciding about a subject: what was read, and what a decision comes to as arguments of the script `commit`. Pure."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.events import Event
from sojourn.core.fading import last_use
from sojourn.core.records import Roster, Session
from sojourn.stores.redis.asking import Argument
from sojourn.stores.redis.texts import (
    event_text,
    profile_body,
    profile_in,
    session_in,
    session_text,
    ticket_in,
    ticket_text,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """What `read` has told of a subject: the roster, the version of it, and the records as they are stored."""

    roster: Roster
    version: bytes
    records: dict[str, bytes]

    @classmethod
    def of(cls, subject: str, reply: Sequence[Any]) -> "Reading":
        """The reading in a reply of `read`. Raises RecordFormatError."""
        epoch, entry, ticket, vanished, *found = reply
        head, _, profile = (entry or b"").partition(b"\n")
        version = (vanished or b"") if entry is None else head.partition(b"\t")[0]
        sessions = [(session_in(record, epoch), record) for record in found]
        kept = None if ticket is None else ticket_in(ticket)
        return cls(
            Roster(
                subject,
                tuple(session for session, _ in sessions),
                ticket=kept if kept is not None and kept.subject == subject else None,
                profile=profile_in(profile),
            ),
            version,
            {session.sid: record for session, record in sessions},
        )


def changed(reading: Reading, decision: Decision[T], wanted: Callable[[Event], bool]) -> list[Argument] | None:
    """The arguments of `commit`; None if there is nothing to write. Raises InvalidInput for what cannot be stored."""
    roster = reading.roster
    known = {session.sid: session for session in roster.sessions}
    updates = [(known[new.sid], new) for new in decision.update if new.sid in known]
    sessions = [part for old, new in updates if old != new for part in _session(new, old, reading.records[new.sid])]
    if decision.insert is not None:
        sessions += _session(decision.insert, None, b"")
    profile = decision.profile if decision.profile not in (None, roster.profile) else None
    number, additions = added(decision, wanted)
    if not sessions and not any(number) and profile is None and decision.redeem is None:
        return None
    used = None if profile is None else last_use(profile)
    last = None if profile is None else profile.last_sign_in
    return [
        roster.subject,
        reading.version,
        secrets.token_urlsafe(9),
        *((0, "") if profile is None else (1, profile_body(profile))),
        "" if used is None else used,
        last.at if last is not None and last.address else "",
        decision.redeem or b"",
        len(sessions) // _WIDTH,
        *number,
        *sessions,
        *additions,
    ]


def added(decision: Decision[T], wanted: Callable[[Event], bool]) -> tuple[tuple[int, int], list[Argument]]:
    """How many tickets and events a decision adds, and these as arguments. Raises InvalidInput."""
    found: list[Argument] = []
    if decision.issue is not None:
        found += (decision.issue.digest, decision.issue.expires, ticket_text(decision.issue))
    for event in decision.events:
        due = wanted(event)
        found += (event.id, event.at, event.at if due else "-", event_text(event, wanted=due))
    return (int(decision.issue is not None), len(decision.events)), found


_WIDTH = 9
"""How many arguments a session is."""


def _session(new: Session, old: Session | None, record: bytes) -> list[Argument]:
    new = replace(new, voided=None)
    tokens = {new.digest, new.predecessor}
    dropped = [] if old is None else [each for each in (old.digest, old.predecessor) if each not in tokens and each]
    return [
        new.sid,
        "insert" if old is None else "update",
        session_text(new, record),
        int(old is not None and old.carrier_expires == new.carrier_expires),
        int(bool(new.address)),
        new.digest,
        new.predecessor or b"",
        *dropped,
        *(b"" for _ in range(2 - len(dropped))),
    ]
