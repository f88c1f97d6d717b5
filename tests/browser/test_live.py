"""An open page of an ended session notices within seconds; the owner's other browsers ask about a sign-in elsewhere.

Twice: at a server that waits, where pages ask every few seconds, and at an asynchronous one, which keeps a stream open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import People, people_at
from tests.browser.person import IPHONE, LINUX, Person
from tests.browser.server import Site, running_site

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse, Browser, Locator, Page, Route

PRIVATE = "Private to"
LIVE = "**/live/*"
PROMISED = 5_000
"""Milliseconds of its own clock within which an open page notices."""


@pytest.fixture(scope="module", params=["", "async"], ids=["polling", "stream"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The people's site at each kind of server."""
    with running_site(tmp_path_factory.mktemp("live"), request.param) as running:
        yield running


@pytest.fixture
def person(chromium_browser: Browser, site: Site) -> Iterator[People]:
    """Makes people with fresh browsers at the site, for one test."""
    with people_at(chromium_browser, site) as people:
        yield people


@pytest.fixture
def streams(request: pytest.FixtureRequest) -> bool:
    """Whether the site's server is the asynchronous one."""
    return "stream" in request.node.name


def over(page: Page) -> Locator:
    return page.get_by_role("alertdialog", name="You have been signed out")


def banner(page: Page) -> Locator:
    return page.get_by_role("region", name="Signed in elsewhere")


def seen(person: Person, path: str) -> list[str]:
    """What was asked at an address from now on, as it comes."""
    found: list[str] = []
    person.page.on("request", lambda request: found.append(request.url) if path in request.url else None)
    return found


def stop_the_clock(page: Page) -> None:
    """Let a minute pass in the page, and from then on no time at all, however long things take."""
    page.context.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)


def turn_away(page: Page, state: str) -> None:
    """Let the page believe that it is hidden, or seen again: a browser without a screen has no tabs to switch."""
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )


def hear_after_another(route: Route, told: list[APIResponse]) -> None:
    """Answer a page as if another had asked just before it: the server's first answer is kept, for that other page."""
    if "stream" in route.request.headers["accept"]:
        route.continue_()
        return
    answer = route.fetch()
    if answer.status == 401:
        told.append(answer)
        answer = route.fetch()
    route.fulfill(response=answer)


class TestEnded:
    """Somebody signs in elsewhere, and the limit ends the session of an open page."""

    @pytest.mark.parametrize("path", ["/report/", "/quiet-report/"], ids=["with the warning", "by itself"])
    def test_an_open_page_is_signed_out_live_within_five_seconds(
        self, site: Site, person: People, streams: bool, path: str
    ) -> None:
        user, owner = site.account("end_existing"), person(scripts=True)
        if not streams:  # there it is the server that looks every few seconds
            owner.context.clock.install()
        owner.sign_in(user, path)
        assert owner.page.get_by_text(PRIVATE).is_visible()
        if not streams:
            stop_the_clock(owner.page)
        person(user_agent=IPHONE).sign_in(user)
        if not streams:
            owner.context.clock.run_for(PROMISED)
        over(owner.page).wait_for()
        assert PRIVATE not in owner.page.content()
        assert "Report" not in owner.page.title()
        said = over(owner.page).inner_text()
        assert "limit" in said or "another" in said, said
        assert "The new session: Mobile Safari on iOS" in said
        owner.look()

    def test_every_tab_is_told_why_although_the_server_tells_it_once(self, site: Site, person: People) -> None:
        user, owner = site.account("end_existing"), person(scripts=True)
        owner.sign_in(user, "/quiet-report/")
        tab = owner.tab("/report/")
        person(user_agent=IPHONE).sign_in(user)
        for page in (owner.page, tab):
            over(page).wait_for()
            page.get_by_text("The new session: Mobile Safari on iOS").wait_for()
            assert PRIVATE not in page.content()

    def test_a_tab_that_knows_only_that_it_is_over_is_told_why_by_another(self, site: Site, person: People) -> None:
        user, owner = site.account("end_existing"), person(scripts=True)
        owner.sign_in(user, "/quiet-report/")
        tab = owner.tab("/quiet-report/")
        turn_away(owner.page, "hidden")  # so that it is the tab that asks first
        told: list[APIResponse] = []
        tab.route(LIVE, lambda route: hear_after_another(route, told))
        person(user_agent=IPHONE).sign_in(user)
        over(tab).wait_for()
        assert "Mobile Safari" not in over(tab).inner_text()
        owner.page.route(LIVE, lambda route: route.fulfill(response=told[0]))
        turn_away(owner.page, "visible")
        for page in (owner.page, tab):
            page.get_by_text("The new session: Mobile Safari on iOS").wait_for()
            assert PRIVATE not in page.content()

    def test_without_script_the_next_click_says_it(self, site: Site, person: People) -> None:
        user, owner = site.account("end_existing"), person()
        owner.sign_in(user, "/report/")
        person(user_agent=IPHONE).sign_in(user)
        answer = owner.go("/report/")
        assert answer.status == 401
        assert owner.heading == "You have been signed out"
        assert "Mobile Safari on iOS" in owner.text

    def test_escape_does_not_bring_the_page_back(self, site: Site, person: People) -> None:
        user, owner = site.account("end_existing"), person(scripts=True)
        owner.sign_in(user, "/quiet-report/")
        person(user_agent=IPHONE).sign_in(user)
        over(owner.page).wait_for()
        for _ in range(3):
            owner.page.keyboard.press("Escape")
        over(owner.page).wait_for()
        assert Axe().run(owner.page).violations_count == 0

    def test_whoever_signs_out_in_another_tab_is_out_of_this_one(self, site: Site, person: People) -> None:
        user, owner = site.account("roomy"), person(scripts=True)
        owner.sign_in(user, "/quiet-report/")
        tab = owner.tab("/")
        tab.get_by_role("button", name="Sign out").click()
        over(owner.page).wait_for()
        assert PRIVATE not in owner.page.content()


