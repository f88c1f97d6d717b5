"""The warning before a timeout, and what is left of a page after it: in several tabs, asleep, offline, by keyboard.

Half an hour passes twice: on the server, by making the records older, and in the browser, whose clock is Playwright's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import People
from tests.browser.person import LINUX, Person
from tests.browser.server import Site
from tests.services.process import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, Request

MINUTE, HOUR = 60, 3600
PRIVATE = "Private to"
TIMEOUT = "/sessions/timeout/"


class Sitter:
    """Somebody who is signed in, and sits before a page while time passes."""

    def __init__(self, site: Site, person: Person, user: str) -> None:
        self.site, self.person, self.user = site, person, user
        self.page: Page = person.page
        self.context: BrowserContext = person.context

    def wait(self, seconds: float) -> None:
        """Let so much time pass, here and on the server."""
        columns = ("last_seen", "deadline", "created", "authenticated", "expires")
        self.site.age(self.user, *columns, minutes=seconds / 60)
        self.context.clock.fast_forward(int(seconds * 1000))

    def wait_until_left(self, seconds: float) -> None:
        """Let so much time pass that they would be signed out in so many seconds."""
        self.wait(30 * MINUTE - seconds - self.idle())

    def near_the_absolute_end(self, seconds: float) -> None:
        """Let the sign-in have been so long ago that only so many seconds are left, however active one is."""
        self.site.age(self.user, "created", "authenticated", "expires", minutes=12 * 60 - seconds / 60)
        self.page.reload()

    def idle(self) -> float:
        """For how many seconds the server has heard nothing of them."""
        (session,) = self.site.open_sessions(self.user)
        return time.time() - float(session["last_seen"]) / 1000

    def type(self) -> None:
        """Press keys until the server has heard of it and has answered: what is under way would undo a `wait`."""
        answered: list[str] = []

        def hear(request: Request) -> None:
            if TIMEOUT in request.url:
                answered.append(request.method)

        def heard() -> bool:
            self.page.keyboard.press("a")
            return "POST" in answered

        self.page.on("requestfinished", hear)
        wait_until(heard, 60, "the server has heard that somebody types")
        self.page.remove_listener("requestfinished", hear)

    def asked(self) -> list[str]:
        """How the page asks about the timeouts from now on, as it comes. There is more that an open page asks."""
        found: list[str] = []
        self.page.on("request", lambda each: found.append(each.method) if TIMEOUT in each.url else None)
        return found


@pytest.fixture
def sitter(site: Site, person: People) -> Iterator[Sitter]:
    """Somebody who has just signed in and opened a private page."""
    user, somebody = site.account("roomy"), person(scripts=True, viewport={"width": 1200, "height": 800})
    somebody.context.clock.install()
    somebody.sign_in(user, "/report/?part=2")
    yield Sitter(site, somebody, user)
    somebody.look()


def dialog(page: Page, name: str = "You will be signed out soon") -> Locator:
    return page.get_by_role("alertdialog", name=name)


def over(page: Page) -> Locator:
    return dialog(page, "You have been signed out")


def shown(page: Page) -> bool:
    """Whether the page's content can be seen."""
    return page.get_by_text(PRIVATE).is_visible()


def seconds_left(page: Page) -> int:
    """What the warning counts down."""
    minutes, seconds = page.get_by_role("timer").inner_text().split(":")
    return int(minutes) * MINUTE + int(seconds)


def gone(page: Page) -> bool:
    """Whether nothing of the page's content is left, for anybody who looks into it."""
    return PRIVATE not in page.content() and "Report" not in page.title()


