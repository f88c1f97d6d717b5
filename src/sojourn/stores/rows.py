"""Records to flat values and back: pure. What comes back is checked; what cannot be trusted raises RecordFormatError.

A SQL store keeps each value in a column of that name, a store on Redis keeps them in one text (`stores.redis.texts`).
"""

import json
from dataclasses import replace
from operator import itemgetter
from types import NoneType
from typing import Any

from sojourn.core.errors import InvalidInput, RecordFormatError
from sojourn.core.events import Event, payload
from sojourn.core.outbox import Letter
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason, Location, Session, State, Ticket
from sojourn.core.timeouts import deadline
from sojourn.core.tokens import route_of
from sojourn.stores.damage import DAMAGE, digest, each, flag, known_format, texts
from sojourn.stores.profiles import location_facts, location_of

Value = str | bytes | int | bool | None
"""What a record is written as, a value for each column."""
Row = tuple[Any, ...]
"""What comes back. Nothing in it is trusted before it was looked at here."""

NEVER = 1 << 62
"""The deadline of an open session that no time ends; far beyond any clock."""

LARGEST = NEVER >> 1
"""Every number in a record is smaller, so that two of them still add up to what 64 bits hold."""

WIDTHS = {
    "sid": 64,
    "subject": 255,
    "client": 255,
    "device_family": 64,
    "device_os": 64,
    "device_digest": 255,
    "address": 64,
    "place": 255,
    "acr": 255,
    "parent": 64,
    "credential": 255,
    "ended_by": 255,
    "end_note": 255,
    "privileges": 255,
    "browser": 255,
    "event": 64,
    "type": 64,
}
"""How many characters a column of text holds."""

SESSION = (
    *("sid", "subject", "digest", "predecessor", "predecessor_until", "generation"),
    *("created", "authenticated", "last_seen", "inactivity_timeout", "expires", "carrier_expires", "persistent"),
    *("client", "device_kind", "device_family", "device_os", "device_digest", "address", "place"),
    *("acr", "amr", "parent", "credential", "state", "end_reason", "ended", "ended_by", "format"),
    *("end_note", "privileges"),
)
"""The columns of a session that are written as they are read; `deadline` is only ever written."""
SEEN = (*SESSION, "epoch")
"""What a session is read as: its columns, and the moment of the store's epoch, if there was one."""
_integers = itemgetter("predecessor_until", "generation", "created", "authenticated", "last_seen")
_integers_or_none = itemgetter("inactivity_timeout", "expires", "carrier_expires", "ended", "epoch")
_texts = itemgetter(
    *("sid", "subject", "client", "device_family", "device_os", "device_digest", "address", "place"),
    *("acr", "parent", "credential", "ended_by", "end_note", "privileges"),
)
_LATER = ("end_note", "privileges")
"""Columns that the first version did not have: what it wrote has NULL there, or nothing."""
TICKET = ("digest", "subject", "created", "expires", "browser", "arrival", "context", "format")
EVENT = ("event", "route", "subject", "type", "at", "payload", "due")


def storable(text: str, width: int) -> bool:
    """Whether every database can keep `text` as it is in a column of `width` characters."""
    return len(text) <= width and "\x00" not in text and text.encode(errors="replace").decode() == text


def _checked(values: dict[str, Value]) -> dict[str, Value]:
    for name, value in values.items():
        width = WIDTHS.get(name)
        if width is not None and isinstance(value, str) and not storable(value, width):
            raise InvalidInput(f"The {name} of a record is too long, or has characters that no database keeps.")
        if isinstance(value, int) and not -LARGEST < value < LARGEST:
            raise InvalidInput(f"The {name} of a record is too large a number.")
    return values


def session_values(session: Session) -> dict[str, Value]:
    """The columns of a session, by name. Raises InvalidInput for text that would not come back as it is."""
    device, reason = session.device, session.end_reason
    return _checked(
        {
            "sid": session.sid,
            "subject": session.subject,
            "digest": session.digest.hex(),
            "predecessor": None if session.predecessor is None else session.predecessor.hex(),
            "predecessor_until": session.predecessor_until,
            "generation": session.generation,
            "created": session.created,
            "authenticated": session.authenticated,
            "last_seen": session.last_seen,
            "inactivity_timeout": session.inactivity_timeout,
            "expires": session.expires,
            "carrier_expires": session.carrier_expires,
            "persistent": session.persistent,
            "client": session.client,
            "device_kind": str(device.kind),
            "device_family": device.family,
            "device_os": device.os,
            "device_digest": device.digest,
            "address": session.address,
            "place": session.place,
            "acr": session.acr,
            "amr": json.dumps(session.amr),
            "parent": session.parent,
            "credential": session.credential,
            "state": str(session.state),
            "end_reason": None if reason is None else str(reason),
            "ended": session.ended,
            "ended_by": session.ended_by,
            "format": session.format,
            "end_note": session.end_note,
            "privileges": session.privileges,
        }
    )


def deadline_value(session: Session) -> int | None:
    """What the column `deadline` holds: when time ends it, NEVER if it does not, None once the session has ended.

    An epoch is no part of it: that would be a write for each session, and an epoch makes them void with one.
    """
    if not session.open:
        return None
    at = deadline(replace(session, voided=None))
    return NEVER if at is None else at


