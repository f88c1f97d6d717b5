"""The published JSON Schema: made of the events, current, and true of what is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sojourn.core.events import TYPE_OF, Event, payload
from sojourn.notify import schema
from sojourn.notify.webhook import body_of
from sojourn.testing.clock import START
from tests.unit.test_events import ONE_OF_EACH

PATH = Path(schema.__file__).with_name(schema.FILE)
VALIDATOR = Draft202012Validator(schema.published(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def sent(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body_of(payload(event)))
    return found


def test_the_shipped_schema_is_what_the_events_make() -> None:
    assert PATH.read_text(encoding="utf-8") == schema.text(), "Run .venv/bin/python docs/generate.py, and commit it."


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.published())


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.type)
def test_what_is_sent_of_every_event_is_as_the_schema_says(event: Event) -> None:
    VALIDATOR.validate(sent(event))


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.type)
def test_every_field_of_an_event_is_described(event: Event) -> None:
    described = schema.published()["$defs"][event.type]["properties"]
    assert set(sent(event)["data"]) == set(described)
    session = sent(event)["data"].get("session", {})
    assert set(session) <= set(schema.published()["$defs"]["session"]["properties"])


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.type)
def test_what_lacks_a_field_or_is_of_another_type_is_not(event: Event) -> None:
    body = sent(event)
    for name in ("v", "id", "type", "subject", "at"):
        less = body | {"data": {key: value for key, value in body["data"].items() if key != name}}
        assert not VALIDATOR.is_valid(less), name
    assert not VALIDATOR.is_valid(body | {"type": "session.begun"})
    other = next(name for name in TYPE_OF.values() if name != event.type)
    assert not VALIDATOR.is_valid(body | {"type": other})


def test_a_receiver_need_not_know_what_is_added_later() -> None:
    body = sent(ONE_OF_EACH[0])
    body["data"]["session"]["colour"] = "green"
    VALIDATOR.validate(body | {"later": True})


def test_a_ping_is_as_the_schema_says() -> None:
    VALIDATOR.validate(json.loads(body_of({"v": 1, "id": "x", "type": "ping", "at": START})))


def test_a_field_of_which_the_schema_knows_nothing_is_noticed() -> None:
    with pytest.raises(TypeError, match="'weight'"):
        schema._field("weight", complex)
