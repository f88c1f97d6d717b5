"""Mails as their readers see them: by day, by night, on a phone; and by an audit of accessibility."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
DESKTOP, PHONE = {"width": 700, "height": 900}, {"width": 360, "height": 780}
WAYS = {
    "light": (DESKTOP, "light"),
    "dark": (DESKTOP, "dark"),
    "phone": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
}
ONE, SEVERAL = "new-device", "several"
IN_THE_DOCS = {(ONE, "light"), (ONE, "dark"), (SEVERAL, "phone")}


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The HTML of two mails, as the sink writes them, made in a process of its own: Django's settings are its own."""
    folder = tmp_path_factory.mktemp("mails")
    subprocess.run(
        [sys.executable, "-m", "tests.browser.site.write_mails", os.fspath(folder)], cwd=ROOT, check=True, timeout=60
    )
    return {name: folder / f"{name}.html" for name in (ONE, SEVERAL)}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[ONE, SEVERAL])
def page(request: pytest.FixtureRequest, way: str, mails: dict[str, Path], chromium_browser: Browser) -> Iterator[Page]:
    """The mail, open in a reader's mail program."""
    size, scheme = WAYS[way]
    context = chromium_browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB")  # type: ignore[arg-type]
    opened = context.new_page()
    opened.goto(mails[request.param].as_uri())
    yield opened
    context.close()


def test_a_mail_is_readable_by_day_by_night_and_on_a_phone(
    page: Page, way: str, screenshots_to: Path, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["page"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [rule for rule in violations(page) if rule not in NOT_FOR_MAILS] == []
    if (name, way) in IN_THE_DOCS:
        page.screenshot(path=screenshots_to / f"mail-{name}-{way}.png", full_page=True)


def test_a_dark_reader_is_not_dazzled(page: Page, way: str) -> None:
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shade == ("rgb(15, 22, 21)" if way.endswith("dark") else "rgb(242, 245, 244)")


def test_a_mail_fetches_nothing(page: Page) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.reload()
    assert [url for url in fetched if not url.startswith("file:")] == []
    assert len(fetched) == 1


NOT_FOR_MAILS = {"landmark-one-main", "region"}
"""A mail is a part of a mail program's page, whose landmarks it must not add to."""


def violations(page: Page) -> list[str]:
    return [each["id"] for each in Axe().run(page).response["violations"]]
