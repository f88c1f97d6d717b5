"""What people are written to, when they do what people do: from the sign-in to the mail, with all that is between."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as outbox

from sojourn.contrib.django.delivery import deliver
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.search import EventQuery
from sojourn.core.wishes import reference
from sojourn.notify.turns import Turn
from sojourn.testing.clock import FakeClock
from tests.django.browser import Browser, sids, subject
from tests.django.commands import told
from tests.django.conftest import SetPolicy

AGENTS = {
    "Chrome on Linux": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    "Edge on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 "
    "Edg/140.0.0.0",
    "Safari on Mac OS X": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Safari/605.1.15",
}
MINUTE = 60_000


@pytest.fixture(autouse=True)
def site(sojourn: SetPolicy, ada: User) -> None:
    sojourn(SITE_URL="https://app.example", LIMITS=[])


@pytest.fixture
def learned(first: Browser, clock: FakeClock) -> Browser:
    """Ada's own browser, which has signed in, been told of to nobody, and signed out again."""
    first.sign_in()
    assert written() == []
    first.post("/logout/")
    clock.advance(MINUTE)
    return first


def written() -> list[str]:
    """Deliver what is due, and return the subjects of all mails that were sent until now."""
    deliver()
    return [mail.subject for mail in outbox.outbox]


def test_nobody_is_written_to_of_the_first_sign_in_that_is_known(first: Browser) -> None:
    first.sign_in()
    assert written() == []


def test_a_known_device_with_nothing_else_open_is_not_told_of(learned: Browser) -> None:
    learned.sign_in()
    assert written() == []


def test_a_new_device_is_told_of_in_one_mail(learned: Browser) -> None:
    Browser(AGENTS["Chrome on Linux"]).sign_in()
    (title,) = written()
    assert title.startswith("Sign-in on a new device")
    assert "Chrome on Linux" in outbox.outbox[0].body
    assert written() == [title]


@pytest.mark.parametrize("limit", [5, 1], ids=["all stay open", "each ends the one before"])
def test_three_sign_ins_in_a_minute_are_two_mails_that_together_tell_all(
    learned: Browser, sojourn: SetPolicy, clock: FakeClock, limit: int
) -> None:
    sojourn(LIMITS=[{"max_sessions": limit, "overflow": "end_existing"}])
    began = []
    for agent in AGENTS.values():
        Browser(agent).sign_in()
        began.append(next(iter(sids())))
        assert len(written()) == 1
        clock.advance(15_000)
    clock.advance(MINUTE)
    assert len(written()) == 2
    first, second = (mail.body for mail in outbox.outbox)
    assert [name in first for name in AGENTS] == [True, False, False]
    assert [name in second for name in list(AGENTS)[1:]] == [True, True]
    if limit == 1:
        assert second.count("Session ended to make room") == 2
    clock.advance(10 * MINUTE)
    assert len(written()) == 2


def test_a_sign_in_beside_an_open_session_of_a_known_device_is_told_of_until_that_is_silenced(
    learned: Browser, second: Browser, clock: FakeClock
) -> None:
    second.sign_in()
    written()
    clock.advance(2 * MINUTE)
    learned.sign_in()
    assert written()[1].startswith("Sign-in while another session is open")
    learned.post("/logout/")
    control().mute(subject(), {"second_session"})
    clock.advance(2 * MINUTE)
    learned.sign_in()
    assert len(written()) == 2


def test_a_device_that_is_trusted_is_no_second_session(learned: Browser, second: Browser, clock: FakeClock) -> None:
    second.sign_in()
    written()
    learned.sign_in()
    mine = next(session for session in control().sessions(subject()) if session.device.os == "Windows")
    assert control().trust_device(subject(), reference(mine.device.digest))
    clock.advance(2 * MINUTE)
    written()
    learned.post("/logout/")
    learned.sign_in()
    clock.advance(2 * MINUTE)
    assert len(written()) == 2


def test_a_session_that_the_limit_ends_is_told_of_to_its_owner(
    learned: Browser, sojourn: SetPolicy, second: Browser, clock: FakeClock
) -> None:
    second.sign_in()
    written()
    sojourn(LIMITS=[{"max_sessions": 1, "overflow": "end_existing"}])
    clock.advance(2 * MINUTE)
    learned.sign_in()
    assert written()[1].startswith("A session of yours was ended")
    assert "to make room for a new sign-in" in outbox.outbox[1].body


