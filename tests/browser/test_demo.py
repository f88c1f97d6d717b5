"""`sojourn demo` as a newcomer meets it; the pictures of the documentation are taken on the way.

`make screenshots` lets the pictures replace those in docs/images; otherwise they go to a temporary folder.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.person import IPHONE, LINUX, WINDOWS, Person
from tests.browser.server import process

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DESK = {"width": 1200, "height": 800}
MOST_BYTES = 200_000


class Demo:
    """The demonstration while it runs, with one account of it."""

    def __init__(self, browser: Browser, url: str, passwords: dict[str, str], pictures: Path) -> None:
        self._browser = browser
        self._made: list[Person] = []
        self._pictures = pictures
        self.url = url
        self.passwords = passwords

    def visitor(self, agent: str = WINDOWS, *, scripts: bool = False) -> Person:
        """Somebody with a fresh browser."""
        self._made.append(Person(self._browser, self.url, user_agent=agent, viewport=DESK, scripts=scripts))
        return self._made[-1]

    def sign_in(self, visitor: Person, path: str = "/sign-in/") -> None:
        """Sign in as ann."""
        visitor.go(path)
        visitor.page.get_by_label("User name").fill("ann")
        visitor.page.get_by_label("Password").fill(self.passwords["ann"])
        visitor.press("Sign in")

    def limit(self, visitor: Person, what: str, sessions: int = 1) -> None:
        """Change what happens at the limit, on the front page."""
        visitor.go("/")
        visitor.page.get_by_role("radio", name=what).check()
        visitor.page.get_by_role("radio", name=str(sessions), exact=True).check()
        visitor.press("Change the limit")

    def picture(self, visitor: Person, name: str, height: int = 800) -> None:
        """Take a picture of what is on a screen of this height, small enough for a page of documentation."""
        size = visitor.page.viewport_size or DESK
        visitor.page.set_viewport_size({"width": size["width"], "height": height})
        path = self._pictures / f"{name}.png"
        visitor.page.screenshot(path=path, animations="disabled")
        assert 5_000 < path.stat().st_size < MOST_BYTES

    def leave(self) -> None:
        """Everybody goes, by way of signing out."""
        for visitor in self._made:
            visitor.go("/")
            if visitor.page.get_by_role("button", name="Sign out").count():
                visitor.press("Sign out")
            visitor.leave()
        self._made.clear()


@pytest.fixture(scope="module")
def running(
    chromium_browser: Browser, screenshots_to: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """The command as it is installed, until the tests are over."""
    command = [sys.executable, "-m", "sojourn.cli", "demo", "--port", "0"]
    log = tmp_path_factory.mktemp("demo") / "demo.log"
    with process(command, log) as server:
        assert server.stdout is not None
        said = ""
        while "Ctrl-C ends it" not in said:
            line = server.stdout.readline()
            assert line, f"the demonstration did not start:\n{said}{log.read_text()}"
            said += line
        url, passwords = re.search(r"http://\S+(?=/)", said), re.findall(r"^  (ann|admin) +(\S+)", said, re.MULTILINE)
        assert url is not None
        assert len(passwords) == 2
        yield Demo(chromium_browser, url[0], dict(passwords), screenshots_to)


@pytest.fixture
def demo(running: Demo) -> Iterator[Demo]:
    """The demonstration, with nobody signed in."""
    yield running
    running.leave()


def test_a_newcomer_sees_the_limit_and_what_to_try(demo: Demo) -> None:
    visitor = demo.visitor(scripts=True)
    assert visitor.go("/").status == 200
    assert visitor.heading == "Two browsers, one account"
    assert "In this browser nobody is signed in." in visitor.text
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        results = Axe().run(visitor.page)
        assert results.violations_count == 0, results.generate_report()
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_refusing(demo: Demo) -> None:
    first, second = demo.visitor(LINUX), demo.visitor()
    demo.limit(first, "Refuse the sign-in")
    demo.sign_in(first)
    demo.sign_in(second)
    assert second.heading == "You are not signed in"
    demo.picture(second, "refused")
    assert first.go("/private/").status == 200


def test_ending_the_existing_session(demo: Demo) -> None:
    first, second = demo.visitor(LINUX), demo.visitor(IPHONE)
    demo.limit(first, "End an open session")
    demo.sign_in(first, "/private/")
    first.page.get_by_label("A note").fill("for my eyes only")
    first.press("Keep the note")
    demo.sign_in(second)
    assert "your session on Firefox on Linux was ended" in second.page.get_by_role("status").inner_text()
    assert first.follow("Private page").status == 401
    assert first.heading == "You have been signed out"
    assert "Mobile Safari on iOS" in first.text
    demo.picture(first, "ended")
    second.go("/private/")
    assert "for my eyes only" not in second.page.content()


def test_an_open_page_is_signed_out_live(demo: Demo) -> None:
    first, second = demo.visitor(LINUX, scripts=True), demo.visitor(IPHONE)
    demo.limit(first, "End an open session")
    demo.sign_in(first, "/private/")
    demo.sign_in(second)
    over = first.page.get_by_role("alertdialog", name="You have been signed out")
    over.wait_for()
    assert "The new session: Mobile Safari on iOS" in over.inner_text()
    demo.picture(first, "signed-out-live", height=480)
    first.look()


def test_an_open_page_asks_about_a_sign_in_elsewhere(demo: Demo) -> None:
    first, second = demo.visitor(LINUX, scripts=True), demo.visitor(IPHONE)
    demo.limit(first, "End an open session", sessions=2)
    demo.sign_in(first, "/private/")
    demo.sign_in(second)
    asked = first.page.get_by_role("region", name="Signed in elsewhere")
    asked.wait_for()
    for scheme in ("dark", "light"):
        first.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        results = Axe().run(first.page)
        assert results.violations_count == 0, results.generate_report()
    demo.picture(first, "signed-in-elsewhere", height=640)
    first.page.set_viewport_size({"width": 320, "height": 640})
    assert first.page.evaluate("document.documentElement.scrollWidth") <= 320
    first.press("It was me")
    assert first.path == "/private/"
    assert not asked.is_visible()


def test_asking(demo: Demo) -> None:
    desk, phone, newcomer = demo.visitor(LINUX), demo.visitor(IPHONE), demo.visitor()
    demo.limit(desk, "Ask", sessions=2)
    demo.sign_in(desk)
    demo.sign_in(phone)
    demo.sign_in(newcomer, "/private/")
    assert newcomer.heading == "You are signed in elsewhere"
    newcomer.page.get_by_role("radio", name="Firefox on Linux").check()
    demo.picture(newcomer, "choose", height=860)
    newcomer.press("End the selected session and sign in")
    assert newcomer.path == "/private/"
    assert desk.go("/private/").status == 401
    assert phone.go("/private/").status == 200


def test_looking_at_ones_sessions(demo: Demo) -> None:
    desk, phone = demo.visitor(), demo.visitor(IPHONE)
    demo.limit(desk, "End an open session", sessions=2)
    demo.sign_in(desk)
    demo.sign_in(phone)
    desk.go("/")
    demo.picture(desk, "demo", height=960)
    desk.follow("Your sessions")
    assert "2 of 2 allowed sessions are in use" in desk.text
    demo.picture(desk, "sessions", height=1400)
    desk.page.emulate_media(color_scheme="dark")
    demo.picture(desk, "sessions-dark", height=960)
    phone.page.set_viewport_size({"width": 390, "height": 844})
    phone.go("/sessions/")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    demo.picture(phone, "sessions-phone", height=844)


def test_sitting_before_a_page_for_too_long(demo: Demo) -> None:
    visitor = demo.visitor(scripts=True)
    visitor.context.clock.install()
    demo.limit(visitor, "End an open session")
    demo.sign_in(visitor, "/private/")
    visitor.page.get_by_label("A note").fill("not kept yet")
    # Half an hour passes in this browser only: it cannot ask the server, and goes by what it knows.
    visitor.context.set_offline(True)
    visitor.context.clock.fast_forward((28 * 60 + 30) * 1000)
    warning = visitor.page.get_by_role("alertdialog", name="You will be signed out soon")
    warning.wait_for()
    demo.picture(visitor, "timeout-warning")
    visitor.context.set_offline(False)
    warning.wait_for(state="hidden")  # for the server, it is no half hour
    assert visitor.page.get_by_label("A note").input_value() == "not kept yet"


@pytest.mark.parametrize("path", ["/admin/auth/user/", "/admin/sojourn/session/"])
def test_the_admin_warns_before_a_timeout_too(demo: Demo, path: str) -> None:
    visitor = demo.visitor(scripts=True)
    visitor.context.clock.install()
    visitor.go(f"/admin/login/?next={path}")
    visitor.page.get_by_label("Username").fill("admin")
    visitor.page.get_by_label("Password").fill(demo.passwords["admin"])
    visitor.press("Log in")
    visitor.context.set_offline(True)
    visitor.context.clock.fast_forward((28 * 60 + 30) * 1000)
    warning = visitor.page.get_by_role("alertdialog", name="You will be signed out soon")
    warning.wait_for()
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        results = Axe().run(visitor.page, context=".sj", options={"preload": False})  # there is nowhere to load from
        assert results.violations_count == 0, results.generate_report()
    visitor.context.set_offline(False)
    warning.wait_for(state="hidden")


def test_signing_out(demo: Demo) -> None:
    visitor = demo.visitor()
    demo.limit(visitor, "End an open session")
    demo.sign_in(visitor)
    visitor.press("Sign out")
    assert visitor.heading == "You are signed out"
    visitor.follow("Go on without signing in")
    assert "In this browser nobody is signed in." in visitor.text