class TestWarning:
    """Two minutes before the end."""

    def test_it_comes_in_time_and_counts_down(self, sitter):
        sitter.wait(26 * MINUTE)
        assert not dialog(sitter.page).is_visible()
        sitter.wait_until_left(119)
        dialog(sitter.page).wait_for()
        assert "you will be signed out unless" in dialog(sitter.page).inner_text()
        before = seconds_left(sitter.page)
        assert 60 < before < 120
        sitter.context.clock.run_for(5000)
        assert before - 60 < seconds_left(sitter.page) <= before - 4
        assert sitter.page.title().startswith("You will be signed out soon")

    def test_staying_signed_in_is_activity_and_the_page_goes_on(self, sitter):
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        sitter.page.get_by_role("button", name="Stay signed in").click()
        dialog(sitter.page).wait_for(state="hidden")
        assert sitter.idle() < MINUTE
        assert shown(sitter.page)
        assert sitter.page.title() == "Report"
        sitter.wait(26 * MINUTE)
        assert not dialog(sitter.page).is_visible()
        assert sitter.person.signed_in_as() == sitter.user

    def test_it_does_not_by_itself_keep_anybody_signed_in(self, sitter):
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        sitter.context.clock.run_for(20_000)
        assert sitter.idle() > 28 * MINUTE

    def test_whoever_is_active_in_a_page_without_the_warning_is_not_warned(self, sitter):
        sitter.wait(26.5 * MINUTE)
        sitter.site.age(sitter.user, "last_seen", minutes=-25)
        with sitter.page.expect_response(f"**{TIMEOUT}"):
            sitter.wait(2 * MINUTE)
        sitter.context.clock.run_for(2000)
        assert not dialog(sitter.page).is_visible()

    def test_its_steps_are_told_to_a_screen_reader_and_not_every_second(self, sitter):
        sitter.wait_until_left(115)
        dialog(sitter.page).wait_for()
        said = sitter.page.locator('[data-part="said"]')
        assert re.fullmatch(r"Time left: 1 minute \d+ seconds", said.inner_text().strip())
        assert said.get_attribute("role") == "status"
        sitter.page.evaluate(
            "said => { window.told = []; new MutationObserver(() => told.push(said.textContent.trim()))"
            ".observe(said, {childList: true, characterData: true, subtree: true}) }",
            said.element_handle(),
        )
        for number, left in enumerate((56, 28, 9), start=1):
            sitter.wait_until_left(left)
            sitter.page.wait_for_function("number => told.length >= number", arg=number)
            sitter.context.clock.run_for(3000)
        times = [re.findall(r"(\d+) (minute|second)", text) for text in sitter.page.evaluate("window.told")]
        seconds = [sum(int(n) * (60 if unit == "minute" else 1) for n, unit in found) for found in times]
        assert [step - 10 < told <= step for told, step in zip(seconds, (60, 30, 10), strict=True)] == [True] * 3


class TestTheEnd:
    """When nobody has answered."""

    def test_the_page_is_gone_and_says_why_and_how_to_go_on(self, sitter):
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        sitter.wait(91)
        over(sitter.page).wait_for()
        assert gone(sitter.page)
        assert "was not used for some time" in over(sitter.page).inner_text()
        assert sitter.page.title() == "You have been signed out"
        sitter.person.follow("Sign in again")
        assert sitter.person.path == "/login/?next=%2Freport%2F%3Fpart%3D2"

    def test_a_machine_that_slept_through_it_shows_nothing_when_it_wakes(self, sitter):
        sitter.wait(8 * HOUR)
        over(sitter.page).wait_for()
        assert gone(sitter.page)

    def test_a_session_that_was_ended_elsewhere_is_noticed_when_the_tab_is_looked_at(self, sitter, site, person):
        for _ in range(2):
            person(user_agent=LINUX).sign_in(sitter.user)
        assert shown(sitter.page)
        person(user_agent=LINUX).sign_in(sitter.user)  # while the page may look by itself, where this takes long
        sitter.context.clock.fast_forward(5000)
        sitter.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        over(sitter.page).wait_for()
        assert gone(sitter.page)
        assert "The number of open sessions is limited" in over(sitter.page).inner_text()

    def test_the_absolute_timeout_is_warned_of_once_and_cannot_be_put_off(self, sitter):
        sitter.near_the_absolute_end(200)
        tab = sitter.person.tab("/sessions/")
        assert not dialog(tab).is_visible()
        sitter.wait(90)
        dialog(sitter.page).wait_for()
        dialog(tab).wait_for()
        assert "cannot be made longer" in dialog(sitter.page).inner_text()
        assert sitter.page.get_by_role("button", name="Stay signed in").count() == 0
        sitter.page.get_by_role("button", name="Go on until then").click()
        dialog(sitter.page).wait_for(state="hidden")
        dialog(tab).wait_for(state="hidden")
        sitter.page.reload()
        sitter.context.clock.run_for(2000)
        assert not dialog(sitter.page).is_visible()
        sitter.wait(2 * MINUTE)
        over(sitter.page).wait_for()
        assert "the longest time it may last" in over(sitter.page).inner_text()

    def test_escape_does_not_open_the_curtain(self, sitter):
        sitter.wait(HOUR)
        over(sitter.page).wait_for()
        for _ in range(3):
            sitter.page.keyboard.press("Escape")
        over(sitter.page).wait_for()
        assert gone(sitter.page)


