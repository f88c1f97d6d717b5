"""An open page whose answers are late, overtaken or somebody else's, in a site whose own scripts do as they like.

No session ends here and no time passes: what a page asks is held back until the test, in the server's place, answers
it, in the order that the test is about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sojourn
from tests.browser.conftest import people_at
from tests.browser.person import PATIENCE, Person
from tests.browser.server import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

PRIVATE = "Private to"
TIMEOUT, LIVE = "/sessions/timeout/", "/sessions/live/"
PROBLEM = "application/problem+json"
STATIC = Path(sojourn.__file__).parent / "contrib/django/static/sojourn"
NOBODY = {"status": 401, "detail": "Sign in."}
EVICTED = {
    "status": 401,
    "reason": "evicted",
    "detail": "There was no more room.",
    "by": {"name": "", "device": "Firefox on Linux", "place": ""},
}
ELSEWHERE = {"sid": "s1", "name": "Firefox on Linux", "about": "Bern", "confirm_url": "/c/", "disown_url": "/d/"}
NO_ANSWER_IS_TOO_LATE = "AbortSignal.timeout = () => new AbortController().signal"
NO_CHANNEL = "globalThis.BroadcastChannel = class { constructor() { throw new DOMException('', 'SecurityError') } }"
A_STREAM = """{
  const asked = fetch;
  globalThis.streams = [];
  globalThis.fetch = async (url, options) => {
    if (options?.headers?.Accept !== "text/event-stream") return asked(url, options);
    const body = new ReadableStream({ start: (stream) => void streams.push(stream) });
    const headers = { "Content-Type": "text/event-stream" };
    return new Response(body.pipeThrough(new TextEncoderStream()), { headers });
  };
}"""
ANOTHER_BODY = """account => {
  const next = document.body.cloneNode(true);
  const [live, timeout] = [next.querySelector("[data-sojourn-live]"), next.querySelector("[data-sojourn-timeout]")];
  live.dataset.account = account;
  timeout.dataset.state = JSON.stringify({ ...JSON.parse(timeout.dataset.state), account });
  document.body.replaceWith(next);
}"""


class Desk:
    """A browser with open pages, and whatever they ask."""

    def __init__(self, person: Person) -> None:
        self.person, self.context = person, person.context
        self._held: list[Route] = []
        self.context.clock.install()
        self.context.add_init_script(NO_ANSWER_IS_TOO_LATE)
        for address in (TIMEOUT, LIVE):
            self.context.route(f"**{address}*", self._hold)

    def _hold(self, question: Route) -> None:
        self._held.append(question)

    def open(self, path: str = "/report/") -> Page:
        """A page, in a tab of its own. Its clock stands still."""
        page = self.person.tab(path)
        self.context.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)
        return page

    def asked(self, page: Page, address: str, method: str = "GET") -> Route:
        """A question of the page, as soon as it has come."""
        for _ in range(PATIENCE // 10):
            if (found := self._asked(page, address, method)) is not None:
                return found
            page.wait_for_timeout(10)
        raise AssertionError(f"the page did not ask {address} by {method}")

    def ask(self, page: Page, address: str) -> Route:
        """Let the page ask, if it has not asked already; its question."""
        for _ in range(PATIENCE // 10):
            page.evaluate("dispatchEvent(new Event('online'))")
            if (found := self._asked(page, address, "GET")) is not None:
                return found
            page.wait_for_timeout(10)
        raise AssertionError(f"the page does not ask {address}")

    def _asked(self, page: Page, address: str, method: str) -> Route | None:
        for each in self._held:
            asked = each.request
            if asked.frame.page == page and address in asked.url and asked.method == method:
                self._held.remove(each)
                return each
        return None

    def answer(self, question: Route, body: object, status: int = 200, kind: str = "application/json") -> None:
        """Answer a question. The page has the answer when this is done."""
        asked = question.request
        page = asked.frame.page
        text = body if isinstance(body, str) else json.dumps(body)
        with page.expect_event("requestfinished", lambda each: each == asked):
            question.fulfill(status=status, body=text, content_type=kind)
        page.evaluate("fetch('/static/sojourn/sojourn.css').then(answer => answer.text())")


@pytest.fixture(scope="module")
def cookies(chromium_browser: Browser, site: Site) -> Any:
    """What a browser has of somebody who is signed in."""
    somebody = Person(chromium_browser, site.url)
    somebody.sign_in(site.account("roomy"))
    kept = somebody.context.storage_state()
    somebody.leave()
    return kept


@pytest.fixture
def desk(chromium_browser: Browser, site: Site, cookies: Any) -> Iterator[Desk]:
    """Somebody signed in, and nobody but the test to answer their pages."""
    with people_at(chromium_browser, site, scripts=True, storage_state=cookies) as people:
        yield Desk(people())


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("alertdialog", name=name)


def warning(page: Page) -> Locator:
    return dialog(page, "You will be signed out soon")


def hidden(page: Page) -> Locator:
    return dialog(page, "This page is hidden")


def over(page: Page) -> Locator:
    return dialog(page, "You have been signed out")


def shown(page: Page) -> bool:
    return page.get_by_text(PRIVATE).is_visible()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def left(page: Page, *, inactivity: float = 1800, absolute: float = 43200, **other: object) -> dict[str, Any]:
    """What the server says of the page's session if it is live: so many seconds are left."""
    state = page.evaluate("JSON.parse(document.querySelector('[data-sojourn-timeout]').dataset.state)")
    state["inactivity"]["left"], state["absolute"]["left"] = inactivity, absolute
    return {**state, **other}


