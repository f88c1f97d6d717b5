"""Somebody with a browser of their own; two of them are two browsers of one user.

Whatever they do, everything they see is kept: at the end no page and no address may have held a secret of theirs, and
nothing may have tripped over the content security policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.browser.server import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)
PATIENCE = 60_000
"""Milliseconds in which a page has what is waited for, on a machine that has much else to do."""
_TOKEN = re.compile(r"soj[a-z]?_[A-Za-z0-9_-]{30,}")


class Person:
    """One browser context with one page, without script unless `scripts` says so."""

    def __init__(self, browser: Browser, url: str, *, scripts: bool = False, **options: Any) -> None:
        self.locale: str = options.setdefault("locale", "en-GB")
        options.setdefault("user_agent", WINDOWS)
        self.context = browser.new_context(base_url=url, java_script_enabled=scripts, **options)
        self.context.set_default_timeout(PATIENCE)
        self.url = url
        self.complaints: list[str] = []
        self.addresses: list[str] = []
        self.sources: list[str] = []
        self.secrets: set[str] = set()
        self.page = self._new_page()

    def go(self, path: str) -> Response:
        """Open an address of the site; the answer that the browser ended at."""
        response = self.page.goto(path)
        assert response is not None
        self.look()
        return response

    def tab(self, path: str) -> Page:
        """Open an address of the site in another tab of this browser; the tab."""
        page = self._new_page()
        page.goto(path)
        self.sources.append(page.content())
        return page

    def act(self, action: Callable[[], object]) -> Response:
        """Do what leads to another page; the answer that the browser ended at."""
        with self.page.expect_navigation() as navigation:
            action()
        self.look()
        response: Response = navigation.value
        return response

    def press(self, name: str, *, within: Locator | None = None) -> Response:
        """Press a button by its name."""
        return self.act((within or self.page).get_by_role("button", name=name).click)

    def follow(self, name: str) -> Response:
        """Follow a link by its name."""
        return self.act(self.page.get_by_role("link", name=name, exact=True).click)

    def sign_in(self, username: str, path: str = "/login/", *, remember: bool = False) -> Response:
        """Open a page, which may send one to sign in first, and sign in."""
        self.go(path)
        return self.fill_in(username, remember=remember)

    def fill_in(self, username: str, *, remember: bool = False) -> Response:
        """Sign in on the sign-in page that is open."""
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(PASSWORD)
        if remember:
            self.page.get_by_label("Remember me").check()
        return self.press("Sign in")

    def back(self) -> None:
        """Press the browser's back button."""
        self.page.go_back(wait_until="commit")
        self.page.wait_for_load_state()
        self.look()

    @property
    def path(self) -> str:
        """The page's address within the site, with its query."""
        return self.page.url.removeprefix(self.url)

    @property
    def heading(self) -> str:
        """The page's heading."""
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def text(self) -> str:
        """All that the page says."""
        return self.page.locator("body").inner_text()

    def signed_in_as(self) -> str:
        """Who the site says is signed in, on its public page; "" for nobody."""
        self.go("/")
        found = re.search(r"You are (\S+)\.", self.text)
        return found[1] if found else ""

    def look(self) -> None:
        """Keep what is on the screen, and which secrets the browser holds by now."""
        self.sources.append(self.page.content())
        self.secrets |= {cookie["value"] for cookie in self.context.cookies() if len(cookie["value"]) > 16}

    def leave(self) -> None:
        """Close the browser, and look back: nothing secret was shown, no policy was broken."""
        self.context.close()
        self.check()

    def check(self) -> None:
        """Raise AssertionError if a page or an address held a secret, or if a page broke the policy."""
        assert not self.complaints, self.complaints
        for kind, texts in (("address", self.addresses), ("page", self.sources)):
            for text in texts:
                assert not any(secret in text for secret in self.secrets), f"a cookie's value in this {kind}: {text}"
                assert not _TOKEN.search(text), f"a token in this {kind}: {text}"

    def _new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        # A failed answer (409, 401) is an error to the console, too, but none of ours.
        if "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _note(self, request: Request) -> None:
        self.addresses += [request.url, request.headers.get("referer", "")]