class TestTabs:
    """Several tabs of one session."""

    @pytest.fixture
    def tab(self, sitter: Sitter) -> Page:
        """Another one, with the same page."""
        return sitter.person.tab("/report/")

    def test_to_stay_in_one_is_to_stay_in_all(self, sitter, tab):
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        dialog(tab).wait_for()
        tab.get_by_role("button", name="Stay signed in").click()
        dialog(tab).wait_for(state="hidden")
        dialog(sitter.page).wait_for(state="hidden")
        assert shown(sitter.page)

    def test_so_it_is_to_open_another_page(self, sitter, tab):
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        tab.goto("/sessions/")
        dialog(sitter.page).wait_for(state="hidden")

    @pytest.mark.parametrize("button", ["Sign out now", "Sign out"])
    def test_to_sign_out_in_one_hides_all(self, sitter, tab, button):
        if button == "Sign out now":
            sitter.wait(28.5 * MINUTE)
            dialog(sitter.page).wait_for()
            dialog(tab).wait_for()
        else:
            sitter.page.goto("/sessions/")
        with sitter.page.expect_navigation():
            sitter.page.get_by_role("button", name=button, exact=True).click()
        assert sitter.person.heading == "You are signed out"
        tab.wait_for_function("document.querySelector('main')?.checkVisibility() !== true")
        sitter.context.clock.run_for(3000)
        over(tab).wait_for()
        assert gone(tab)
        assert "You signed out" in over(tab).inner_text()

    def test_a_sign_out_that_came_to_nothing_shows_them_again(self, sitter, tab):
        sitter.page.evaluate("new BroadcastChannel('sojourn /sessions/timeout/').postMessage({leaving: true})")
        dialog(tab, "This page is hidden").wait_for()
        assert not shown(tab)
        assert "Report" not in tab.title()
        for _ in range(20):
            sitter.context.clock.run_for(1000)
        dialog(tab, "This page is hidden").wait_for(state="hidden")
        assert shown(tab)
        assert tab.title() == "Report"

    def test_what_one_tab_believes_of_an_end_another_asks_first(self, sitter, tab):
        sitter.context.set_offline(True)
        sitter.page.evaluate("new BroadcastChannel('sojourn /sessions/timeout/').postMessage({over: 'evicted'})")
        dialog(tab, "This page is hidden").wait_for()
        sitter.context.set_offline(False)  # only now the server can be asked
        dialog(tab, "This page is hidden").wait_for(state="hidden")
        assert shown(tab)

    def test_a_frozen_tab_shows_nothing_when_it_comes_back_after_the_end(self, sitter, tab):
        frozen = freeze(tab)
        sitter.wait(31 * MINUTE)
        over(sitter.page).wait_for()
        thaw(frozen)
        over(tab).wait_for()
        assert gone(tab)

    def test_a_frozen_tab_that_comes_back_is_not_wrong_about_who_stayed(self, sitter, tab):
        frozen = freeze(tab)
        for _ in range(2):
            sitter.wait(28.5 * MINUTE)
            dialog(sitter.page).wait_for()
            sitter.page.get_by_role("button", name="Stay signed in").click()
            dialog(sitter.page).wait_for(state="hidden")
        thaw(frozen)
        sitter.context.clock.run_for(5000)
        tab.get_by_text(PRIVATE).wait_for()  # what it asks may still be under way
        assert not dialog(tab).is_visible()

    def test_a_page_of_somebody_else_is_over(self, sitter, tab, site):
        other = site.account("roomy")
        sitter.person.sign_in(other, "/login/")
        over(tab).wait_for()
        assert gone(tab)
        assert "Another account was signed in" in over(tab).inner_text()
        assert tab.get_by_role("link", name="Load this page again").is_visible()
        sitter.page.goto("/report/")
        assert other in sitter.person.text
        sitter.context.clock.run_for(3000)
        assert shown(sitter.page)

    def test_who_signs_in_again_in_one_goes_on_in_the_other(self, sitter, tab):
        sitter.person.sign_in(sitter.user, "/login/")
        sitter.person.go("/report/")
        sitter.wait(28.5 * MINUTE)
        dialog(tab).wait_for()
        tab.get_by_role("button", name="Stay signed in").click()
        dialog(tab).wait_for(state="hidden")
        with tab.expect_navigation():
            tab.get_by_role("button", name="Sign out", exact=True).click()  # its form has the new token
        assert tab.get_by_text("Nobody is signed in.").is_visible()


