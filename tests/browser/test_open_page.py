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


class TestSite:
    """What the site's own pages and scripts do beside it."""

    def test_a_page_without_a_form_asks_about_a_sign_in_elsewhere(self, desk: Desk) -> None:
        page = desk.open("/quiet-report/")
        page.evaluate("for (const form of document.querySelectorAll('form')) form.remove()")
        desk.answer(desk.ask(page, LIVE), live(page, elsewhere=[ELSEWHERE], csrf_token="fresh"))
        asked = page.get_by_role("region", name="Signed in elsewhere")
        asked.get_by_role("button", name="It was me").wait_for()
        tokens = asked.locator("input[name=csrfmiddlewaretoken]")
        assert [each.input_value() for each in tokens.all()] == ["fresh", "fresh"]


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
