"""Records to text and back: pure. A first line for scripts, which compare times, and JSON that only we read.

Times and counts in a first line are decimal digits, `-` stands for None. A newer version may add values at the end of
a record: they are passed over here, and kept when the record is written again. A newer format is refused.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sojourn.core.errors import RecordFormatError
from sojourn.core.events import Event, payload
from sojourn.core.fading import bare
from sojourn.core.outbox import Letter
from sojourn.core.records import Profile, Session, Ticket
from sojourn.core.timeouts import touch_interval
from sojourn.stores.damage import DAMAGE
from sojourn.stores.letters import letter_of, progress_text
from sojourn.stores.profiles import profile_of, profile_text
from sojourn.stores.rows import (
    SESSION,
    TICKET,
    event_values,
    letter_values,
    session_from,
    session_values,
    ticket_of,
    ticket_values,
)

_HEAD = (
    *("format", "state", "created", "last_seen", "inactivity_timeout", "expires", "carrier_expires"),
    *("predecessor_until", "ended"),
)
_BODY = tuple(name for name in SESSION if name not in _HEAD)
_NONE = "-"
_REMEMBERED = 4096  # records of half a kilobyte, and the sessions in them


def session_text(session: Session, before: bytes = b"") -> str:
    """A session's record: `_HEAD` and its touch interval, then the rest. `before` is the record that it replaces.

    Raises InvalidInput for what would not come back as it is.
    """
    values = session_values(session)
    head = [_NONE if values[name] is None else str(values[name]) for name in _HEAD]
    later = json.loads(before.partition(b"\n")[2])[len(_BODY) :] if before else []
    body = json.dumps([*(values[name] for name in _BODY), *later], separators=(",", ":"))
    return f"{' '.join(head)} {touch_interval(session.inactivity_timeout)}\n{body}"


@lru_cache(maxsize=_REMEMBERED)
def session_in(record: bytes, epoch: bytes | None) -> Session:
    """The session in a record, as it stands since the store's `epoch`. Raises RecordFormatError, and nothing else.

    What was read last is remembered by its very bytes: most of a look-up's time is reading, and between two touches a
    session's record is the same. Nothing is remembered about sessions: each look-up asks the server for these bytes.
    """
    try:
        head, _, body = record.decode().partition("\n")
        *fields, _ = head.split(" ")
        values: dict[str, Any] = dict(zip(_BODY, json.loads(body), strict=False))
        for name, field in zip(_HEAD, fields, strict=True):
            values[name] = field if name == "state" else None if field == _NONE else int(field)
        values["epoch"] = None if epoch is None else int(epoch)
    except DAMAGE:
        raise RecordFormatError from None
    return session_from(values)


def ticket_text(ticket: Ticket) -> str:
    """A ticket's record: when it expires, its subject, the rest."""
    values = ticket_values(ticket)
    return f"{ticket.expires}\n{ticket.subject}\n" + json.dumps([values[name] for name in TICKET])


def ticket_in(record: bytes) -> Ticket:
    """The ticket in a record. Raises RecordFormatError, and nothing else."""
    try:
        row = tuple(json.loads(record.split(b"\n", 2)[2])[: len(TICKET)])
    except (*DAMAGE, IndexError):
        raise RecordFormatError from None
    return ticket_of(row)


def profile_in(text: bytes) -> Profile:
    """The profile in what follows the first line of a subject's entry. Raises RecordFormatError."""
    return profile_of(text or None)


def profile_body(profile: Profile) -> str:
    """What follows the first line of a subject's entry."""
    return profile_text(profile) or ""


def event_text(event: Event, *, wanted: bool) -> str:
    """What is recorded of an event: when it happened, when it is due, its type; its subject; progress; payload.

    The number that it gets comes before it. Raises InvalidInput for what would not come back as it is.
    """
    event_values(event, wanted=wanted)  # which checks them
    due = event.at if wanted else _NONE
    return f"{event.at} {due} {event.type}\n{event.subject}\n\n{json.dumps(payload(event))}"


def letter_text(letter: Letter) -> str:
    """The same of an event that another store has recorded, with how far its sinks are."""
    letter_values(letter)  # which checks them
    due = _NONE if letter.due is None else letter.due
    progress = progress_body(letter)
    return f"{letter.at} {due} {letter.type}\n{letter.subject}\n{progress}\n{json.dumps(letter.event)}"


def letter_in(record: bytes) -> Letter:
    """The letter in an event's record. Raises RecordFormatError, and nothing else."""
    try:
        head, _, progress, body = record.split(b"\n", 3)
        _, _, due, _ = head.split(b" ")
        row = (body, None if due == _NONE.encode() else int(due), progress or None)
    except DAMAGE:
        raise RecordFormatError from None
    return letter_of(row)


def bare_text(record: bytes) -> bytes:
    """An event's record without the addresses in it; as it is if it cannot be read."""
    try:
        *head, body = record.split(b"\n", 3)
        return b"\n".join([*head, json.dumps(bare(json.loads(body))).encode()])
    except DAMAGE:
        return record


def progress_body(letter: Letter) -> str:
    """What an event's record says of how far its sinks are."""
    return progress_text(letter) or ""


def told_body(told: Mapping[str, int]) -> str:
    """What a lease says of when each sink last told its subject something."""
    return json.dumps(dict(told))