def freeze(page: Page) -> CDPSession:
    """Stop everything in a tab, as browsers do to those that nobody looks at."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    return devtools


def thaw(devtools: CDPSession) -> None:
    """Let it go on."""
    devtools.send("Page.setWebLifecycleState", {"state": "active"})


class TestBeingThere:
    """What counts as activity, and what does not."""

    def test_whoever_types_for_an_hour_is_not_warned(self, sitter):
        for _ in range(12):
            sitter.wait(5 * MINUTE)
            sitter.type()
        assert not dialog(sitter.page).is_visible()
        assert sitter.idle() < MINUTE

    def test_it_is_reported_once_a_minute(self, sitter):
        sitter.wait(MINUTE)
        asked = sitter.asked()
        with sitter.page.expect_response(f"**{TIMEOUT}"):
            sitter.page.keyboard.type("a long sentence")
        sitter.page.mouse.click(5, 5)
        sitter.context.clock.run_for(2000)
        assert asked == ["POST"]

    def test_a_report_that_did_not_arrive_is_made_again_soon(self, sitter):
        sitter.wait(2 * MINUTE)
        asked = sitter.asked()
        sitter.page.route(f"**{TIMEOUT}", lambda route: route.abort(), times=1)
        with sitter.page.expect_event("requestfailed"):
            sitter.page.keyboard.press("a")
        sitter.page.evaluate("fetch('/').then(answer => answer.text())")  # by now the page knows it, too
        sitter.page.keyboard.press("a")
        sitter.context.clock.fast_forward(6000)
        with sitter.page.expect_response(f"**{TIMEOUT}"):
            sitter.page.keyboard.press("a")
        assert asked == ["POST", "POST"]

    def test_a_page_that_was_just_opened_has_nothing_to_report(self, sitter):
        asked = sitter.asked()
        sitter.page.keyboard.type("a word")
        sitter.context.clock.run_for(2000)
        assert asked == []

    def test_what_scripts_do_is_not_there(self, sitter):
        sitter.wait(10 * MINUTE)
        sitter.page.evaluate("dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true}))")
        sitter.page.evaluate("fetch('/report/', {headers: {'Sojourn-Passive': '1'}}).then(answer => answer.text())")
        sitter.page.mouse.move(100, 100)
        sitter.context.clock.run_for(2000)
        assert sitter.idle() > 9 * MINUTE

    def test_once_warned_only_an_answer_counts(self, sitter):
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        sitter.page.keyboard.press("Tab")
        sitter.page.mouse.click(5, 5)
        sitter.context.clock.run_for(2000)
        assert dialog(sitter.page).is_visible()
        assert sitter.idle() > 28 * MINUTE


class TestClocks:
    """The browser's clock is wrong, or is set."""

    @pytest.mark.parametrize("hours", [-30, -2, 2, 300])
    def test_a_clock_that_is_set_moves_no_warning_and_no_end(self, sitter, hours):
        now = sitter.page.evaluate("Date.now()") / 1000
        sitter.context.clock.set_system_time(now + hours * HOUR)
        sitter.context.clock.run_for(3000)
        sitter.page.get_by_text(PRIVATE).wait_for()
        assert not dialog(sitter.page).is_visible()
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        sitter.wait(2 * MINUTE)
        over(sitter.page).wait_for()


