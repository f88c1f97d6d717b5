"""The site, and people with browsers to visit it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.browser.person import Person
from tests.browser.server import Site, running_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class People(Protocol):
    """Makes a person with a fresh browser."""

    def __call__(self, **options: Any) -> Person: ...


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The people's site, served by a process of its own."""
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@contextmanager
def people_at(browser: Browser, site: Site, **usual: Any) -> Iterator[People]:
    """Makes people with fresh browsers at a site. When all is over, what they saw is searched for secrets."""
    made: list[Person] = []

    def new(**options: Any) -> Person:
        made.append(Person(browser, site.url, **usual, **options))
        return made[-1]

    yield new
    for each in made:
        each.leave()


@pytest.fixture
def person(chromium_browser: Browser, site: Site) -> Iterator[People]:
    """Makes people with fresh browsers at the site, for one test."""
    with people_at(chromium_browser, site) as people:
        yield people


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
