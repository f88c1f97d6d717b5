"""Browsers for the tests: each with its own cookies and device, under WSGI or ASGI, with the same few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import AsyncClient, Client

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason, Session
from sojourn.core.search import PAGE_MAX, EventQuery

PASSWORD = "Tea at half past four."
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
JSON = {"accept": "application/json"}


class Manners:
    """What people do with a browser, whichever kind of server is at the other end."""

    def sign_in(self: Any, username: str = "ada", password: str = PASSWORD, url: str = "/login/", **more: Any) -> Any:
        """Send the sign-in form; `data` and `headers` may be added."""
        data = {"username": username, "password": password, **more.pop("data", {})}
        return self.post(url, data, **more)

    def who(self: Any) -> str:
        """Who the site takes this browser for; "" for nobody."""
        response = self.get("/whoami/")
        return response.json()["user"] if response.status_code == 200 else ""

    def choose(self: Any, *sids: str, **more: Any) -> Any:
        """Answer the question which sessions are to end."""
        return self.post("/sessions/choose/", {"end": sids}, **more)

    def session_cookie(self: Any) -> str:
        """The value of Django's session cookie; "" if there is none."""
        cookie = self.cookies.get(settings.SESSION_COOKIE_NAME)
        return cookie.value if cookie is not None else ""

    def take_session(self: Any, cookie: str) -> None:
        """Use somebody's session cookie, and no other."""
        self.cookies.clear()
        self.cookies[settings.SESSION_COOKIE_NAME] = cookie


class Browser(Manners, Client):
    """A browser of a site under WSGI. Errors of views come as 500, as they would."""

    def __init__(self, agent: str = FIREFOX, **options: Any) -> None:
        super().__init__(raise_request_exception=False, headers={"user-agent": agent}, **options)


class AsgiBrowser(Manners, AsyncClient):
    """A browser of a site under ASGI, for tests that do not await."""

    def __init__(self, agent: str = FIREFOX, **options: Any) -> None:
        super().__init__(raise_request_exception=False, **options)
        self.agent = agent

    def get(self, *args: Any, **options: Any) -> Any:
        return async_to_sync(super().get)(*args, **self._with_agent(options))

    def post(self, *args: Any, **options: Any) -> Any:
        return async_to_sync(super().post)(*args, **self._with_agent(options))

    def _with_agent(self, options: dict[str, Any]) -> dict[str, Any]:
        # Django's asynchronous client does not send the headers that it was made with.
        return {**options, "headers": {"user-agent": self.agent, **options.get("headers", {})}}


def subject(username: str = "ada") -> str:
    """A user's subject."""
    return adapter().subject(get_user_model()._base_manager.get(username=username))


def open_sessions(username: str = "ada") -> list[Session]:
    """A user's live sessions, last used first."""
    return list(control().sessions(subject(username)))


def sids(username: str = "ada") -> list[str]:
    """The ids of a user's live sessions."""
    return [session.sid for session in open_sessions(username)]


def reasons(username: str = "ada") -> list[EndReason | None]:
    """Why a user's ended sessions ended, the latest first."""
    return [session.end_reason for session in control().store.history(subject(username), 100)]


def recorded(*types: str, username: str | None = None) -> list[Mapping[str, Any]]:
    """What was recorded, of these types or of any; of one user or of everybody."""
    whose = None if username is None else subject(username)
    return list(control().store.journal(EventQuery(subject=whose, types=types, limit=PAGE_MAX)))
