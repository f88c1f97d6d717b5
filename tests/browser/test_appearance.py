"""How every one of our pages looks and reads: on a phone, by day and night, by keyboard, and to a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import scenes
from tests.browser.conftest import People, people_at
from tests.browser.person import IPHONE, LINUX, Person
from tests.browser.scenes import Scene
from tests.browser.server import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def your_sessions(site: Site, person: People) -> Person:
    user, somebody = site.account("roomy"), person()
    for agent in (LINUX, IPHONE, LINUX):
        person(user_agent=agent).sign_in(user)
    somebody.sign_in(user)
    somebody.go("/sessions/")
    return somebody


def your_sessions_with_a_wrong_name(site: Site, person: People) -> Person:
    somebody = scenes.on_two_devices(site, person)
    scenes.call_device(somebody, -1, "The one with the longest name of them all " * 5)
    return somebody


HEADINGS: dict[Scene, str] = {
    scenes.refused: "You are not signed in",
    scenes.choose_one: "You are signed in elsewhere",
    scenes.choose_one_of_two: "You are signed in elsewhere",
    scenes.choose_all: "You are signed in elsewhere",
    scenes.choose_with_error: "You are signed in elsewhere",
    scenes.choice_over: "Please sign in again",
    scenes.ended_by_another: "You have been signed out",
    scenes.ended_by_time: "You have been signed out",
    your_sessions: "Your sessions",
    your_sessions_with_a_wrong_name: "Your sessions",
    scenes.confirm: "Confirm that it is you",
    scenes.confirm_with_error: "Confirm that it is you",
    scenes.not_me: "Was this not you?",
    scenes.not_me_here: "Was this not you?",
    scenes.not_me_too_late: "Was this not you?",
    scenes.not_me_refused: "Was this not you?",
    scenes.not_me_done: "Thank you for telling us",
    scenes.not_me_used: "This link cannot be used",
    scenes.was_it_you: "Was this you?",
    scenes.disowned: "Thank you for telling us",
    scenes.unavailable: "Please try again in a moment",
}
SIGNED_IN = {your_sessions, your_sessions_with_a_wrong_name, scenes.confirm, scenes.confirm_with_error}
SIGNED_IN |= {scenes.was_it_you, scenes.disowned}


@pytest.fixture(scope="module", params=HEADINGS, ids=lambda way: way.__name__)
def arrived(request: pytest.FixtureRequest, chromium_browser: Browser, site: Site) -> Iterator[tuple[Scene, Person]]:
    """Somebody who came to one of our pages the way that people do. The tests of one page share the visit."""
    way: Scene = request.param
    with people_at(chromium_browser, site, scripts=True) as person:  # axe is one
        visitor = way(site, person)
        assert visitor.heading == HEADINGS[way]
        yield way, visitor


Arrived = tuple[Scene, Person]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(arrived: Arrived, scheme: str) -> None:
    page = arrived[1].page
    page.set_viewport_size({"width": 1280, "height": 720})
    # Without motion: a button that is still fading from light to dark has a contrast that nobody reads by.
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    brightness = sum(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(","))
    assert brightness < 100 if scheme == "dark" else brightness > 600
    results = Axe().run(page)
    assert results.response["passes"], "axe looked at nothing"
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [360, 320])
def test_a_phone_shows_it_without_scrolling_sideways(arrived: Arrived, width: int) -> None:
    page = arrived[1].page
    page.set_viewport_size({"width": width, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = page.evaluate(
        "Math.max(...[...document.querySelectorAll('body *:not(.sj-hidden, .sj-hidden *)')]"
        ".map(element => element.getBoundingClientRect().right))"
    )
    assert right <= width


def test_the_focus_can_be_seen_wherever_the_keyboard_goes(arrived: Arrived) -> None:
    page = arrived[1].page
    page.set_viewport_size({"width": 1280, "height": 720})
    stops = page.evaluate(
        "[...document.querySelectorAll('a[href], button, summary, input:not([type=hidden]):not([tabindex=\"-1\"])')]"
        ".filter(element => element.checkVisibility())"  # the dialogs of the warning before a timeout are closed
        ".filter(element => element.type !== 'radio' || !element.matches('[type=radio] ~ * [type=radio]')).length"
    )
    radios = page.get_by_role("radio").count()
    expected = stops - max(radios - 1, 0)  # the keyboard comes to a group of radio buttons once
    page.evaluate("document.activeElement.blur()")
    seen: list[str] = []
    for _ in range(expected):
        page.keyboard.press("Tab")
        name, style, width, in_view = page.evaluate(
            "(() => { const at = document.activeElement, look = getComputedStyle(at), box = at.getBoundingClientRect();"
            "return [at.outerHTML.slice(0, 200), look.outlineStyle, parseFloat(look.outlineWidth),"
            "box.top >= 0 && box.bottom <= innerHeight && box.width > 10] })()"
        )
        assert (style, in_view) == ("solid", True), name
        assert width >= 2, name
        seen.append(name)
    assert len(seen) == expected


def test_whoever_is_signed_in_can_sign_out_from_here(arrived: Arrived) -> None:
    way, visitor = arrived
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    sign_out = visitor.page.get_by_role("button", name="Sign out")
    assert sign_out.count() == (1 if way in SIGNED_IN else 0)
    if way in SIGNED_IN:
        box = sign_out.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 640
        assert box["height"] >= 44