def test_a_refusal_is_told_of_with_the_way_out(learned: Browser, sojourn: SetPolicy, second: Browser) -> None:
    sojourn(LIMITS=[{"max_sessions": 1, "overflow": "refuse"}])
    learned.sign_in()
    assert second.sign_in().status_code == 409
    (title,) = written()
    assert title.startswith("A sign-in with your password was refused")
    assert "The password was right" in outbox.outbox[0].body


def test_refusals_all_day_long_are_a_handful_of_mails_that_tell_of_all_and_hold_no_sign_in_up(
    learned: Browser, sojourn: SetPolicy, second: Browser, clock: FakeClock
) -> None:
    sojourn(LIMITS=[{"max_sessions": 1, "overflow": "refuse"}], INACTIVITY_TIMEOUT="30d", ABSOLUTE_TIMEOUT="90d")
    learned.sign_in()
    for _ in range(24 * 3):
        assert second.sign_in().status_code == 409
        deliver()
        clock.advance(20 * MINUTE)
    assert len(outbox.outbox) == 7
    learned.post("/logout/")
    second.sign_in()
    deliver()
    assert "Sign-in on a new device" in outbox.outbox[7].body
    times = [re.search(r"How often: (\d+) times", mail.body) for mail in outbox.outbox]
    assert sum(int(found[1]) if found else 1 for found in times) == 24 * 3
    assert len(outbox.outbox) == 8


@pytest.mark.parametrize("way", ["page", "json"])
def test_what_an_old_session_disowns_is_told_of_by_mail_to_the_address_of_then(
    learned: Browser, second: Browser, clock: FakeClock, ada: User, way: str
) -> None:
    learned.sign_in()  # the one that was stolen, by now
    clock.advance(2 * MINUTE)
    second.sign_in()
    (newer,) = [session.sid for session in control().sessions(subject()) if session.device.os == "iOS"]
    written()
    clock.advance(2 * MINUTE)
    control().mute(subject(), {"second_session", "evicted"})
    if way == "page":
        learned.post(f"/sessions/it-was-not-me/{newer}/")
    else:
        learned.post("/sessions/api/disown/", json.dumps({"sid": newer}), content_type="application/json")
    assert control().store.find(newer).end_reason == "disowned"
    User.objects.filter(pk=ada.pk).update(email="thief@example.net")
    deliver()
    mail = outbox.outbox[1]
    assert mail.to == ["ada@example.org"]
    assert mail.subject.startswith("A session of yours was ended as not yours")
    assert "Device: Mobile Safari on iOS" in mail.body
    assert "Ended from: Firefox on Windows" in mail.body
    link = re.search(r"https://app.example(/sessions/not-me/\S+)", mail.body)
    assert link is not None
    page = Browser().get(link[1]).content.decode()
    assert "a session of your account was ended from another one, as not yours" in page
    assert "End all sessions of this account" in page


def test_a_sign_out_is_told_of_to_nobody(learned: Browser, second: Browser, clock: FakeClock) -> None:
    second.sign_in()
    written()
    clock.advance(2 * MINUTE)
    second.post("/logout/")
    assert len(written()) == 1


