"""Which events are told to people: by kind, by channel, and what a user may silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from sojourn.core.events import EvictionsRepeated, SessionEnded, SessionStarted, StartRefused, payload
from sojourn.core.records import EndReason
from sojourn.notify.notices import (
    ATTEMPTS,
    MUTABLE,
    STRANGE,
    USUAL,
    Channel,
    Kind,
    Notices,
    is_far,
    kinds,
    most_urgent,
    sort,
    told,
)
from sojourn.notify.pauses import Sort
from sojourn.testing.clock import START
from sojourn.testing.samples import ended, full_session

OWN = replace(full_session("a"), parent="")


def started(**more: Any) -> Mapping[str, object]:
    return payload(SessionStarted(**{"subject": "ann", "at": START, "session": OWN, **more}))


def over(reason: EndReason) -> Mapping[str, object]:
    return payload(SessionEnded(subject="ann", at=START, session=ended(OWN, START, reason, by="b")))


REFUSED = payload(StartRefused(subject="ann", at=START, arrival={"device": "Firefox"}, limit="one", open=("x",)))
REPEATED = payload(EvictionsRepeated(subject="ann", at=START, arrival={}, against=("x",), outcome="end_existing"))


def test_a_known_device_and_place_with_nothing_else_open_is_told_to_nobody() -> None:
    assert kinds(started()) == set()


@pytest.mark.parametrize(
    ("unusual", "expected"),
    [
        (("new_device",), {Kind.NEW_DEVICE}),
        (("new_place",), {Kind.NEW_PLACE}),
        (("far",), {Kind.NEW_PLACE}),
        (("new_device", "new_place", "far"), {Kind.NEW_DEVICE, Kind.NEW_PLACE}),
        (("something later",), set()),
    ],
)
def test_what_is_unusual_names_the_kind(unusual: tuple[str, ...], expected: set[Kind]) -> None:
    assert kinds(started(unusual=unusual)) == expected


def test_a_sign_in_beside_an_open_session_is_a_second_session() -> None:
    assert kinds(started(also_open=("b",))) == {Kind.SECOND_SESSION}


def test_a_trusted_device_is_no_second_session_but_may_be_in_a_new_place() -> None:
    assert kinds(started(also_open=("b",), trusted=True)) == set()
    assert kinds(started(also_open=("b",), trusted=True, unusual=("new_place",))) == {Kind.NEW_PLACE}


def test_the_first_sign_in_ever_known_is_learned_silently() -> None:
    assert kinds(started(first=True, also_open=("b",), unusual=("new_device",))) == set()


def test_somebody_who_acts_as_the_user_is_not_told_as_the_user() -> None:
    acting = replace(OWN, parent="staff")
    assert kinds(started(session=acting, also_open=("b",), unusual=("new_device",))) == set()


@pytest.mark.parametrize("reason", EndReason)
def test_of_all_ends_only_the_limit_s_and_what_an_older_session_disowned_are_told(reason: EndReason) -> None:
    told_of = {EndReason.EVICTED: {Kind.EVICTED}, EndReason.DISOWNED: {Kind.DISOWNED}}
    assert kinds(over(reason)) == told_of.get(reason, set())


def test_what_was_disowned_by_the_link_in_a_message_is_not_told_again() -> None:
    by_link = payload(SessionEnded(subject="ann", at=START, session=ended(OWN, START, EndReason.DISOWNED)))
    assert kinds(by_link) == set()


def test_nobody_silences_that_a_session_was_disowned() -> None:
    assert told(over(EndReason.DISOWNED), Channel.MAIL, Notices(), tuple(Kind)) == {Kind.DISOWNED}


def test_a_refusal_and_a_quarrel_of_devices_are_told() -> None:
    assert kinds(REFUSED) == {Kind.REFUSED}
    assert kinds(REPEATED) == {Kind.REPEATED}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (started(unusual=("new_device",), also_open=("b",)), STRANGE),
        (started(unusual=("new_place",)), STRANGE),
        (over(EndReason.DISOWNED), STRANGE),
        (started(also_open=("b",)), USUAL),
        (over(EndReason.EVICTED), USUAL),
        (REPEATED, USUAL),
        ({**REPEATED, "outcome": "refuse"}, ATTEMPTS),
        (REFUSED, ATTEMPTS),
    ],
)
def test_what_lets_nobody_in_waits_for_longer_and_holds_up_no_news_of_who_is_in(
    event: Mapping[str, object], expected: Sort
) -> None:
    assert sort(event) is expected


@pytest.mark.parametrize("damaged", [{}, {"type": "session.started"}, {"type": "session.started", "unusual": 5}])
def test_an_event_that_lacks_everything_is_told_to_nobody(damaged: dict[str, object]) -> None:
    assert kinds(damaged) == set()


def test_only_too_far_a_journey_is_far() -> None:
    assert is_far(started(unusual=("new_place", "far")))
    assert not is_far(started(unusual=("new_place",)))


def test_only_second_sessions_and_evictions_can_be_silenced() -> None:
    everything = {str(kind) for kind in Kind}
    alarming = started(unusual=("new_device", "new_place"), also_open=("b",))
    assert told(alarming, Channel.MAIL, Notices(), everything) == {Kind.NEW_DEVICE, Kind.NEW_PLACE}
    assert told(over(EndReason.EVICTED), Channel.MAIL, Notices(), everything) == set()
    assert told(REFUSED, Channel.MAIL, Notices(), everything) == {Kind.REFUSED}
    assert {Kind.SECOND_SESSION, Kind.EVICTED} == MUTABLE


def test_a_kind_goes_only_by_its_channels() -> None:
    only_page = Notices(second_session=frozenset({Channel.PAGE}))
    assert told(started(also_open=("b",)), Channel.MAIL, only_page) == set()
    assert told(started(also_open=("b",)), Channel.PAGE, only_page) == {Kind.SECOND_SESSION}


def test_every_kind_has_its_channels_and_its_place_in_the_order_of_urgency() -> None:
    assert {each.name for each in fields(Notices)} == set(Kind)
    assert {most_urgent([kind]) for kind in Kind} == set(Kind)
    assert most_urgent([Kind.SECOND_SESSION, Kind.NEW_DEVICE]) is Kind.NEW_DEVICE
    assert most_urgent([]) is None


def test_whether_a_channel_is_used_at_all() -> None:
    silent = Notices(**{kind: frozenset() for kind in Kind})
    assert Notices().use(Channel.MAIL)
    assert not silent.use(Channel.MAIL)
