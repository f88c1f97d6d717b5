"""A site's own code hears of each event once, when it is certain, and can break nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from sojourn.contrib.django import signals
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.events import TYPE_OF, Event, SessionEnded, SessionStarted, StartRefused
from sojourn.core.records import Arrival, EndReason


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """The events that a receiver of every signal was called with."""
    events: list[Event] = []

    def hear(*, sender: type[Event], event: Event, **_: object) -> None:
        assert sender is type(event)
        events.append(event)

    for signal in signals.SIGNAL_OF.values():
        signal.connect(hear)
    yield events
    for signal in signals.SIGNAL_OF.values():
        signal.disconnect(hear)


def test_every_kind_of_event_has_a_signal_of_its_own() -> None:
    assert set(signals.SIGNAL_OF) == set(TYPE_OF)
    assert len(set(map(id, signals.SIGNAL_OF.values()))) == len(TYPE_OF)


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_and_a_sign_out_are_heard_of_once_each(heard: list[Event]) -> None:
    User.objects.create_user("ann", password="correct horse")
    client = Client()
    client.post("/login/", {"username": "ann", "password": "correct horse"})
    assert [type(event) for event in heard] == [SessionStarted]
    client.post("/logout/")
    assert [type(event) for event in heard] == [SessionStarted, SessionEnded]
    ended = heard[1]
    assert isinstance(ended, SessionEnded)
    assert ended.session.end_reason is EndReason.LOGOUT


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_heard_of(heard: list[Event], settings: Any) -> None:
    settings.SOJOURN = {"LIMITS": [{"max_sessions": 1, "overflow": "refuse"}], "INACTIVITY_TIMEOUT": "30m"}
    control().start(Arrival("ann"))
    control().start(Arrival("ann"))
    assert [type(event) for event in heard] == [SessionStarted, StartRefused]


@pytest.mark.django_db(transaction=True)
def test_what_a_transaction_takes_back_is_not_heard_of(heard: list[Event]) -> None:
    with transaction.atomic():
        control().start(Arrival("ann"))
        assert heard == []
        transaction.set_rollback(True)
    assert heard == []
    with transaction.atomic():
        control().start(Arrival("ann"))
    assert [type(event) for event in heard] == [SessionStarted]


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_fails_keeps_nobody_from_signing_in(heard: list[Event]) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("a receiver's own mistake")

    signals.session_started.connect(fail)
    try:
        User.objects.create_user("ann", password="correct horse")
        response = Client().post("/login/", {"username": "ann", "password": "correct horse"})
    finally:
        signals.session_started.disconnect(fail)
    assert response.status_code == 302
    assert [type(event) for event in heard] == [SessionStarted]
