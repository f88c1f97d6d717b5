"""Notices by e-mail: what is in them, for whom, in which language and zone; and what can never be in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.test import override_settings

from sojourn.contrib.django.adapter import Adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.notices.links import not_me_url
from sojourn.contrib.django.notices.mail import MailSink
from sojourn.core.decisions import Decision
from sojourn.core.events import SessionStarted, payload
from sojourn.core.records import Device, Profile
from sojourn.core.tokens import mint_sid, route_of
from sojourn.notify.notices import Kind
from sojourn.notify.sinks import DeliveryRefused, Message
from tests.django.browser import subject
from tests.django.conftest import SetPolicy
from tests.django.told import AT, evicted, quarrel, refused, session, started

SITE = "https://app.example"


class ForAda(Adapter):
    """Ada reads German, in Tokyo."""

    def language(self, user: object) -> str:
        return "de"

    def time_zone(self, user: object) -> str:
        return "Asia/Tokyo"


class Lost(Adapter):
    """Nobody has told where and in what language people read."""

    def language(self, user: object) -> str:
        return "xx-nonsense"

    def time_zone(self, user: object) -> str:
        return "../../etc/passwd"


@pytest.fixture(autouse=True)
def site(settings: Any, sojourn: SetPolicy, ada: User) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    settings.DEFAULT_FROM_EMAIL = "The App <no-reply@app.example>"
    sojourn(SITE_URL=SITE)


def deliver(*events: Mapping[str, object]) -> bool:
    return MailSink().deliver(Message(str(events[0]["id"]), subject(), events))


def sent(*events: Mapping[str, object]) -> EmailMultiAlternatives:
    assert deliver(*events)
    (mail,) = outbox.outbox
    assert isinstance(mail, EmailMultiAlternatives)
    return mail


def html(mail: EmailMultiAlternatives) -> str:
    (part,) = [each for each in mail.alternatives if each[1] == "text/html"]
    return str(part[0])


def profile(**fields: Any) -> None:
    """Remember this of Ada."""
    control().store.transact(subject(), lambda _: Decision(None, profile=Profile(**fields)))


def test_a_mail_says_device_place_address_and_time_in_text_and_in_html() -> None:
    mail = sent(started())
    for part in (mail.body, html(mail)):
        for said in ("Firefox on Windows", "Kyoto, Japan", "198.51.100.*", "Jan. 15, 2027, 9 a.m. (CET)", "ada"):
            assert said in part
    assert mail.subject == "Sign-in on a new device \N{EN DASH} app.example"
    assert mail.to == ["ada@example.org"]


def test_the_address_is_shown_as_far_as_the_setting_says(sojourn: SetPolicy) -> None:
    sojourn(MAIL_ADDRESSES="none")
    mail = sent(started())
    assert "198.51.100" not in mail.body + html(mail)
    assert "Address" not in mail.body


def test_the_message_id_is_that_of_its_first_event_and_every_copy_has_it() -> None:
    event, other = started(), refused()
    deliver(event, other)
    deliver(event, other)
    copies = [mail.message() for mail in outbox.outbox]
    assert {copy["Message-ID"] for copy in copies} == {f"<{event['id']}@app.example>"}
    assert {copy["X-Sojourn-Events"].split()[0] for copy in copies} == {event["id"]}
    assert str(other["id"]) in " ".join(copies[0]["X-Sojourn-Events"].split())


def test_without_a_site_url_the_id_is_of_the_sender_s_domain_and_there_is_no_link(sojourn: SetPolicy) -> None:
    sojourn(SITE_URL="")
    mail = sent(started())
    assert str(mail.message()["Message-ID"]).endswith("@app.example>")
    assert "http" not in mail.body
    assert "<a " not in html(mail)
    assert "Sign in at the address that you know" in mail.body


def test_machines_are_told_not_to_answer() -> None:
    assert sent(started()).message()["Auto-Submitted"] == "auto-generated"


def test_only_what_nobody_can_have_travelled_is_marked_as_important() -> None:
    mail = sent(started(unusual=("new_place", "far"), previous={"at": AT - 3_600_000, "place": "Berlin, Germany"}))
    assert mail.message()["Importance"] == "high"
    assert mail.subject.startswith("Sign-in from far away")
    assert "Sign-in before: Jan. 15, 2027, 8 a.m. (CET)" in mail.body
    assert "Berlin, Germany" in mail.body
    outbox.outbox.clear()
    assert sent(started()).message()["Importance"] is None


def test_several_events_are_told_in_one_mail_the_sign_in_first() -> None:
    mail = sent(evicted(), started(also_open=("a", "b")), refused(AT + 1))
    order = [mail.body.index(title) for title in ("Sign-in on a new device", "Session ended", "Sign-in refused")]
    assert order == sorted(order)
    assert "2 other sessions of yours were open" in mail.body
    assert mail.subject.startswith("A sign-in with your password was refused (and 2 more)")


def test_a_sign_in_is_asked_about_once_however_much_ended_for_it() -> None:
    newcomer = mint_sid(7)
    alone = sent(evicted(by=newcomer))
    assert alone.body.count("/sessions/not-me/?token=") == html(alone).count("/sessions/not-me/?token=") == 1
    outbox.outbox.clear()
    both = sent(evicted(by=newcomer), started(session=session(newcomer)))
    assert both.body.count("/sessions/not-me/?token=") == html(both).count("/sessions/not-me/?token=") == 1
    assert not_me_url(started()).partition("?")[0] == f"{SITE}/sessions/not-me/"


def test_attempts_that_are_alike_are_told_once_with_how_often_and_when() -> None:
    mail = sent(*(refused(AT + i * 60_000) for i in range(40)), refused(place="Oslo, Norway"))
    assert mail.body.count("Sign-in refused") == 2
    assert "40 times" in mail.body
    assert "9:39 a.m." in mail.body


def test_two_devices_that_quarrel_are_told_of() -> None:
    assert "Is somebody else using your account?" in sent(quarrel()).body


def test_a_device_is_called_what_its_user_calls_it(ada: User) -> None:
    one = session(mint_sid(route_of(subject())))
    control().store.transact(
        subject(), lambda _: Decision(None, insert=one, profile=Profile(device_names={"the-device": "Kitchen tablet"}))
    )
    known = started(session=one, also_open=("00old",), unusual=())
    assert "Kitchen tablet (Firefox on Windows)" in sent(known).body


def test_a_new_device_is_not_called_what_whoever_has_come_with_it_calls_it(ada: User) -> None:
    thief = session(mint_sid(route_of(subject())))
    control().store.transact(
        subject(), lambda _: Decision(None, insert=thief, profile=Profile(device_names={"the-device": "Ada's laptop"}))
    )
    body = sent(started(session=thief)).body
    assert "Firefox on Windows" in body
    assert "laptop" not in body


@override_settings(FORCE_SCRIPT_NAME="/app")
def test_links_lead_to_where_the_site_is_mounted_whoever_delivers() -> None:
    body = sent(started()).body
    assert f"{SITE}/app/sessions/not-me/?token=" in body
    assert f"{SITE}/app/sessions/\n" in body


def test_the_mail_is_in_the_user_s_language_and_zone(sojourn: SetPolicy) -> None:
    sojourn(ADAPTER="tests.django.test_mail.ForAda")
    mail = sent(started())
    assert "15. Januar 2027 17:00 (JST)" in mail.body
    assert "15. Januar 2027 17:00 (JST)" in html(mail)
    assert '<html lang="de"' in html(mail)
    assert "Firefox unter Windows" in mail.body or "Firefox" in mail.body


def test_a_language_and_a_zone_that_there_is_not_are_the_site_s(sojourn: SetPolicy) -> None:
    sojourn(ADAPTER="tests.django.test_mail.Lost")
    assert "Jan. 15, 2027, 9 a.m. (CET)" in sent(started()).body


def test_the_thread_speaks_its_own_language_again_afterwards(sojourn: SetPolicy) -> None:
    from django.utils.translation import get_language

    sojourn(ADAPTER="tests.django.test_mail.ForAda")
    before = get_language()
    sent(started())
    assert get_language() == before


@pytest.mark.parametrize("event", [started, refused, evicted], ids=["new device", "refused", "evicted"])
def test_who_has_silenced_what_may_be_silenced_is_still_told_of_attacks(
    event: Callable[[], Mapping[str, object]],
) -> None:
    profile(muted=frozenset(Kind))
    assert deliver(event()) is (event is not evicted)


def test_what_is_silenced_is_told_where_there_is_a_mail_anyway() -> None:
    profile(muted=frozenset({"evicted"}))
    assert "Session ended to make room" in sent(evicted(), started()).body


def test_a_second_session_on_a_known_device_can_be_silenced() -> None:
    event = started(unusual=(), also_open=("x",))
    assert "You can do without messages of this kind" in sent(event).body
    profile(muted=frozenset({"second_session"}))
    assert deliver(event) is False


def test_nobody_is_written_to_who_is_gone_deactivated_or_without_an_address(ada: User) -> None:
    event = started()
    User.objects.filter(pk=ada.pk).update(email="")
    assert deliver(event) is False
    User.objects.filter(pk=ada.pk).update(email="ada@example.org", is_active=False)
    assert deliver(event) is False
    ada.delete()
    assert MailSink().deliver(Message("x", str(event["subject"]), (event,))) is False
    assert outbox.outbox == []


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org, eve@evil.example",
        "ada@example.org;eve@evil.example",
        "Ada <ada@example.org>",
        "ada@example.org\r\nBcc: eve@evil.example",
        "ada@example.org\nBcc: eve@evil.example",
        "(comment)ada@example.org",
        '"a b"@example.org',
        "ada@[192.0.2.1]",
        "ada",
        "@example.org",
        "a@b@c",
    ],
)
def test_nobody_but_one_plain_address_is_written_to(ada: User, address: str) -> None:
    User.objects.filter(pk=ada.pk).update(email=address)
    with pytest.raises(DeliveryRefused) as raised:
        deliver(started())
    assert "evil" not in str(raised.value)
    assert outbox.outbox == []


STRANGE = "\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>\u202e\u2066\u200b https://evil.example/reset"


@pytest.fixture
def strange(ada: User) -> EmailMultiAlternatives:
    """A mail in which everything that others choose is an attack: user agent, place, application, user name, name."""
    hers = subject()
    made = session(device=Device(family=STRANGE, os=STRANGE, digest="d"))
    control().store.transact(
        hers, lambda _: Decision(None, insert=made, profile=Profile(device_names={"d": "x" + STRANGE}))
    )
    before = {"at": AT - 1, "place": STRANGE, "device": STRANGE, "address": STRANGE}
    event = payload(SessionStarted(subject=hers, at=AT, session=made, unusual=("new_place",), previous=before))
    # As if the record had been damaged, too: its texts were cleaned when it was made.
    raw = {**event, "session": {**dict(event["session"]), "place": STRANGE, "client": STRANGE, "address": STRANGE}}  # type: ignore[call-overload]
    attempt = refused(place=STRANGE, device=STRANGE, client=STRANGE, address=STRANGE)
    User.objects.filter(pk=ada.pk).update(username="ada" + STRANGE)
    assert MailSink().deliver(Message(str(event["id"]), hers, (raw, attempt)))
    mail = outbox.outbox[0]
    assert isinstance(mail, EmailMultiAlternatives)
    return mail


def test_nothing_that_others_choose_adds_a_header_a_recipient_or_a_line(strange: EmailMultiAlternatives) -> None:
    message = strange.message()
    assert message["Bcc"] is None
    assert strange.recipients() == ["ada@example.org"]
    assert not [line for line in strange.body.splitlines() if line.startswith(("Bcc", "<script"))]
    assert "evil" not in "".join(f"{name}{value}" for name, value in message.items())


def test_nothing_that_others_choose_is_markup_turns_text_or_becomes_a_link(strange: EmailMultiAlternatives) -> None:
    page = html(strange)
    assert "<script" not in page
    assert not set("\u202e\u2066\u200b") & set(page + strange.body)
    assert "https://evil" not in page + strange.body
    assert not re.search(r"evil\.\S", strange.body + page)
    assert {re.match(r"https://[^/\"]+", link)[0] for link in re.findall(r'href="([^"]*)"', page)} <= {SITE}  # type: ignore[index]


@pytest.mark.parametrize("present", ["", "nonsense", "thief@example.net"])
def test_the_address_of_then_is_written_to_whatever_the_present_one_is(ada: User, present: str) -> None:
    User.objects.filter(pk=ada.pk).update(email=present)
    event = started()
    contacts = {str(event["id"]): "ada@example.org"}
    assert MailSink().deliver(Message(str(event["id"]), subject(), (event,), contacts))
    assert [mail.to for mail in outbox.outbox] == [["ada@example.org"], *([[present]] if "@" in present else [])]
    assert len({mail.message()["Message-ID"] for mail in outbox.outbox}) == len(outbox.outbox)


@override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend")
def test_a_way_of_sending_without_a_network_is_as_good() -> None:
    assert deliver(started())