class TestHidden:
    """A tab that nobody looks at."""

    def test_it_asks_nothing_and_asks_at_once_when_it_is_seen_again(self, site: Site, person: People) -> None:
        user, owner = site.account("end_existing"), person(scripts=True)
        owner.context.clock.install()
        owner.sign_in(user, "/quiet-report/")
        owner.page.wait_for_timeout(300)
        turn_away(owner.page, "hidden")
        asked = seen(owner, "/sessions/live/")
        for _ in range(20):
            owner.context.clock.fast_forward(5_000)
        assert asked == []
        person(user_agent=IPHONE).sign_in(user)
        stop_the_clock(owner.page)
        turn_away(owner.page, "visible")
        over(owner.page).wait_for()


class TestTrouble:
    """The server is away for a while."""

    def test_the_page_stays_and_is_asked_less_and_less_often(self, site: Site, person: People) -> None:
        user, owner = site.account("roomy"), person(scripts=True)
        owner.context.clock.install()
        owner.sign_in(user, "/quiet-report/")
        owner.context.set_offline(True)
        owner.page.evaluate("dispatchEvent(new Event('online'))")  # a round begins, and finds nobody
        asked = seen(owner, "/sessions/live/")
        for _ in range(60):
            owner.context.clock.fast_forward(1_000)
            owner.page.wait_for_timeout(20)
        assert 1 <= len(asked) <= 6
        assert owner.page.get_by_text(PRIVATE).is_visible()

    def test_it_never_keeps_a_session_awake(self, site: Site, person: People) -> None:
        user, owner = site.account("roomy"), person(scripts=True)
        owner.sign_in(user, "/quiet-report/")
        site.age(user, "last_seen", minutes=20)
        (before,) = site.open_sessions(user)
        with owner.page.expect_request("**/sessions/live/?elsewhere") as asked:
            turn_away(owner.page, "hidden")
            turn_away(owner.page, "visible")
        assert asked.value.response().status == 200
        (after,) = site.open_sessions(user)
        assert after["last_seen"] == before["last_seen"]


class TestElsewhere:
    """The owner's other open browsers."""

    def test_an_open_page_shows_it_and_asks(self, site: Site, person: People) -> None:
        user, owner = site.account("roomy"), person(scripts=True)
        owner.sign_in(user, "/report/")
        assert not banner(owner.page).is_visible()
        person(user_agent=LINUX).sign_in(user)
        banner(owner.page).wait_for()
        assert "Firefox on Linux" in banner(owner.page).inner_text()
        assert owner.page.get_by_text(PRIVATE).is_visible()
        assert Axe().run(owner.page).violations_count == 0

    def test_without_script_it_is_asked_at_the_next_click(self, site: Site, person: People) -> None:
        user, owner = site.account("roomy"), person()
        owner.sign_in(user, "/report/")
        person(user_agent=LINUX).sign_in(user)
        owner.go("/report/")
        assert "Firefox on Linux" in banner(owner.page).inner_text()

    def test_the_newcomer_is_not_asked_about_who_was_there(self, site: Site, person: People) -> None:
        user, newcomer = site.account("roomy"), person(user_agent=LINUX)
        person().sign_in(user)
        newcomer.sign_in(user, "/report/")
        assert not banner(newcomer.page).is_visible()

    def test_it_goes_away_when_the_other_signs_out(self, site: Site, person: People) -> None:
        user, owner, other = site.account("roomy"), person(scripts=True), person(user_agent=LINUX)
        owner.sign_in(user, "/report/")
        other.sign_in(user)
        banner(owner.page).wait_for()
        other.press("Sign out")
        banner(owner.page).wait_for(state="hidden")


class TestAnswer:
    """ "It was me", "it wasn't me": the buttons of the question, with script and without."""

    @pytest.fixture(params=[True, False], ids=["script", "no script"])
    def asked(self, request: pytest.FixtureRequest, site: Site, person: People) -> tuple[str, Person, Person]:
        """An account, its owner, who is asked on a page of theirs, and whom they are asked about."""
        user, owner, other = site.account("roomy"), person(scripts=request.param), person(user_agent=LINUX)
        owner.sign_in(user, "/report/")
        other.sign_in(user)
        if request.param:
            banner(owner.page).wait_for()
        else:
            owner.go("/report/")
        return user, owner, other

    def test_it_was_me_leads_back_and_is_asked_no_more(self, asked: tuple[str, Person, Person]) -> None:
        user, owner, other = asked
        owner.press("It was me")
        assert owner.path == "/report/"
        assert not banner(owner.page).is_visible()
        assert other.signed_in_as() == user

    def test_it_was_not_me_ends_the_other_one_and_tells_it(self, asked: tuple[str, Person, Person]) -> None:
        user, owner, other = asked
        owner.press("It wasn't me")
        assert owner.signed_in_as() == user
        assert other.go("/report/").status == 401
