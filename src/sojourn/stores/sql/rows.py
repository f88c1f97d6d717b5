"""Records to columns and back: pure. What comes back is checked; what cannot be trusted raises RecordFormatError."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sojourn.core.errors import InvalidInput, RecordFormatError
from sojourn.core.events import Event, payload
from sojourn.core.records import FORMAT_VERSION, Arrival, Device, DeviceClass, EndReason, Session, State, Ticket
from sojourn.core.timeouts import deadline
from sojourn.stores.sql.database import Row, Value

T = TypeVar("T")
NEVER = 1 << 62
"""The deadline of an open session that no time ends; far beyond any clock."""

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
)
"""The columns of a session in the order in which they are read; `deadline` is only ever written."""
TICKET = ("digest", "subject", "created", "expires", "browser", "arrival", "context", "format")
EVENT = ("event", "route", "subject", "type", "at", "payload")

_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, InvalidInput)


def storable(text: str, width: int) -> bool:
    """Whether every database can keep `text` as it is in a column of `width` characters."""
    return len(text) <= width and "\x00" not in text and text.encode(errors="replace").decode() == text


def _checked(values: dict[str, Value]) -> dict[str, Value]:
    for name, value in values.items():
        width = WIDTHS.get(name)
        if width is not None and isinstance(value, str) and not storable(value, width):
            raise InvalidInput(f"The {name} of a record is too long, or has characters that no database keeps.")
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
        }
    )


def deadline_value(session: Session) -> int | None:
    """What the column `deadline` holds: when time ends it, NEVER if it does not, None once the session has ended."""
    if not session.open:
        return None
    at = deadline(session)
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


def event_values(event: Event) -> dict[str, Value]:
    """The columns of an event, by name."""
    return _checked(
        {
            "event": event.id,
            "route": event.route,
            "subject": event.subject,
            "type": event.type,
            "at": event.at,
            "payload": json.dumps(payload(event)),
        }
    )


def session_of(row: Row) -> Session:
    """The session in a row of the columns `SESSION`. Raises RecordFormatError, and nothing else."""
    try:
        value = dict(zip(SESSION, row, strict=True))
        _known_format(value["format"])
        return Session(
            sid=_text(value["sid"]),
            subject=_text(value["subject"]),
            digest=_digest(value["digest"]),
            predecessor=None if value["predecessor"] is None else _digest(value["predecessor"]),
            predecessor_until=_int(value["predecessor_until"]),
            generation=_int(value["generation"]),
            created=_int(value["created"]),
            authenticated=_int(value["authenticated"]),
            last_seen=_int(value["last_seen"]),
            inactivity_timeout=_int_or_none(value["inactivity_timeout"]),
            expires=_int_or_none(value["expires"]),
            carrier_expires=_int_or_none(value["carrier_expires"]),
            persistent=_flag(value["persistent"]),
            client=_text(value["client"]),
            device=_device(value["device_kind"], value["device_family"], value["device_os"], value["device_digest"]),
            address=_text(value["address"]),
            place=_text(value["place"]),
            acr=_text(value["acr"]),
            amr=_texts(json.loads(_text(value["amr"]))),
            parent=_text(value["parent"]),
            credential=_text(value["credential"]),
            state=State(_text(value["state"])),
            end_reason=None if value["end_reason"] is None else EndReason(_text(value["end_reason"])),
            ended=_int_or_none(value["ended"]),
            ended_by=_text(value["ended_by"]),
            format=_int(value["format"]),
        )
    except _DAMAGE:
        raise RecordFormatError from None


def ticket_of(row: Row) -> Ticket:
    """The ticket in a row of the columns `TICKET`. Raises RecordFormatError, and nothing else."""
    try:
        value = dict(zip(TICKET, row, strict=True))
        _known_format(value["format"])
        return Ticket(
            digest=_digest(value["digest"]),
            subject=_text(value["subject"]),
            created=_int(value["created"]),
            expires=_int(value["expires"]),
            browser=_text(value["browser"]),
            arrival=_arrival(json.loads(_text(value["arrival"]))),
            context={_text(name): _text(text) for name, text in json.loads(_text(value["context"])).items()},
            format=_int(value["format"]),
        )
    except _DAMAGE:
        raise RecordFormatError from None


def _arrival_facts(arrival: Arrival) -> dict[str, object]:
    device = arrival.device
    return {
        "subject": arrival.subject,
        "client": arrival.client,
        "device": [str(device.kind), device.family, device.os, device.digest],
        "address": arrival.address,
        "place": arrival.place,
        "persistent": arrival.persistent,
        "groups": sorted(arrival.groups),
        "credentials": list(arrival.credentials),
        "replaces": arrival.replaces,
        "carrier_expires": arrival.carrier_expires,
        "acr": arrival.acr,
        "amr": list(arrival.amr),
        "parent": arrival.parent,
    }


def _arrival(facts: Mapping[str, Any]) -> Arrival:
    return Arrival(
        subject=_text(facts["subject"]),
        client=_text(facts["client"]),
        device=_device(*facts["device"]),
        address=_text(facts["address"]),
        place=_text(facts["place"]),
        persistent=_flag(facts["persistent"]),
        groups=frozenset(_texts(facts["groups"])),
        credentials=_texts(facts["credentials"]),
        replaces=_text(facts["replaces"]),
        carrier_expires=_int_or_none(facts["carrier_expires"]),
        acr=_text(facts["acr"]),
        amr=_texts(facts["amr"]),
        parent=_text(facts["parent"]),
    )


def _device(kind: object, family: object, os: object, digest: object) -> Device:
    return Device(DeviceClass(_text(kind)), _text(family), _text(os), _text(digest))


def _known_format(value: object) -> None:
    if not 1 <= _int(value) <= FORMAT_VERSION:
        raise RecordFormatError


def _text(value: object) -> str:
    # MariaDB answers with bytes: its columns have no character set (see contrib.django.fields).
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: Sequence[object]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(text) for text in value)


def _int(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _int_or_none(value: object) -> int | None:
    return None if value is None else _int(value)


def _flag(value: object) -> bool:
    if not isinstance(value, int) or value not in (0, 1):
        raise TypeError
    return bool(value)


def _digest(value: object) -> bytes:
    text = _text(value)
    if len(text) != 64:
        raise ValueError
    return bytes.fromhex(text)