def live(page: Page, **other: object) -> dict[str, Any]:
    """What it says to live.js."""
    account, sid = page.evaluate(
        "(({account, sid}) => [account, sid])({...document.querySelector('.sj-live').dataset})"
    )
    return {"account": account, "sid": sid, **other}


def hear(page: Page, address: str, message: object) -> None:
    """Let the page hear something from another tab."""
    page.evaluate("([name, said]) => new BroadcastChannel(name).postMessage(said)", [f"sojourn {address}", message])


class TestLate:
    """An answer knows nothing of what has happened since its question."""

    def test_one_from_before_the_end_does_not_bring_the_page_back(self, desk: Desk) -> None:
        page = desk.open()
        early = desk.ask(page, TIMEOUT)
        hear(page, TIMEOUT, {"over": "evicted"})
        hidden(page).wait_for()
        desk.answer(early, left(page))
        assert not shown(page)
        desk.context.clock.run_for(2000)
        desk.answer(desk.asked(page, TIMEOUT), EVICTED, 401, PROBLEM)
        over(page).wait_for()

    def test_one_from_before_the_end_does_not_say_that_somebody_is_signed_in(self, desk: Desk) -> None:
        page = desk.open()
        early = desk.ask(page, TIMEOUT)
        desk.answer(desk.asked(page, LIVE), EVICTED, 401, PROBLEM)
        over(page).wait_for()
        desk.answer(early, left(page))
        assert focused(page) == "Sign in again"
        assert not page.get_by_role("link", name="Load this page again").is_visible()
        desk.answer(desk.ask(page, TIMEOUT), left(page))  # by now somebody is, in another tab
        page.get_by_role("link", name="Load this page again").wait_for()
        page.wait_for_function("document.activeElement.textContent === 'Load this page again'")
        assert not page.get_by_role("link", name="Sign in again").is_visible()

    def test_one_from_before_a_new_sign_in_is_asked_for_again(self, desk: Desk) -> None:
        page = desk.open()
        for address, told in ((TIMEOUT, left), (LIVE, live)):
            desk.answer(desk.ask(page, address), NOBODY, 401, PROBLEM)
            assert shown(page)
            desk.answer(desk.asked(page, address), told(page))
            assert shown(page)
            desk.answer(desk.ask(page, address), NOBODY, 401, PROBLEM)
        desk.answer(desk.asked(page, LIVE), NOBODY, 401, PROBLEM)
        over(page).wait_for()

    def test_one_that_staying_has_overtaken_warns_nobody(self, desk: Desk) -> None:
        page = desk.open()
        desk.answer(desk.ask(page, TIMEOUT), left(page, inactivity=90))
        warning(page).wait_for()
        desk.context.clock.run_for(16_000)
        early = desk.asked(page, TIMEOUT)
        desk.context.clock.run_for(10)
        page.get_by_role("button", name="Stay signed in").click()
        desk.answer(desk.asked(page, TIMEOUT, "POST"), left(page))
        warning(page).wait_for(state="hidden")
        desk.answer(early, left(page, inactivity=74))
        assert not warning(page).is_visible()


