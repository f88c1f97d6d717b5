"""Events: public facts only, the same shape for every sink."""

from __future__ import annotations

import json

import pytest

from sojourn.core import events
from sojourn.core.events import (
    TYPE_OF,
    ChoiceOffered,
    Event,
    EvictionsRepeated,
    SessionElevated,
    SessionEnded,
    SessionRotated,
    SessionStarted,
    SignInsPaused,
    SignInsResumed,
    StartPaused,
    StartRefused,
    WouldHave,
    payload,
)
from sojourn.core.records import EndReason
from sojourn.core.tokens import route_of
from sojourn.testing.clock import START
from sojourn.testing.samples import digest, ended, full_session

OVER = ended(full_session("a"), START + 50, EndReason.EVICTED, by="b")
ONE_OF_EACH = [
    SessionStarted(subject="ann", at=START, session=full_session("a"), also_open=("x",)),
    SessionEnded(subject="ann", at=START, session=OVER),
    SessionRotated(subject="ann", at=START, session=full_session("a")),
    SessionElevated(subject="ann", at=START, session=full_session("a")),
    StartRefused(subject="ann", at=START, arrival={"place": "Łódź"}, limit="one", open=("x", "y")),
    StartPaused(subject="ann", at=START, arrival={"client": "web"}, until=START + 1),
    SignInsPaused(subject="ann", at=START, by="root", note="a stolen phone", until=None),
    SignInsResumed(subject="ann", at=START, by="root"),
    ChoiceOffered(subject="ann", at=START, arrival={"client": "web"}, limit="one", open=("x",)),
    EvictionsRepeated(subject="ann", at=START, arrival={"client": "web"}, against=("x",), outcome="end_existing"),
    WouldHave(subject="ann", at=START, outcome="refuse", limit="one", sid="a", ended=("x",)),
]


def test_an_id_is_no_option_of_a_command() -> None:
    ids = {SignInsResumed(subject="ann", at=START, by="root").id for _ in range(500)}
    assert len(ids) == 500
    assert all(each[0].isalnum() for each in ids)


def test_one_of_each_kind_is_tested_here() -> None:
    assert {type(event) for event in ONE_OF_EACH} == set(TYPE_OF)
    assert len(set(TYPE_OF.values())) == len(TYPE_OF)


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.type)
def test_a_payload_is_json_with_its_version_id_type_subject_and_time(event: Event) -> None:
    body = payload(event)
    assert json.loads(json.dumps(body)) == body
    assert (body["v"], body["id"], body["type"]) == (1, event.id, TYPE_OF[type(event)])
    assert (body["subject"], body["at"]) == ("ann", START)
    assert event.route == route_of("ann")


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.type)
def test_a_payload_holds_no_digest_and_no_credential(event: Event) -> None:
    body = json.dumps(payload(event)) + repr(payload(event)) + repr(event)
    for name in ("a", "a before"):
        raw = digest(name)
        assert raw.hex() not in body
        assert repr(raw)[2:-1] not in body
    assert "credential-digest" not in body
    assert "device-digest" not in body


def test_the_payload_of_an_end_says_why_when_and_by_whom() -> None:
    assert payload(ONE_OF_EACH[1])["session"] == {
        "sid": "a",
        "client": "shop",
        "device": "Firefox on Android",
        "device_class": "tablet",
        "address": "2001:db8::7",
        "place": "Łódź, Poland",
        "persistent": True,
        "acting": True,
        "started_at": START + 1,
        "last_seen_at": START + 3,
        "reason": "evicted",
        "ended_at": START + 50,
        "ended_by": "b",
    }


def test_an_open_session_has_no_reason_in_its_payload() -> None:
    assert not {"reason", "ended_at", "ended_by"} & set(events.session_facts(full_session("a")))


def test_every_event_has_an_id_of_its_own() -> None:
    assert len({SessionEnded(subject="ann", at=START, session=OVER).id for _ in range(100)}) == 100
