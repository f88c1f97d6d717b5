"""The JSON Schema of what webhooks send, made of the events themselves; `events.schema.json` is what it makes.

It describes version 1: fields may be added to it, none is removed and none changes its meaning.
"""

import inspect
import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from importlib import resources
from typing import Any, get_args, get_origin, get_type_hints

from sojourn.core.events import TYPE_OF, Event
from sojourn.core.records import DeviceClass, EndReason, Session
from sojourn.notify.webhook import PING

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = "urn:sojourn:events:1"
FILE = "events.schema.json"
_MOMENT = {"type": "integer", "description": "Milliseconds since 1970 (UTC)."}
_OPTIONAL_MOMENT = {"type": ["integer", "null"], "description": "Milliseconds since 1970 (UTC)."}
_MOMENTS = {"at", "until"}
"""Fields of events that are moments, not numbers."""
_TEXT = {"type": "string"}
_KIND = {"type": "string", "description": f"One of: {', '.join(DeviceClass)}. There may be more some day."}


def events_schema() -> dict[str, Any]:
    """The schema. Raises TypeError for a field of an event that is of a kind it does not know."""
    definitions: dict[str, Any] = {"session": _session(), "arrival": _arrival(), PING: _ping()}
    names = [*TYPE_OF.values(), PING]
    for kind, name in TYPE_OF.items():
        definitions[name] = _event(kind, name)
    return {
        "$schema": DIALECT,
        "$id": ID,
        "title": "What Sojourn's webhooks send",
        "description": "By the Standard Webhooks convention. Fields may be added; ignore those that you do not know.",
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"enum": names},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened (UTC)."},
            "data": {"type": "object"},
        },
        "oneOf": [{"properties": {"type": {"const": name}, "data": {"$ref": f"#/$defs/{name}"}}} for name in names],
        "$defs": definitions,
    }


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(events_schema(), indent=2) + "\n"


def published() -> dict[str, Any]:
    """The schema as it is shipped, for receivers and their tests."""
    found: dict[str, Any] = json.loads(resources.files("sojourn.notify").joinpath(FILE).read_text(encoding="utf-8"))
    return found


def _event(kind: type[Event], name: str) -> dict[str, Any]:
    hints = get_type_hints(kind)
    own = [each for each in fields(kind) if each.name in kind.__slots__]
    # One that has a default may have been added later, and be missing from an event that was recorded before.
    required = [each.name for each in own if each.default is MISSING and each.default_factory is MISSING]
    subject = {"subject": _TEXT | {"description": "Whom it happened to."}}
    return {
        "title": kind.__name__,
        "description": " ".join((inspect.getdoc(kind) or "").split()),
        "type": "object",
        "required": [*_common(name), *subject, *required],
        "properties": _common(name) | subject | {each.name: _field(each.name, hints[each.name]) for each in own},
    }


def _common(name: str) -> dict[str, Any]:
    return {
        "v": {"const": 1},
        "id": _TEXT | {"description": "The same in every copy, and the same as webhook-id."},
        "type": {"const": name},
        "at": _MOMENT,
    }


def _ping() -> dict[str, Any]:
    return {
        "title": "Ping",
        "description": "Nothing happened: an operator tries whether messages arrive.",
        "type": "object",
        "required": list(_common(PING)),
        "properties": _common(PING),
    }


def _field(name: str, hint: Any) -> dict[str, Any]:
    optional = get_origin(hint) is types.UnionType and type(None) in get_args(hint)
    if optional:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    if name in _MOMENTS:
        return _OPTIONAL_MOMENT if optional else _MOMENT
    if hint is Session:
        return {"$ref": "#/$defs/session"}
    if name == "arrival":
        return {"$ref": "#/$defs/arrival"}
    if hint in (str, bool, int):
        kind: str | list[str] = {str: "string", bool: "boolean", int: "integer"}[hint]
        return {"type": [kind, "null"] if optional else kind}
    if hint == tuple[str, ...]:
        return {"type": "array", "items": _TEXT}
    if get_origin(hint) is Mapping:
        return {"type": ["object", "null"] if optional else "object"}
    raise TypeError(f"sojourn.notify.schema knows no JSON for the field {name!r} of an event: add it there.")


def _session() -> dict[str, Any]:
    """What `sojourn.core.events.session_facts` says."""
    always = {
        "sid": _TEXT | {"description": "The session's public id."},
        "client": _TEXT | {"description": "The application that it is of."},
        "device": _TEXT | {"description": 'Such as "Firefox on Windows"; empty when unknown.'},
        "device_class": _KIND,
        "address": _TEXT,
        "place": _TEXT,
        "persistent": {"type": "boolean", "description": "Whether its user asked to stay signed in."},
        "started_at": _MOMENT,
        "last_seen_at": _MOMENT,
    }
    later = {"acting": {"type": "boolean", "description": "Whether somebody else, such as staff, acts as the subject."}}
    once_ended = {
        "reason": _TEXT | {"description": f"One of: {', '.join(EndReason)}. There may be more some day."},
        "ended_at": _MOMENT,
        "ended_by": _TEXT | {"description": "Who or what ended it: a sid, an operator; empty if nobody did."},
    }
    return {
        "description": "The public facts of a session.",
        "type": "object",
        "required": list(always),
        "properties": always | later | once_ended,
        "dependentRequired": {"reason": ["ended_at", "ended_by"]},
    }


def _arrival() -> dict[str, Any]:
    """What admission says of a sign-in that has no session."""
    facts = {"client": _TEXT, "device": _TEXT, "device_class": _KIND, "address": _TEXT, "place": _TEXT}
    return {"description": "Where a sign-in came from.", "type": "object", "properties": facts}
