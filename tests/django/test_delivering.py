"""Delivery on a Django site: who is woken, what `manage.py sojourn deliver` does, and what is found wrong with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
from django.test import override_settings

from sojourn.contrib.django import delivery
from sojourn.contrib.django.internal import herald
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.outbox import Failing
from sojourn.core.records import Arrival
from sojourn.core.timeouts import DAY, MINUTE
from sojourn.notify.sinks import DeliveryRefused, Message
from sojourn.testing.clock import FakeClock
from tests.django.commands import failure, run, told
from tests.django.test_doctor import found

pytestmark = pytest.mark.django_db
SILENT: dict[str, Any] = dict.fromkeys(
    ("new_device", "new_place", "second_session", "evicted", "refused", "repeated", "disowned"), ()
)
SITE = {"LIMITS": [{"max_sessions": 1, "overflow": "end_existing"}], "NOTICES": SILENT, "INACTIVITY_TIMEOUT": "30m"}


class Sink:
    """Keeps what it tells."""

    name, fold, patience, endurance = "own", 0, DAY, 0
    told: ClassVar[list[Message]] = []
    refuses = False

    def wants(self, event: Mapping[str, object]) -> bool:
        return event["type"] == "session.started"

    def deliver(self, message: Message) -> bool:
        if Sink.refuses:
            raise DeliveryRefused("nobody is there")
        self.told.append(message)
        return True


woken: list[str] = []


def wake(subject: str) -> None:
    woken.append(subject)


def no_sink() -> object:
    return object()


@pytest.fixture(autouse=True)
def _site(settings: Any) -> Iterator[None]:
    Sink.told.clear()
    Sink.refuses = False
    woken.clear()
    with override_settings(SOJOURN={**SITE, "SINKS": [f"{__name__}.Sink"]}, SESSION_COOKIE_SECURE=True):
        yield


def sign_in(subject: str = "ann") -> None:
    control().start(Arrival(subject))


def test_what_is_due_is_delivered_once() -> None:
    sign_in()
    assert told("deliver", "--once") == {"delivered": 1}
    assert told("deliver", "--once") == {"delivered": 0}
    assert [message.subject for message in Sink.told] == ["ann"]


def test_what_was_given_up_is_listed_and_sent_again() -> None:
    assert "Nothing was given up" in run("deliver", "--list-dead")
    Sink.refuses = True
    sign_in()
    run("deliver", "--once")
    ((dead,),) = (told("deliver", "--list-dead")["dead"],)
    assert (dead["sink"], dead["attempts"], dead["error"]) == ("own", 1, "nobody is there")
    assert dead["id"] in run("deliver", "--list-dead")
    assert told("deliver", "--list-dead", "--sink", "another") == {"dead": []}
    assert "doctor.dead" in found()
    Sink.refuses = False
    assert told("deliver", "--resend", dead["id"]) == {"resent": 1}
    assert told("deliver", "--once") == {"delivered": 1}
    assert "none of these was given up" in failure("deliver", "--resend", dead["id"])


def test_all_that_was_given_up_is_sent_again() -> None:
    Sink.refuses = True
    for name in ("ann", "bob"):
        sign_in(name)
    run("deliver", "--once")
    Sink.refuses = False
    assert told("deliver", "--resend-all") == {"resent": 2}
    assert told("deliver", "--once") == {"delivered": 2}


def test_a_disabled_sink_is_found_and_enabled(clock: FakeClock) -> None:
    control().store.note_failing("own", Failing(clock() - DAY, "gone", clock()))
    assert "doctor.sink" in found()
    assert told("deliver", "--enable", "own") == {"enabled": "own"}
    assert "doctor.sink" not in found()
    assert "There are: own" in failure("deliver", "--enable", "mine")


def test_the_doctor_finds_that_nobody_delivers(clock: FakeClock) -> None:
    sign_in()
    assert "doctor.delivery" not in found()
    clock.advance(6 * MINUTE)
    assert "doctor.delivery" in found()
    run("deliver", "--once")
    assert "doctor.delivery" not in found()


def test_a_worker_works_until_it_is_asked_to_stop() -> None:
    without = signal.getsignal(signal.SIGTERM)

    def ask() -> None:
        while signal.getsignal(signal.SIGTERM) is without:  # before it listens, this would be the end of the tests
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask, daemon=True).start()
    with override_settings(SOJOURN={**SITE}):  # nothing to deliver: its thread sees nothing of this transaction
        assert told("deliver", "--workers", "2") == {"delivered": 0}


@pytest.mark.parametrize("workers", ["0", "65", "x", "-1"])
def test_a_wrong_number_of_workers_is_refused(workers: str) -> None:
    assert "is not a number from 1 to 64" in failure("deliver", "--workers", workers)


def test_a_function_of_the_sites_is_given_the_subject(django_capture_on_commit_callbacks: Any) -> None:
    with override_settings(SOJOURN={**SITE, "SINKS": [f"{__name__}.Sink"], "DELIVERY": f"{__name__}.wake"}):
        with django_capture_on_commit_callbacks(execute=True):
            sign_in()
        assert woken == ["ann"]


def test_it_is_given_it_after_the_commit() -> None:
    with override_settings(SOJOURN={**SITE, "SINKS": [f"{__name__}.Sink"], "DELIVERY": f"{__name__}.wake"}):
        sign_in()
        assert woken == []


def test_a_sink_that_cannot_be_made_fails_no_request(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(herald.mail, "outbox")  # as outside of tests
    herald._declined = False
    with override_settings(SOJOURN={**SITE, "SINKS": ["nowhere.at.all"], "DELIVERY": "background"}):
        assert client.get("/login/").status_code == 200
        assert herald._declined


def test_nobody_is_woken_by_what_nobody_wants(django_capture_on_commit_callbacks: Any) -> None:
    with override_settings(SOJOURN={**SITE, "DELIVERY": f"{__name__}.wake"}):
        with django_capture_on_commit_callbacks(execute=True):
            sign_in()
        assert woken == []
        assert control().census().outbox == 0


def test_in_a_test_no_thread_is_started(client: Any) -> None:
    herald._declined = False
    client.get("/")
    assert herald._declined
    assert not herald._background.running


def test_what_nobody_delivers_is_shed_beyond_its_bound(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(herald, "SHED_EVERY", 8)
    monkeypatch.setattr(Sink, "wants", lambda *_: True)
    site = {**SITE, "SINKS": [f"{__name__}.Sink"], "OUTBOX_MAX_EVENTS": 1000, "DELIVERY": "worker"}
    with override_settings(SOJOURN=site):
        for _ in range(60):
            with django_capture_on_commit_callbacks(execute=True):
                for _ in range(10):
                    sign_in()
            assert control().census().outbox <= 1000 + 2 * 10
        assert control().census().outbox > 900


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"DELIVERY": "nowhere.at_all"}, "sojourn.E070"),
        ({"SINKS": ["nowhere.Sink"]}, "sojourn.E071"),
        ({"SINKS": [f"{__name__}.no_sink"]}, "sojourn.E071"),
        ({"SINKS": [f"{__name__}.Sink", f"{__name__}.Sink"]}, "sojourn.E071"),
        ({"OUTBOX_MAX_AGE": "60d"}, "sojourn.W070"),
    ],
)
def test_settings_of_delivery_that_cannot_work_are_found(changes: dict[str, Any], expected: str) -> None:
    from sojourn.contrib.django.checks.delivery import check_delivery

    assert [each.id for each in check_delivery()] == []
    with override_settings(SOJOURN={**SITE, **changes}):
        assert [each.id for each in check_delivery()] == [expected]


def test_a_sink_that_cannot_say_what_it_wants_stops_no_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sink, "wants", lambda *_: 1 / 0)
    sign_in()
    assert control().census().outbox > 0
    assert delivery.sinks()
