"""The report of an audit as those read it to whom it is handed: by day, by night, on a phone, and by axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from sojourn.probe.checks import all_checks
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.reports import as_html
from sojourn.probe.running import audit
from tests.patients.plain import Plain
from tests.patients.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
DESKTOP, PHONE = {"width": 1000, "height": 900}, {"width": 360, "height": 780}
WAYS = {
    "light": (DESKTOP, "light"),
    "dark": (DESKTOP, "dark"),
    "phone": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of an application that is ill."""
    with serving(Plain("logout-keeps")) as site:
        found = audit(site.profile(), all_checks())
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(as_html.write(found, Comparison()), encoding="utf-8")
    return path


@pytest.fixture(params=WAYS)
def page(request: pytest.FixtureRequest, report: Path, chromium_browser: Browser) -> Iterator[Page]:
    """The report, open in a browser."""
    size, scheme = WAYS[request.param]
    context = chromium_browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.goto(report.as_uri())
    yield opened
    context.close()
    assert complaints == []


def test_it_is_readable_by_day_by_night_and_on_a_phone(
    page: Page, screenshots_to: Path, request: pytest.FixtureRequest
) -> None:
    way = request.node.callspec.id
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=screenshots_to / ("probe-report.png" if way == "light" else f"probe-report-{way}.png"))


def test_it_has_no_barriers(page: Page) -> None:
    assert Axe().run(page).response["violations"] == []


def test_what_failed_comes_first_with_its_evidence_open(page: Page) -> None:
    first = page.locator("section.finding").first
    assert first.locator("h3").inner_text().startswith("fail")
    assert first.locator("details").get_attribute("open") is not None