class TestWhy:
    """The server says why only once, to whoever asks first."""

    def test_every_page_says_it_whichever_script_was_told(self, desk: Desk) -> None:
        page, tab = desk.open(), desk.open("/quiet-report/")
        desk.context.route("**/live.js", lambda route: route.abort())
        plain = desk.open()
        desk.answer(desk.ask(page, TIMEOUT), EVICTED, 401, PROBLEM)
        for each in (page, tab):
            over(each).wait_for()
            each.get_by_text("There was no more room. The new session: Firefox on Linux.").wait_for()
        hidden(plain).wait_for()
        desk.context.clock.run_for(2000)
        for _ in range(2):
            desk.answer(desk.asked(plain, TIMEOUT), NOBODY, 401, PROBLEM)
        plain.get_by_text("There was no more room.").wait_for()

    def test_without_a_channel_between_tabs_each_page_says_what_it_is_told(self, desk: Desk) -> None:
        desk.context.add_init_script(NO_CHANNEL)
        page, tab = desk.open(), desk.open("/quiet-report/")
        for each, address in ((page, TIMEOUT), (tab, LIVE)):
            desk.answer(desk.ask(each, address), EVICTED, 401, PROBLEM)
            over(each).get_by_text("There was no more room.").wait_for()

    def test_what_is_not_sojourns_word_ends_no_page(self, desk: Desk) -> None:
        page = desk.open()
        for status, kind, body in (
            (401, "application/json", {"message": "Unauthorized"}),
            (401, "text/html", "<title>Proxy</title>"),
            (200, "application/json", {"maintenance": True}),
            (200, "text/html", "<title>Welcome to the network</title>"),
            (502, "text/html", "<title>Bad gateway</title>"),
        ):
            for address in (TIMEOUT, LIVE):
                desk.answer(desk.ask(page, address), body, status, kind)
            assert shown(page), body


class TestAccess:
    """What is read aloud, and where the keyboard is."""

    def test_whoever_sees_the_page_again_is_where_they_were(self, desk: Desk) -> None:
        page = desk.open()
        page.get_by_role("link", name="Your sessions").focus()
        page.evaluate("document.querySelector('main').style.minHeight = '5000px'; scrollTo(0, 2000)")
        desk.answer(desk.ask(page, TIMEOUT), left(page, inactivity=90))
        warning(page).wait_for()
        hear(page, TIMEOUT, {"over": ""})
        hidden(page).wait_for()
        desk.context.clock.run_for(2000)
        desk.answer(desk.asked(page, TIMEOUT), left(page))
        hidden(page).wait_for(state="hidden")
        assert focused(page) == "Your sessions"
        assert page.evaluate("scrollY") == 2000

    def test_after_staying_the_longest_time_is_warned_of_like_anything_new(self, desk: Desk) -> None:
        page = desk.open()
        desk.answer(desk.ask(page, TIMEOUT), left(page, inactivity=60, absolute=110))
        page.get_by_role("button", name="Stay signed in").click()
        desk.answer(desk.asked(page, TIMEOUT, "POST"), left(page, absolute=105))
        page.get_by_role("button", name="Go on until then").wait_for()
        assert focused(page) == "Go on until then"
        assert page.locator("[data-part=said]").inner_text().strip() == "Time left: 1 minute 45 seconds"
        assert page.title() == "You will be signed out soon – Report"

    def test_a_second_failure_is_said_again(self, desk: Desk) -> None:
        page = desk.open()
        desk.answer(desk.ask(page, TIMEOUT), left(page, inactivity=90))
        for _ in range(2):
            page.get_by_role("button", name="Stay signed in").click()
            failing = desk.asked(page, TIMEOUT, "POST")
            assert not page.get_by_role("alert").is_visible()
            failing.abort()
            page.get_by_role("alert").wait_for()


