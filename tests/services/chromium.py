"""The system's Chromium, driven by Playwright. Nothing is downloaded: Playwright's own browsers are not used.

`with chromium.launch() as browser:` gives a Playwright browser; `browser.new_context()` is a person's fresh browser.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.services.availability import NotInstalled

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
START_MILLISECONDS = 120_000
# No request may leave the machine, and no first-run page may get in the way.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def path() -> str:
    """Return the path of Chromium's program: SOJOURN_CHROMIUM when it is set, else the first one found.

    Raises NotInstalled when there is none.
    """
    chosen = os.environ.get("SOJOURN_CHROMIUM")
    for name in (chosen,) if chosen else _NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NotInstalled("Chromium is not installed (on Debian: apt-get install chromium); SOJOURN_CHROMIUM may name it")


def flags() -> list[str]:
    """Return the command line flags for tests. Chromium's sandbox cannot be used by root."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)


@contextmanager
def launch() -> Iterator[Browser]:
    """Run a headless Chromium and close it at the end. Raises NotInstalled when it or Playwright is missing."""
    program = path()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NotInstalled("Playwright is not installed: pip install playwright") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=flags(), headless=True, timeout=START_MILLISECONDS
        )
        try:
            yield browser
        finally:
            browser.close()
