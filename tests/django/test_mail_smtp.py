"""Notices through a real mail server: what arrives there, and what becomes of a message that it does not take."""

from __future__ import annotations

import threading
import time
from email.message import EmailMessage
from typing import Any

import pytest
from django.contrib.auth.models import User

from sojourn.contrib.django.notices import sending
from sojourn.contrib.django.notices.mail import MailSink
from sojourn.notify.sinks import DeliveryFailed, DeliveryRefused, Message
from tests.django.browser import subject
from tests.django.conftest import SetPolicy
from tests.django.smtp import Post, chattering_office, post_office, silent_office
from tests.django.told import started

LATE = 30
"""Seconds in which whoever does not wait for ever is done, on a machine that has much else to do."""


@pytest.fixture(autouse=True)
def site(settings: Any, sojourn: SetPolicy, ada: User) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "no-reply@app.example"
    sojourn(SITE_URL="https://app.example")


def deliver(settings: Any, post: Post) -> bool:
    settings.EMAIL_HOST, settings.EMAIL_PORT = post.host, post.port
    event = started()
    return MailSink().deliver(Message(str(event["id"]), subject(), (event,)))


def parts(message: EmailMessage) -> dict[str, str]:
    return {each.get_content_type(): each.get_content() for each in message.walk() if not each.is_multipart()}


def test_a_mail_server_receives_one_message_of_two_parts_to_one_address(settings: Any) -> None:
    with post_office() as post:
        assert deliver(settings, post)
    (message,) = post.messages()
    assert post.recipients == [["ada@example.org"]]
    assert message.get_content_type() == "multipart/alternative"
    assert list(parts(message)) == ["text/plain", "text/html"]
    assert message.defects == []
    assert message["To"].addresses[0].addr_spec == "ada@example.org"
    assert message["From"].addresses[0].addr_spec == "no-reply@app.example"
    assert str(message["Subject"]) == "Sign-in on a new device \N{EN DASH} app.example"
    assert "Firefox on Windows" in parts(message)["text/plain"]
    assert max(len(line) for line in post.received[0].split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    ("how", "final"),
    [
        ({"at_recipient": "550 No such user <ada@example.org>"}, True),
        ({"at_recipient": "451 Try later, ada@example.org"}, False),
        ({"at_message": "554 Not from you, ada@example.org"}, True),
        ({"at_message": "452 Full"}, False),
    ],
    ids=["nobody by this name", "try later", "not this message", "full"],
)
def test_what_a_server_will_never_take_is_given_up_and_what_it_may_take_later_is_not(
    settings: Any, how: dict[str, str], final: bool
) -> None:
    with post_office(**how) as post, pytest.raises(DeliveryFailed) as raised:
        deliver(settings, post)
    assert isinstance(raised.value, DeliveryRefused) is final
    assert "ada" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert post.received == []


@pytest.mark.parametrize(
    ("answer", "raised"),
    [("550 No such user", None), ("451 Try later", DeliveryFailed)],
    ids=["never", "later"],
)
def test_of_two_addresses_the_one_is_written_to_whatever_the_server_says_of_the_other(
    settings: Any, ada: User, answer: str, raised: type[DeliveryFailed] | None
) -> None:
    User.objects.filter(pk=ada.pk).update(email="thief@example.net")
    event = started()
    with post_office(answers={"thief@example.net": answer}) as post:
        settings.EMAIL_HOST, settings.EMAIL_PORT = post.host, post.port
        told = Message(str(event["id"]), subject(), (event,), {str(event["id"]): "ada@example.org"})
        if raised is None:
            assert MailSink().deliver(told)
        else:
            with pytest.raises(raised) as failure:
                MailSink().deliver(told)
            assert not isinstance(failure.value, DeliveryRefused)
    assert post.recipients == [["ada@example.org"]]


def test_a_server_that_hangs_up_half_way_is_tried_again(settings: Any) -> None:
    with post_office(hangs_up_after_message=True) as post, pytest.raises(DeliveryFailed) as raised:
        deliver(settings, post)
    assert not isinstance(raised.value, DeliveryRefused)


def test_a_server_that_is_not_there_is_tried_again(settings: Any) -> None:
    with silent_office() as post:
        pass
    with pytest.raises(DeliveryFailed, match="could not be spoken to") as raised:
        deliver(settings, post)
    assert not isinstance(raised.value, DeliveryRefused)


def test_a_server_that_says_nothing_is_not_waited_for_without_an_end(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_TIMEOUT = None
    monkeypatch.setattr(sending, "TIMEOUT", 0.3)
    with silent_office() as post:
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed, match="could not be spoken to"):
            deliver(settings, post)
    assert 0.2 < time.monotonic() - begun < LATE


def test_a_longer_timeout_of_the_site_s_does_not_count(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_TIMEOUT = 3600
    monkeypatch.setattr(sending, "TIMEOUT_MAX", 0.3)
    with silent_office() as post, pytest.raises(DeliveryFailed):
        deliver(settings, post)


@pytest.mark.parametrize("chatter", ["220-w", "250-one of many\r\n"], ids=["byte by byte", "line by line"])
def test_a_server_whose_answers_never_end_is_hung_up_on(
    settings: Any, monkeypatch: pytest.MonkeyPatch, chatter: str
) -> None:
    monkeypatch.setattr(sending, "TOTAL", 0.5)
    with chattering_office(chatter.encode(), greets=chatter.startswith("250")) as post:
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed, match="could not be spoken to") as raised:
            deliver(settings, post)
    assert not isinstance(raised.value, DeliveryRefused)
    assert time.monotonic() - begun < LATE
    assert not [each for each in threading.enumerate() if each.name == "sojourn-mail"]


def test_the_mails_of_one_message_have_one_bound_together(
    settings: Any, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TOTAL", 0.5)
    User.objects.filter(pk=ada.pk).update(email="thief@example.net")
    event = started()
    told = Message(str(event["id"]), subject(), (event,), {str(event["id"]): "ada@example.org"})
    with silent_office() as post:
        settings.EMAIL_HOST, settings.EMAIL_PORT = post.host, post.port
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed):
            MailSink().deliver(told)
    assert time.monotonic() - begun < LATE