class TestSite:
    """What the site's own pages and scripts do beside it."""

    def test_what_a_page_adds_while_it_is_hidden_is_hidden_too(self, desk: Desk) -> None:
        page = desk.open()
        hear(page, TIMEOUT, {"over": ""})
        hidden(page).wait_for()
        page.evaluate(
            "const news = document.createElement('p'); news.textContent = 'News for you'; document.body.append(news);"
            "const base = document.createElement('base'); base.href = '/elsewhere/'; document.head.append(base)"
        )
        assert not page.get_by_text("News for you").is_visible()
        again = page.get_by_role("link", name="Load this page again")
        assert again.evaluate("link => new URL(link.href).pathname") == "/report/"
        desk.context.clock.run_for(2000)
        desk.answer(desk.asked(page, TIMEOUT), left(page))
        page.get_by_text("News for you").wait_for()
        assert shown(page)

    def test_the_title_is_hidden_as_well_however_often_the_page_changes_it(self, desk: Desk) -> None:
        page = desk.open()
        for secret in ("Report", "(1) A message", "(2) Another"):
            page.evaluate("title => { document.title = title }", secret)
            if secret == "Report":
                hear(page, TIMEOUT, {"over": ""})
                hidden(page).wait_for()
            desk.context.clock.run_for(1000)
            assert page.title() == "This page is hidden"
        desk.answer(desk.ask(page, TIMEOUT), left(page))
        hidden(page).wait_for(state="hidden")
        assert page.title() == "(2) Another"

    def test_where_another_body_takes_the_place_its_own_scripts_take_over(self, desk: Desk) -> None:
        page = desk.open()
        old = desk.asked(page, LIVE)
        page.evaluate(ANOTHER_BODY, "another")  # as Turbo does, which keeps clones
        for name in ("live.js", "timeout.js"):
            page.evaluate((STATIC / name).read_text())
        desk.answer(old, live(page))
        desk.answer(desk.asked(page, LIVE), live(page))
        desk.answer(desk.asked(page, TIMEOUT), left(page, inactivity=90))
        warning(page).wait_for()
        desk.context.clock.run_for(2000)
        assert page.title() == "You will be signed out soon – Report"
        assert page.locator("dialog[open]").count() == 1
        assert shown(page)

    def test_a_page_without_a_form_asks_about_a_sign_in_elsewhere(self, desk: Desk) -> None:
        page = desk.open("/quiet-report/")
        page.evaluate("for (const form of document.querySelectorAll('form')) form.remove()")
        desk.answer(desk.ask(page, LIVE), live(page, elsewhere=[ELSEWHERE], csrf_token="fresh"))
        asked = page.get_by_role("region", name="Signed in elsewhere")
        asked.get_by_role("button", name="It was me").wait_for()
        tokens = asked.locator("input[name=csrfmiddlewaretoken]")
        assert [each.input_value() for each in tokens.all()] == ["fresh", "fresh"]

    def test_the_forms_of_all_tabs_have_the_token_of_whoever_signed_in_again(self, desk: Desk) -> None:
        page = desk.open()
        hear(page, TIMEOUT, {"state": left(page, csrf_token="fresh"), "wall": page.evaluate("Date.now()")})
        page.wait_for_function(
            "[...document.querySelectorAll('input[name=csrfmiddlewaretoken]')].every(each => each.value === 'fresh')"
        )


class TestStream:
    """What comes over a stream, and how."""

    @pytest.fixture(autouse=True)
    def streams(self, desk: Desk) -> None:
        """The site's pages listen to a stream."""
        desk.context.route(
            "**/quiet-report/",
            lambda route: route.fulfill(body=route.fetch().text().replace('data-mode="poll"', 'data-mode="stream"')),
        )

    @pytest.fixture
    def page(self, desk: Desk) -> Page:
        """A page that hears one."""
        desk.context.add_init_script(A_STREAM)
        page = desk.open("/quiet-report/")
        desk.answer(desk.asked(page, LIVE), live(page))
        page.wait_for_function("streams.length === 1")
        self.says(page, "event: beat\ndata: 1\n\n")
        desk.answer(desk.asked(page, LIVE), live(page, elsewhere=[], csrf_token="fresh"))
        return page

    def says(self, page: Page, text: str) -> None:
        """Let the newest stream say something."""
        page.evaluate("text => streams.at(-1).enqueue(text)", text)

    def test_news_that_comes_in_pieces_is_news(self, desk: Desk, page: Page) -> None:
        self.says(page, "event: a")
        self.says(page, "sk\ndata: 1\n")
        self.says(page, "\n")
        desk.answer(desk.asked(page, LIVE), live(page, elsewhere=[ELSEWHERE], csrf_token="fresh"))
        page.get_by_role("region", name="Signed in elsewhere").wait_for()

    def test_news_that_could_not_be_asked_for_is_not_lost(self, desk: Desk, page: Page) -> None:
        self.says(page, "event: ask\ndata: 1\n\n")
        desk.answer(desk.asked(page, LIVE), "<title>Bad gateway</title>", 502, "text/html")
        desk.answer(desk.ask(page, LIVE), live(page))
        page.wait_for_function("streams.length === 2")
        self.says(page, "event: beat\ndata: 1\n\n")
        desk.answer(desk.asked(page, LIVE), live(page, elsewhere=[ELSEWHERE], csrf_token="fresh"))
        page.get_by_role("region", name="Signed in elsewhere").wait_for()

    def test_a_stream_that_is_refused_because_it_is_over_is_followed_by_the_question_why(self, desk: Desk) -> None:
        page = desk.open("/quiet-report/")
        desk.answer(desk.asked(page, LIVE), live(page))
        stream = desk.asked(page, LIVE)
        assert stream.request.headers["accept"] == "text/event-stream"
        desk.answer(stream, NOBODY, 401, PROBLEM)
        desk.answer(desk.asked(page, LIVE), EVICTED, 401, PROBLEM)
        over(page).get_by_text("There was no more room.").wait_for()
