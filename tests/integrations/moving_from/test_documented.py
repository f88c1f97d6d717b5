"""Who is signed in under another package's engine stays signed in all the way to Django's own, as the how-to says."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control
from tests.django_site.settings import MIDDLEWARE
from tests.integrations import documented
from tests.integrations.conftest import Browser
from tests.integrations.moving_from.settings import STOCK

PREDECESSORS = pytest.mark.parametrize(
    ("package", "engine"),
    [
        ("user_sessions", "user_sessions.backends.db"),
        ("qsessions", "qsessions.backends.db"),
        ("qsessions", "qsessions.backends.cached_db"),
    ],
)


def fresh(browser: Browser) -> Browser:
    """The same browser, at a server that has been started anew with other settings."""
    again = Browser()
    again.cookies = browser.cookies
    return again


def run_on(settings: Any, package: str, engine: str, **sojourn: object) -> None:
    """Let the site run on `engine`, with the middleware of its package."""
    settings.SESSION_ENGINE = engine
    middleware = f"{package}.middleware.SessionMiddleware" if package else STOCK
    settings.MIDDLEWARE = [middleware if name == STOCK else name for name in MIDDLEWARE]
    settings.SOJOURN = {"LIMITS": [{"max_sessions": 2}], "INACTIVITY_TIMEOUT": "30m", **sojourn}


@PREDECESSORS
def test_nobody_is_signed_out_on_the_way(
    ann: User, browser: Browser, other: Browser, settings: Any, package: str, engine: str
) -> None:
    copy: Any = documented.run("moving-from.md")[f"copy_from_{package}"]
    run_on(settings, package, engine, ENABLED=False)
    browser.sign_in()
    other.sign_in()
    assert (browser.whoami(), other.whoami()) == ("ann", "ann")

    run_on(settings, package, engine, ADOPT_EXISTING=True)
    browser = fresh(browser)
    assert browser.whoami() == "ann"
    assert len(control().sessions(adapter().subject(ann))) == 1

    assert copy() == 2
    assert copy() == 2, "a second run does no harm"
    run_on(settings, "", "django.contrib.sessions.backends.db", ADOPT_EXISTING=True)
    browser, other = fresh(browser), fresh(other)
    assert (browser.whoami(), other.whoami()) == ("ann", "ann")
    assert len(control().sessions(adapter().subject(ann))) == 2


@PREDECESSORS
def test_the_limit_holds_under_the_other_package_s_engine_too(
    ann: User, browser: Browser, other: Browser, settings: Any, package: str, engine: str
) -> None:
    run_on(settings, package, engine, LIMITS=[{"max_sessions": 1, "overflow": "end_existing"}])
    browser, other = fresh(browser), fresh(other)
    browser.sign_in()
    cookie = browser.cookies["sessionid"].value
    other.sign_in()
    assert (browser.whoami(), other.whoami()) == ("", "ann")
    browser.cookies["sessionid"] = cookie
    assert browser.whoami() == "", "replayed"