def ticket_values(ticket: Ticket) -> dict[str, Value]:
    """The columns of a ticket, by name. Raises InvalidInput like `session_values`."""
    return _checked(
        {
            "digest": ticket.digest.hex(),
            "subject": ticket.subject,
            "created": ticket.created,
            "expires": ticket.expires,
            "browser": ticket.browser,
            "arrival": json.dumps(_arrival_facts(ticket.arrival)),
            "context": json.dumps(dict(ticket.context)),
            "format": ticket.format,
        }
    )


def event_values(event: Event, *, wanted: bool) -> dict[str, Value]:
    """The columns of an event, by name. One that is `wanted` is due to be delivered as soon as it is recorded."""
    return _checked(
        {
            "event": event.id,
            "route": event.route,
            "subject": event.subject,
            "type": event.type,
            "at": event.at,
            "payload": json.dumps(payload(event)),
            "due": event.at if wanted else None,
        }
    )


def letter_values(letter: Letter) -> dict[str, Value]:
    """The columns of an event that comes from another store, by name; not how far the sinks are with it."""
    return _checked(
        {
            "event": letter.id,
            "route": route_of(letter.subject),
            "subject": letter.subject,
            "type": letter.type,
            "at": letter.at,
            "payload": json.dumps(letter.event),
            "due": letter.due,
        }
    )


def session_of(row: Row) -> Session:
    """The session in a row of the columns `SEEN`. Raises RecordFormatError, and nothing else."""
    try:
        value = dict(zip(SEEN, _decoded(row), strict=True))
    except DAMAGE:
        raise RecordFormatError from None
    return session_from(value)


def session_from(value: dict[str, Any]) -> Session:
    """The session in the columns `SEEN` by name, which are used up. Raises RecordFormatError, and nothing else."""
    try:
        for name in _LATER:
            if value.get(name) is None:
                value[name] = ""
        known_format(value["format"])
        each(int, _integers(value))
        each(int, _integers_or_none(value), NoneType)
        each(str, _texts(value))
        device = Device(
            DeviceClass(value.pop("device_kind")),
            value.pop("device_family"),
            value.pop("device_os"),
            value.pop("device_digest"),
        )
        predecessor, reason = value["predecessor"], value["end_reason"]
        if (reason is None) != (value["ended"] is None):
            raise ValueError
        value["digest"] = digest(value["digest"])
        value["predecessor"] = None if predecessor is None else digest(predecessor)
        value["persistent"] = flag(value["persistent"])
        value["amr"] = () if value["amr"] == "[]" else texts(json.loads(value["amr"]))
        value["state"] = State(value["state"])
        value["end_reason"] = None if reason is None else EndReason(reason)
        epoch = value.pop("epoch")
        void = epoch is not None and value["state"] is State.OPEN and value["created"] < epoch
        return Session(device=device, voided=epoch if void else None, **value)
    except DAMAGE:
        raise RecordFormatError from None


def ticket_of(row: Row) -> Ticket:
    """The ticket in a row of the columns `TICKET`. Raises RecordFormatError, and nothing else."""
    try:
        key, subject, created, expires, browser, arrival, context, version = _decoded(row)
        known_format(version)
        each(int, (created, expires))
        each(str, (subject, browser))
        facts = json.loads(context)
        each(str, (*facts.keys(), *facts.values()))
        return Ticket(
            digest(key), subject, created, expires, browser, _arrival(json.loads(arrival)), facts, format=version
        )
    except DAMAGE:
        raise RecordFormatError from None


def _arrival_facts(arrival: Arrival) -> dict[str, object]:
    device = arrival.device
    return {
        "subject": arrival.subject,
        "client": arrival.client,
        "device": [str(device.kind), device.family, device.os, device.digest],
        "address": arrival.address,
        "place": arrival.place,
        "location": location_facts(arrival.location),
        "persistent": arrival.persistent,
        "groups": sorted(arrival.groups),
        "credentials": list(arrival.credentials),
        "replaces": arrival.replaces,
        "carrier_expires": arrival.carrier_expires,
        "acr": arrival.acr,
        "amr": list(arrival.amr),
        "parent": arrival.parent,
        "privileges": arrival.privileges,
    }


def _arrival(facts: dict[str, Any]) -> Arrival:
    facts = {"privileges": "", "location": location_facts(Location()), **facts}  # the first version wrote neither
    kind, family, os, device_digest = facts["device"]
    each(str, (family, os, device_digest))
    each(str, map(facts.__getitem__, ("subject", "client", "address", "place", "replaces", "acr", "parent")))
    each(str, (facts["privileges"],))
    if facts["carrier_expires"] is not None:
        each(int, (facts["carrier_expires"],))
    return Arrival(
        **{
            **facts,
            "device": Device(DeviceClass(kind), family, os, device_digest),
            "location": location_of(facts["location"]),
            "persistent": flag(facts["persistent"]),
            "groups": frozenset(texts(facts["groups"])),
            "credentials": texts(facts["credentials"]),
            "amr": texts(facts["amr"]),
        }
    )


def _decoded(row: Row) -> list[Any]:
    # MariaDB answers with bytes: its columns have no character set (see contrib.django.fields).
    return [value.decode() if isinstance(value, bytes) else value for value in row]
