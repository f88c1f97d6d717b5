"""Which site's tests this run collects, and two people with two browsers for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason, Session

HERE = Path(__file__).parent
PASSWORD = "correct horse battery"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the tests of every site whose settings these are not."""
    if collection_path.parent != HERE or not collection_path.is_dir():
        return None
    own = f"tests.integrations.{collection_path.name}.settings"
    return None if config.getoption("--ds", None) == own else True


def open_sessions(user: User) -> list[Session]:
    """A user's live sessions, last used first."""
    return list(control().sessions(adapter().subject(user)))


def reasons(user: User) -> list[EndReason | None]:
    """Why a user's ended sessions ended, the latest first."""
    return [session.end_reason for session in control().store.history(adapter().subject(user), 100)]


@pytest.fixture
def ann(db: None) -> User:
    """A user."""
    return User.objects.create_user("ann", "ann@example.com", PASSWORD)


@pytest.fixture
def boss(db: None) -> User:
    """A user who may do everything."""
    return User.objects.create_superuser("boss", "boss@example.com", PASSWORD)


@pytest.fixture
def limited(settings: Any) -> Callable[[str], None]:
    """Call it with an overflow for a limit of one session that overflows so."""

    def limit(overflow: str) -> None:
        settings.SOJOURN = {**settings.SOJOURN, "LIMITS": [{"max_sessions": 1, "overflow": overflow}]}

    return limit


class Browser(Client):
    """A browser of its own, with what the tests ask most."""

    def whoami(self) -> str:
        """Who the site takes this browser's user for; "" for nobody."""
        response = self.get("/whoami/", headers={"accept": "application/json"})
        return str(response.json()["user"]) if response.status_code == 200 else ""

    def sign_in(self, name: str = "ann") -> Any:
        """Sign in at Django's own form."""
        return self.post("/login/", {"username": name, "password": PASSWORD})

    def send(self, path: str, data: object = None, method: str = "POST", **headers: str) -> Any:
        """Send JSON, as a program does."""
        return self.generic(
            method,
            path,
            json.dumps(data if data is not None else {}),
            content_type="application/json",
            headers={"accept": "application/json", **headers},
        )


@pytest.fixture
def browser(db: None) -> Browser:
    """A browser."""
    return Browser()


@pytest.fixture
def other(db: None) -> Browser:
    """Another browser."""
    return Browser()
