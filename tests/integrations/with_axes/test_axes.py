"""A refusal is neither a failed sign-in nor a successful one: django-axes counts on as if it had not been.

Run once with axes before Sojourn in INSTALLED_APPS and once after it (SITE_ORDER="sojourn first").
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core import mail

from sojourn.contrib.django.delivery import deliver
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreUnavailable
from tests.integrations.conftest import Browser, open_sessions

SOJOURN_FIRST = "sojourn first"


def fail(browser: Browser) -> Any:
    """A wrong password."""
    return browser.post("/login/", {"username": "ann", "password": "wrong"})


def failures() -> int:
    return sum(AccessAttempt.objects.values_list("failures_since_start", flat=True))


@pytest.mark.parametrize("overflow", ["refuse", "ask"])
def test_a_sign_in_stopped_by_the_limit_leaves_the_counter_alone(
    ann: User, limited: Any, browser: Browser, other: Browser, overflow: str
) -> None:
    limited(overflow)
    browser.sign_in()
    logged, ann.last_login = AccessLog.objects.count(), None
    ann.save()
    fail(other)
    fail(other)
    assert other.sign_in().status_code in {303, 409}
    assert (failures(), AccessLog.objects.count()) == (2, logged)
    ann.refresh_from_db()
    assert ann.last_login is None
    assert fail(other).status_code == 429  # the third: locked
    assert other.sign_in().status_code == 429


def test_a_refusal_is_told_to_the_owner_and_is_no_failed_password(
    ann: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("refuse")
    browser.sign_in()
    assert other.sign_in().status_code == 409
    deliver()
    (told,) = mail.outbox
    assert told.to == [ann.email]
    assert "The password was right" in told.body
    assert failures() == 0
    assert AccessAttempt.objects.count() == 0


def test_refusals_alone_never_lock_an_account(ann: User, limited: Any, browser: Browser, other: Browser) -> None:
    limited("refuse")
    browser.sign_in()
    for _ in range(5):
        assert other.sign_in().status_code == 409
    assert failures() == 0
    browser.post("/logout/")
    assert other.sign_in().status_code == 302


def test_a_store_that_is_away_is_no_failed_sign_in_either(
    ann: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    fail(browser)
    monkeypatch.setattr(control().store, "transact", away)
    assert browser.sign_in().status_code == 503
    assert failures() == 1


def test_an_admitted_sign_in_resets_the_counter(ann: User, limited: Any, browser: Browser) -> None:
    limited("refuse")
    fail(browser)
    assert browser.sign_in().status_code == 302
    assert (failures(), AccessLog.objects.count()) == (0, 1)


def test_a_locked_account_is_locked_before_the_limit_is_asked(ann: User, limited: Any, browser: Browser) -> None:
    limited("refuse")
    for _ in range(3):
        fail(browser)
    assert browser.sign_in().status_code == 429
    assert browser.whoami() == ""


def test_the_choice_is_not_a_second_success(ann: User, limited: Any, browser: Browser, other: Browser) -> None:
    limited("ask")
    browser.sign_in()
    fail(other)
    other.sign_in()
    assert failures() == 1
    (mine,) = open_sessions(ann)
    other.post("/sessions/choose/", {"end": mine.sid})
    assert other.whoami() == "ann"
    assert (failures(), AccessLog.objects.filter(logout_time=None).count()) == (0, 2)


@pytest.mark.skipif(os.environ.get("SITE_ORDER") == SOJOURN_FIRST, reason="this is that run")
def test_all_of_this_holds_in_the_other_order_of_applications() -> None:
    assert django_settings.INSTALLED_APPS.index("axes") < django_settings.INSTALLED_APPS.index("sojourn.contrib.django")
    command = [sys.executable, "-m", "pytest", "-q", "--ds=tests.integrations.with_axes.settings", __file__]
    ran = subprocess.run(
        command,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "SITE_ORDER": SOJOURN_FIRST},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 skipped" in ran.stdout, ran.stdout
