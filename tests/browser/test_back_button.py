"""The back button after a session has ended: whoever presses it sees nothing of it.

Browsers may thaw a page that they froze as it was left. Chromium drops a frozen page that came with `no-store` when a
cookie of the site changes, but may miss a change that comes with the very page it goes to (seen in Chromium 156), so
what is promised, and tested, is the state of things one page later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import People
from tests.browser.person import PATIENCE, Person
from tests.browser.server import Site
from tests.services import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ["/report/", "/careful-report/", "/sessions/"]


@pytest.mark.parametrize("path", PAGES)
def test_after_signing_out_the_back_button_leads_to_the_sign_in_page(site: Site, person: People, path: str) -> None:
    user, somebody = site.account("end_existing"), person()
    somebody.sign_in(user, path)
    assert somebody.path == path
    somebody.press("Sign out")
    somebody.back()
    assert somebody.path.startswith("/login/?next=")
    assert "Private to" not in somebody.text
    assert "This browser" not in somebody.text


@pytest.mark.parametrize("path", PAGES)
def test_after_being_ended_the_back_button_leads_to_the_sign_in_page(site: Site, person: People, path: str) -> None:
    user, first, second = site.account("end_existing"), person(), person()
    first.sign_in(user, path)
    second.sign_in(user)
    assert first.go("/").status == 401
    first.back()
    assert first.path.startswith("/login/?next=")
    assert "Private to" not in first.text
    assert "This browser" not in first.text


@pytest.fixture(scope="module")
def freezing_browser(chromium_browser: Browser) -> Iterator[Browser]:
    """A Chromium that freezes the pages it leaves, as it does at home; Playwright, unable to follow, turns that off."""
    with chromium_browser.browser_type.launch(
        executable_path=chromium.path(),
        args=chromium.flags(),
        headless=True,
        timeout=chromium.START_MILLISECONDS,
        ignore_default_args=["--disable-back-forward-cache"],
    ) as browser:
        yield browser


class Freezing(Person):
    """Somebody whose browser freezes pages. After `back`, the page is asked directly, past Playwright."""

    def __init__(self, browser: Browser, url: str) -> None:
        super().__init__(browser, url, scripts=True)
        self._devtools = self.context.new_cdp_session(self.page)

    def mark(self) -> None:
        """Leave a mark in the page, which lives as long as it does."""
        self._ask("window.mark = 'frozen'")

    def back_by(self, steps: int) -> str:
        """Go back in the history: "frozen" if the page is the one that was left, else what the fresh one says."""
        history = self._devtools.send("Page.getNavigationHistory")
        entry = history["entries"][history["currentIndex"] - steps]
        left, patience = self._ask("document.URL"), PATIENCE // 50
        self._devtools.send("Page.navigateToHistoryEntry", {"entryId": entry["id"]})
        while self._ask("document.readyState") != "complete" or self._ask("document.URL") == left:
            self.page.wait_for_timeout(50)
            patience -= 1
            assert patience, "the browser did not go back"
        return str(self._ask("window.mark || document.body.innerText"))

    def _ask(self, expression: str) -> Any:
        answer = self._devtools.send("Runtime.evaluate", {"expression": expression})
        return answer["result"].get("value")


def test_this_browser_does_freeze_pages(site: Site, freezing_browser: Browser) -> None:
    somebody = Freezing(freezing_browser, site.url)
    somebody.go("/login/")
    somebody.mark()
    somebody.go("/")
    assert somebody.back_by(1) == "frozen"
    somebody.leave()


@pytest.mark.parametrize("path", PAGES)
def test_a_frozen_page_is_not_thawed_for_whoever_comes_to_the_sign_in_page_next(
    site: Site, freezing_browser: Browser, path: str
) -> None:
    user, somebody = site.account("end_existing"), Freezing(freezing_browser, site.url)
    somebody.sign_in(user, path)
    somebody.mark()
    somebody.press("Sign out")
    somebody.go("/login/")
    fresh = somebody.back_by(2)
    assert fresh != "frozen"
    assert "Remember me" in fresh
    assert "Private to" not in fresh
    somebody.leave()