def test_a_server_that_is_away_is_tried_again_with_the_same_message(
    learned: Browser, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sojourn.contrib.django.notices import sending
    from sojourn.notify.sinks import DeliveryFailed

    sent: list[Any] = []
    well = sending.send

    def away(message: Any, _: float) -> None:
        sent.append(message)
        raise DeliveryFailed

    monkeypatch.setattr(sending, "send", away)
    Browser(AGENTS["Chrome on Linux"]).sign_in()
    assert written() == []
    Browser(AGENTS["Edge on Windows"]).sign_in()
    monkeypatch.setattr(sending, "send", well)
    clock.advance(10 * MINUTE)
    assert len(written()) == 1
    assert outbox.outbox[0].message()["Message-ID"] == sent[0].message()["Message-ID"]
    assert "Edge" not in outbox.outbox[0].body
    clock.advance(MINUTE)
    assert len(written()) == 2
    assert "Edge on Windows" in outbox.outbox[1].body


def recipients() -> list[tuple[str, bool, bool]]:
    """Deliver what is due; of each mail until now, to whom, and which of the two sign-ins it tells of."""
    deliver()
    return [(mail.to[0], "Edge on Windows" in mail.body, "Chrome on Linux" in mail.body) for mail in outbox.outbox]


@pytest.mark.parametrize("changed", ["before anybody delivers", "within the minute"])
def test_a_thief_who_changes_the_address_at_once_does_not_keep_the_owner_from_being_told(
    learned: Browser, clock: FakeClock, ada: User, changed: str
) -> None:
    if changed == "within the minute":
        Browser(AGENTS["Edge on Windows"]).sign_in()
        assert recipients() == [("ada@example.org", True, False)]
        outbox.outbox.clear()
    Browser(AGENTS["Chrome on Linux"]).sign_in()
    ada.email = "thief@example.net"
    ada.save()
    clock.advance(2 * MINUTE)
    assert recipients() == [("ada@example.org", False, True), ("thief@example.net", False, True)]


def test_a_thief_who_changes_the_address_while_the_mail_server_is_away_does_neither(
    learned: Browser, clock: FakeClock, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sojourn.contrib.django.notices import sending
    from sojourn.notify.sinks import DeliveryFailed

    def away(*_: Any) -> None:
        raise DeliveryFailed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "send", away)
        Browser(AGENTS["Chrome on Linux"]).sign_in()
        assert written() == []
        User.objects.filter(pk=ada.pk).update(email="")  # past all signals
    clock.advance(10 * MINUTE)
    assert recipients() == [("ada@example.org", False, True)]


def test_each_address_is_told_of_what_happened_while_it_was_the_account_s_and_the_present_one_of_all(
    learned: Browser, clock: FakeClock, ada: User
) -> None:
    """The old address may be one that its owner has just given up, since somebody else reads it."""
    for agent in ("Chrome on Linux", "Edge on Windows"):
        Browser(AGENTS[agent]).sign_in()
        User.objects.filter(pk=ada.pk).update(email="ada@new.example")
    clock.advance(2 * MINUTE)
    assert recipients() == [("ada@example.org", False, True), ("ada@new.example", True, True)]


def test_the_address_of_then_is_forgotten_once_it_has_been_written_to(
    learned: Browser, clock: FakeClock, any_events: Callable[[], str]
) -> None:
    Browser(AGENTS["Chrome on Linux"]).sign_in()
    assert any_events().count("ada@example.org") == 1
    assert recipients() == [("ada@example.org", False, True)]
    assert "ada@example.org" not in any_events()


def test_it_is_not_kept_at_all_of_what_nobody_is_told(learned: Browser, any_events: Callable[[], str]) -> None:
    learned.sign_in()
    assert "ada@example.org" not in any_events()


def test_a_refusal_that_a_transaction_takes_back_is_told_to_the_address_of_then(
    learned: Browser, second: Browser, sojourn: SetPolicy, clock: FakeClock, ada: User, atomic_requests: None
) -> None:
    sojourn(LIMITS=[{"max_sessions": 1, "overflow": "refuse"}])
    learned.sign_in()
    assert second.sign_in().status_code == 409
    User.objects.filter(pk=ada.pk).update(email="thief@example.net")
    deliver()
    assert [mail.to for mail in outbox.outbox] == [["ada@example.org"], ["thief@example.net"]]


def test_what_is_kept_of_it_is_exported_and_no_webhook_is_told(learned: Browser, sojourn: SetPolicy) -> None:
    Browser(AGENTS["Chrome on Linux"]).sign_in()
    waiting = [event for event in told("export", "ada")["events"] if "contact" in event]
    assert [(event["type"], event["contact"]) for event in waiting] == [("session.started", "ada@example.org")]
    batch = control().store.claim("a worker", control().clock(), control().clock() + MINUTE)
    assert batch is not None
    message = Turn(batch.letters, 0, 0, "a message", written=False).content()
    assert "ada@example.org" not in str(message.events) + repr(message)


@pytest.fixture
def any_events() -> Callable[[], str]:
    """All that is recorded of what happened, as text."""
    return lambda: str(list(control().store.journal(EventQuery(subject()))))