class TestOffline:
    """No connection."""

    def test_the_page_is_hidden_until_the_server_has_spoken(self, sitter):
        sitter.context.set_offline(True)
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        sitter.page.get_by_role("button", name="Stay signed in").click()
        failed = sitter.page.get_by_role("alert")
        failed.wait_for()
        assert "could not be reached" in failed.inner_text()
        sitter.context.clock.fast_forward(2 * MINUTE * 1000)
        dialog(sitter.page, "This page is hidden").wait_for()
        assert not shown(sitter.page)
        sitter.context.set_offline(False)
        dialog(sitter.page, "This page is hidden").wait_for(state="hidden")  # by the server's clock it is not over yet
        assert sitter.page.get_by_role("heading", name="Report", include_hidden=True).is_visible()


class TestWithoutScript:
    """Nothing depends on it."""

    def test_nothing_of_it_is_seen_and_the_end_is_the_same(self, site, person):
        user, somebody = site.account("roomy"), person()
        somebody.sign_in(user, "/report/")
        assert "signed out" not in somebody.text
        assert somebody.page.get_by_role("alertdialog").count() == 0
        site.age(user, "last_seen", "deadline", minutes=31)
        assert somebody.go("/report/").status == 401


class TestAccess:
    """For everybody."""

    @pytest.fixture(params=["warning", "absolute", "over"])
    def asked(self, request: pytest.FixtureRequest, sitter: Sitter) -> Sitter:
        """Each of the dialogs."""
        if request.param == "absolute":
            sitter.near_the_absolute_end(90)
        else:
            sitter.wait({"warning": 28.5 * MINUTE, "over": HOUR}[request.param])
        (over if request.param == "over" else dialog)(sitter.page).wait_for()
        return sitter

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, asked, scheme):
        asked.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        results = Axe().run(asked.page)
        assert results.response["passes"], "axe looked at nothing"
        assert results.violations_count == 0, results.generate_report()

    @pytest.mark.parametrize("width", [360, 320])
    def test_a_phone_shows_all_of_it(self, asked, width):
        asked.page.set_viewport_size({"width": width, "height": 640})
        box = asked.page.locator("dialog[open]").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert asked.page.evaluate("document.documentElement.scrollWidth") <= width
        for button in asked.page.locator("dialog[open] :is(button, a)").all():
            if button.is_visible():
                button.scroll_into_view_if_needed()
                assert button.bounding_box()["height"] >= 44

    def test_the_keyboard_is_on_the_harmless_answer_and_can_be_seen(self, asked):
        focused = asked.page.evaluate("document.activeElement.textContent.trim()")
        assert focused in {"Stay signed in", "Go on until then", "Sign in again"}
        asked.page.keyboard.press("Shift+Tab")
        asked.page.keyboard.press("Tab")
        assert asked.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"

    def test_by_keyboard_alone_one_stays_and_is_back_where_one_was(self, sitter):
        sitter.page.get_by_role("link", name="Your sessions").focus()
        for key in ("Enter", "Escape"):
            sitter.wait(28.5 * MINUTE)
            dialog(sitter.page).wait_for()
            sitter.page.keyboard.press(key)
            dialog(sitter.page).wait_for(state="hidden")
            assert sitter.idle() < MINUTE
            assert sitter.page.evaluate("document.activeElement.textContent") == "Your sessions"

    def test_by_keyboard_alone_one_signs_out(self, sitter):
        sitter.wait(28.5 * MINUTE)
        dialog(sitter.page).wait_for()
        sitter.page.keyboard.press("Tab")
        assert sitter.page.evaluate("document.activeElement.textContent") == "Sign out now"
        with sitter.page.expect_navigation():
            sitter.page.keyboard.press("Enter")
        assert sitter.person.heading == "You are signed out"
        assert sitter.site.open_sessions(sitter.user) == []
