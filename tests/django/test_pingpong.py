"""Two browsers that keep ending each other's sessions: their user is told, and asked or refused by policy."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.policy import Overflow, PingPong
from sojourn.testing.clock import FakeClock
from tests.django.browser import JSON, Browser, recorded, subject

pytestmark = pytest.mark.django_db

MINUTE = 60_000
WARNING = "keep ending each other's sessions"


@pytest.fixture(autouse=True)
def one_session(limit: Any) -> None:
    """One session at a time, and the last one wins."""
    limit("end_existing")


def take_turns(first: Browser, second: Browser, clock: FakeClock, *, times: int, after: int = 1000) -> list[Any]:
    """The two sign in by turns; returns the answers."""
    answers = []
    for number in range(times):
        clock.advance(after)
        browser = (first, second)[number % 2]
        browser.get("/plain/")  # where somebody who was signed in reads that it has ended
        answers.append(browser.sign_in())
    return answers


def told() -> int:
    return len(recorded("evictions.repeated"))


def test_by_default_they_go_on_and_whoever_comes_is_told(first: Browser, second: Browser, clock: FakeClock) -> None:
    take_turns(first, second, clock, times=3)
    assert told() == 0
    assert WARNING not in unescape(first.get("/sessions/").content.decode())
    take_turns(second, first, clock, times=1)
    assert told() == 1
    text = unescape(second.get("/sessions/").content.decode())
    assert "This browser and Firefox on Windows keep ending each other's sessions." in text
    assert "change your password" in text
    assert WARNING not in unescape(second.get("/sessions/").content.decode()), "once"


def test_somebody_who_changes_devices_slowly_is_told_nothing(first: Browser, second: Browser, clock: FakeClock) -> None:
    take_turns(first, second, clock, times=6, after=6 * MINUTE)
    assert told() == 0


def test_ask_asks(sojourn: Any, first: Browser, second: Browser, clock: FakeClock) -> None:
    sojourn(PING_PONG={"times": 3, "within": "10m", "then": "ask"})
    *_, asked = take_turns(first, second, clock, times=4)
    assert asked.status_code == 303
    page = unescape(second.get("/sessions/choose/").content.decode())
    assert "This browser and Firefox on Windows keep ending each other's sessions." in page
    assert first.who() == "ada"
    (mine,) = control().sessions(subject())
    second.choose(mine.sid)
    assert second.who() == "ada"
    assert told() == 2, "when it was asked, and when it was answered so"


def test_refuse_refuses_until_they_have_been_calm(
    sojourn: Any, first: Browser, second: Browser, clock: FakeClock
) -> None:
    sojourn(PING_PONG={"then": "refuse"})
    *_, refused = take_turns(first, second, clock, times=4)
    assert refused.status_code == 409
    text = unescape(refused.content.decode())
    assert "This browser and Firefox on Windows keep ending each other's sessions." in text
    assert "Or wait until" in text
    body = second.sign_in(headers=JSON).json()
    assert body["rivals"] == [session.sid for session in control().sessions(subject())]
    assert first.who() == "ada"
    clock.advance(10 * MINUTE)
    second.sign_in()
    assert second.who() == "ada"


def test_none_looks_at_nothing(sojourn: Any, first: Browser, second: Browser, clock: FakeClock) -> None:
    sojourn(PING_PONG=None)
    take_turns(first, second, clock, times=6)
    assert told() == 0
    assert control().store.roster(subject()).profile.evictions == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({}, PingPong()),
        ({"times": 4, "within": "1h", "then": None}, PingPong(4, 60 * MINUTE)),
        ({"then": "refuse"}, PingPong(then=Overflow.REFUSE)),
        (None, None),
    ],
)
def test_the_setting_is_what_is_written(sojourn: Any, written: Any, meant: PingPong | None) -> None:
    from sojourn.contrib.django.settings import current

    sojourn(PING_PONG=written)
    assert current().policy().ping_pong == meant


def test_ask_needs_the_page_to_choose_on(settings: Any, sojourn: Any) -> None:
    from sojourn.contrib.django.checks.site import check_urls

    sojourn(PING_PONG={"then": "ask"})
    settings.ROOT_URLCONF = "tests.django_site.urls_without_ours"
    assert [message.id for message in check_urls()] == ["sojourn.E011"]
