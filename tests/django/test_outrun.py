"""After a sign-in was admitted, Django writes `last_login`: what if somebody else has just written that row?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from django.contrib.auth.signals import user_logged_in
from django.db import OperationalError

from tests.django.browser import AsgiBrowser, Browser, open_sessions

pytestmark = pytest.mark.django_db


def trouble(code: int) -> OperationalError:
    """What Django makes of SQLite's error with this code."""
    cause = sqlite3.OperationalError("trouble")
    cause.sqlite_errorcode = code
    error = OperationalError("trouble")
    error.__cause__ = cause
    return error


@pytest.fixture
def writing_fails() -> Iterator[list[OperationalError]]:
    """Raises the errors put into it, one a sign-in, where Django would write the row."""
    errors: list[OperationalError] = []

    def write(**_: object) -> None:
        if errors:
            raise errors.pop()

    user_logged_in.connect(write)
    yield errors
    user_logged_in.disconnect(write)


@pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
def test_a_sign_in_that_was_outrun_is_told_to_try_again_and_leaves_no_session(kind, ada, writing_fails):
    browser = kind()
    writing_fails.append(trouble(sqlite3.SQLITE_BUSY))
    response = browser.sign_in()
    assert response.status_code == 503
    assert response["Retry-After"] == "1"
    assert browser.who() == ""
    assert open_sessions() == []
    assert browser.sign_in().status_code == 302
    assert browser.who() == "ada"


def test_other_trouble_of_the_database_is_the_sites_own_error(first, writing_fails):
    writing_fails.append(trouble(sqlite3.SQLITE_CORRUPT))
    assert first.sign_in().status_code == 500
    assert open_sessions() == []


def test_a_view_that_is_outrun_without_a_sign_in_fails_as_ever(first, monkeypatch):
    from tests.django_site import views

    def outrun(*_: object) -> None:
        raise trouble(sqlite3.SQLITE_BUSY)

    monkeypatch.setattr(views, "JsonResponse", outrun)
    first.sign_in()
    assert first.get("/whoami/").status_code == 500
