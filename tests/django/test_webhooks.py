"""`WEBHOOKS`: from the settings to a receiver, and what happens when there is none any more."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.views.debug import SafeExceptionReporterFilter

from sojourn.contrib.django import delivery
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.settings import read
from sojourn.core.records import EndReason
from sojourn.core.timeouts import DAY, HOUR
from sojourn.notify.signature import new_secret, read_secret
from sojourn.testing.clock import FakeClock
from tests.django.browser import Browser, subject
from tests.django.commands import failure, run, told
from tests.notify.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db

SECRET = new_secret()
RIGHT = {"name": "crm", "url": "https://hooks.example/", "secrets": [SECRET], "events": ["*"]}


@pytest.fixture
def receiver(sojourn: Any, settings: Any) -> Iterator[Receiver]:
    """A receiver that the site's settings name; nobody delivers but the test."""
    with receiving(SECRET) as found:
        sojourn(
            DELIVERY="worker",
            WEBHOOKS=[RIGHT | {"url": found.url, "events": ["session.*"], "allow_internal": "localhost"}],
        )
        settings.ADMINS = [("Root", "root@example.org")]
        yield found


class RefusingBackend(BaseEmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("mail.internal.example")


class TestTelling:
    """What a receiver gets."""

    def test_a_sign_in_and_its_end_arrive_in_order(self, receiver: Receiver, first: Browser) -> None:
        first.sign_in()
        control().end(subject(), None, EndReason.OPERATOR, by="admin:root")
        assert delivery.deliver() == 2
        assert [each["type"] for each in receiver.accepted] == ["session.started", "session.ended"]
        started = receiver.accepted[0]["data"]
        assert started["subject"] == subject()
        assert started["session"]["device"] == "Firefox on Windows"

    def test_nothing_is_sent_twice_once_it_has_arrived(self, receiver: Receiver, first: Browser) -> None:
        first.sign_in()
        delivery.deliver()
        assert delivery.deliver() == 0
        assert len(receiver.requests) == 1

    def test_what_its_filter_does_not_name_is_not_sent(self, receiver: Receiver, first: Browser) -> None:
        control().pause(subject(), by="root", note="a stolen phone")
        first.sign_in()
        assert delivery.deliver() == 0
        assert not receiver.requests

    def test_what_failed_arrives_later_with_the_same_id(
        self, receiver: Receiver, first: Browser, clock: FakeClock
    ) -> None:
        first.sign_in()
        receiver.answers = [503]
        assert delivery.deliver() == 0
        clock.advance(60_000)
        assert delivery.deliver() == 1
        one, other = receiver.requests
        assert (one[1]["webhook-id"], one[2]) == (other[1]["webhook-id"], other[2])


class TestGone:
    """A receiver that is not there any more."""

    def test_one_that_answers_410_is_disabled_and_administrators_are_told(
        self, receiver: Receiver, first: Browser, caplog: pytest.LogCaptureFixture
    ) -> None:
        first.sign_in()
        receiver.answers = [410]
        delivery.deliver()
        control().end(subject(), None, EndReason.OPERATOR, by="admin:root")
        delivery.deliver()
        assert len(receiver.requests) == 1
        assert control().store.failing()["webhook:crm"].disabled is not None
        (letter,) = mail.outbox
        assert letter.to == ["root@example.org"]
        assert "webhook:crm" in letter.subject
        assert "deliver --enable webhook:crm" in letter.body
        assert SECRET not in letter.body
        assert "localhost" not in letter.body
        assert "webhook:crm is disabled: It answered 410" in caplog.text

    def test_one_that_has_failed_for_five_days_is_disabled_and_administrators_are_told_once(
        self, receiver: Receiver, first: Browser, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL)
        for _ in range(10 * 24):
            first.sign_in()
            receiver.answers = [500] * 100
            delivery.deliver()
            failing = control().store.failing().get("webhook:crm")
            if failing is not None and failing.disabled is not None:
                break
            assert not mail.outbox
            clock.advance(HOUR)
        assert failing is not None
        assert failing.disabled is not None
        assert 5 * DAY <= failing.disabled - failing.since < 5 * DAY + 12 * HOUR
        first.sign_in()
        delivery.deliver()
        assert len(mail.outbox) == 1

    def test_what_the_mail_says_to_run_enables_it_and_sends_what_was_given_up(
        self, receiver: Receiver, first: Browser
    ) -> None:
        first.sign_in()
        receiver.answers = [410]
        delivery.deliver()
        commands = [line.split()[3:] for line in mail.outbox[0].body.splitlines() if "manage.py sojourn" in line]
        assert [command[0] for command in commands] == ["deliver", "deliver"]
        for command in commands:
            run(*command)
        assert told("deliver", "--once") == {"delivered": 1}
        assert [each["type"] for each in receiver.accepted] == ["session.started"]
        assert "webhook:crm" not in control().store.failing()

    def test_a_mail_server_that_is_down_too_breaks_nothing_and_the_log_tells(
        self, receiver: Receiver, first: Browser, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
        first.sign_in()
        receiver.answers = [410]
        delivery.deliver()
        assert "webhook:crm is disabled" in caplog.text
        assert "could not be told: ConnectionRefusedError" in caplog.text
        assert "mail.internal.example" not in caplog.text


class TestSetting:
    """How it is written, and what is said of what is wrong."""

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (["crm"], "Webhook 1 is not a dict"),
            ([{**RIGHT, "colour": "red"}], "no key 'colour'. Known are: name, url"),
            ([RIGHT, RIGHT], "Two webhooks have the name 'crm'"),
            *(([{k: v for k, v in RIGHT.items() if k != key}], f"has no {key}") for key in RIGHT),
            ([{**RIGHT, "secrets": SECRET}], "Webhook 1, secrets: it is not a list"),
            ([{**RIGHT, "secrets": [SECRET.encode()]}], "Webhook 1, secrets: it is not a text"),
            ([{**RIGHT, "secrets": ["hunter2"]}], "Webhook 1, a secret is a text that begins with 'whsec_'"),
            ([{**RIGHT, "url": "http://hooks.example/T0P"}], "url: it must begin with https://"),
            ([{**RIGHT, "events": "session.ended"}], "events: it is not a list"),
            ([{**RIGHT, "events": ["session.begun"]}], "'session.begun' is no type of event. Types are: session.st"),
            ([{**RIGHT, "allow_internal": True}], "allow_internal: it is not a text"),
        ],
    )
    def test_what_is_wrong_is_said_without_a_secret_or_an_address(self, wrong: Any, said: str) -> None:
        (problem,) = read({"WEBHOOKS": wrong, "INACTIVITY_TIMEOUT": "30m"})[1]
        assert said in problem.message
        for shown in (SECRET, "hunter2", "T0P"):
            assert shown not in f"{problem} {problem.hint}"

    def test_neither_a_debug_page_nor_a_representation_shows_a_secret(self, settings: Any) -> None:
        settings.SOJOURN = {**settings.SOJOURN, "WEBHOOKS": [RIGHT]}
        assert SECRET not in str(SafeExceptionReporterFilter().get_safe_settings())
        assert SECRET not in repr(read(settings.SOJOURN)[0])


class TestCommand:
    """`manage.py sojourn webhook`."""

    def test_it_says_that_a_receiver_accepts(self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
        assert told("webhook", "crm") == [{"webhook": "crm", "error": ""}]
        assert "accepted" in run("webhook")
        assert [each["type"] for each in receiver.accepted] == ["ping", "ping"]

    def test_it_says_why_a_receiver_does_not(self, receiver: Receiver) -> None:
        receiver.answers = [403]
        assert failure("webhook", "crm") == "1 of 1 did not accept it."

    def test_a_name_that_no_webhook_has_is_an_error_that_names_those_there_are(self, receiver: Receiver) -> None:
        assert failure("webhook", "erp") == "There is no such webhook in the settings. There are: crm."
        assert not receiver.requests

    def test_where_none_is_set_it_says_what_to_write(self) -> None:
        assert 'SOJOURN["WEBHOOKS"]' in failure("webhook")

    def test_it_makes_a_secret_that_is_one(self) -> None:
        assert len(read_secret(run("webhook", "--secret").strip())) == 32
        assert json.dumps(told("webhook", "--secret")["secret"]) != run("webhook", "--secret")
