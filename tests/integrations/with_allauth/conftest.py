"""Ways of signing in at allauth, each as the one step that signs in at last."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache

from tests.integrations.conftest import PASSWORD, Browser

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def totp_code() -> str:
    """What the authenticator of whoever has SECRET shows now; good for more than one sign-in, unlike in life."""
    cache.clear()
    return totp.format_hotp_value(totp.hotp_value(SECRET, int(time.time()) // 30))


def by_form(browser: Browser) -> Any:
    """User name and password on the page."""
    return browser.post("/accounts/login/?next=/plain/", {"login": "ann", "password": PASSWORD})


def by_second_factor(browser: Browser) -> Any:
    """The page for the password, then the page for the code."""
    if not totp.Authenticator.objects.exists():
        totp.TOTP.activate(User.objects.get(), SECRET)
    assert by_form(browser).url.startswith("/accounts/2fa/authenticate/")
    assert browser.whoami() == ""
    return browser.post("/accounts/2fa/authenticate/", {"code": totp_code()})


def by_code(browser: Browser) -> Any:
    """The page for the address, then the page for the code from the mail."""
    browser.post("/accounts/login/code/?next=/plain/", {"email": "ann@example.com"})
    found = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return browser.post("/accounts/login/code/confirm/?next=/plain/", {"code": found[1]})


def by_headless_browser(browser: Browser) -> Any:
    """A page of the site's own script, which sends JSON and a cookie."""
    return browser.send("/_allauth/browser/v1/auth/login", {"username": "ann", "password": PASSWORD})


def by_headless_second_factor(browser: Browser) -> Any:
    """The same, with the code in a request of its own."""
    if not totp.Authenticator.objects.exists():
        totp.TOTP.activate(User.objects.get(), SECRET)
    assert by_headless_browser(browser).status_code == 401
    return browser.send("/_allauth/browser/v1/auth/2fa/authenticate", {"code": totp_code()})


PAGES = [by_form, by_second_factor, by_code]
SCRIPTS = [by_headless_browser, by_headless_second_factor]


def _name(way: Callable[[Browser], Any]) -> str:
    return way.__name__


@pytest.fixture(params=PAGES, ids=_name)
def page_sign_in(request: pytest.FixtureRequest, ann: User) -> Any:
    """Each way of signing in on pages."""
    return request.param


@pytest.fixture(params=SCRIPTS, ids=_name)
def script_sign_in(request: pytest.FixtureRequest, ann: User) -> Any:
    """Each way of signing in by JSON and cookie."""
    return request.param
