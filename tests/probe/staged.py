"""An examination in which a test says what is seen: for what a check makes of it, without an application."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sojourn.probe.answers import Verdict
from sojourn.probe.examining.departure import Departure
from sojourn.probe.examining.examination import Attempt
from sojourn.probe.examining.tour import Tour
from sojourn.probe.profiles.declared import Overflow
from sojourn.probe.wire.cookies import Cookie, Jar
from sojourn.probe.wire.visitor import Page, Visitor
from tests.probe.seen import answer, examined

TLS = ssl.create_default_context()
URL = "https://app.example/report"
TOKEN = "c0ffee11c0ffee22c0ffee33"


def page(body: str = "Report of ann", *headers: tuple[str, str], status: int = 200, url: str = URL) -> Page:
    return Page((answer(url, *headers, body=body, status=status),))


OPEN, SHUT, BROKEN = page(), page("Sign in", url="https://app.example/login"), page("", status=503)
QUIET = page("<div id=root></div><script>render()</script>")


class Browser(Visitor):
    """Gets these pages one after the other, and the last of them for ever, whatever it asks for."""

    def __init__(self, *pages: Page, bearer: str = "", token: str = TOKEN) -> None:
        jar = Jar([] if bearer else [Cookie("sid", token, "app.example", "/", host_only=True, secure=True)])
        super().__init__(cast("Any", None), jar=jar, bearer=bearer)
        self.pages = list(pages)

    def request(self, *_: object, **__: object) -> Page:
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]

    def twin(self) -> Browser:
        twin = Browser(*self.pages, bearer=self.bearer)
        twin.jar = self.jar.copy()
        return twin


def turns(*values: object) -> Any:
    """A function that returns these in turn, and the last of them for ever."""
    left = list(values)
    return lambda *_, **__: left.pop(0) if len(left) > 1 else left[0]


def staged(
    module: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    known: dict[str, Any] | None = None,
    survey: dict[str, Any] | None = None,
    profile: dict[str, Any] | None = None,
    **does: Any,
) -> Callable[[], Verdict]:
    """What a check does, when called.

    `known` is what stands in its module in place of what is shared; `does` is what an examination does otherwise than
    usual. Usually everybody who signs in is admitted and stays signed in, and strangers see the login page.
    """
    check = import_module(f"sojourn.probe.checks.{module}")
    for name, value in (known or {}).items():
        monkeypatch.setattr(check, name, lambda *_, _value=value: _value)
    monkeypatch.setattr("ssl.create_default_context", lambda **_: TLS)  # reading all authorities takes a while
    signed_in = page("", ("Set-Cookie", f"sid={TOKEN}"), url="https://app.example/login")
    examination = examined(*signed_in.chain, **(profile or {}))
    mark = SimpleNamespace(
        url=URL, shows=lambda seen: None if seen.status >= 500 else (seen.status, seen.url) == (200, URL)
    )
    logout = SimpleNamespace(method="POST", url="https://app.example/logout", describe=lambda: "the way out")
    kept = {"marks": (mark,), "logout": logout, "visitor": Browser(OPEN), **(survey or {})}
    examination.survey = replace(examination.survey, **cast("dict[str, Any]", kept))
    usual = {
        "visitor": lambda: Browser(SHUT),
        "sign_in": lambda *_, **__: Browser(OPEN),
        "attempt": lambda visitor=None, **_: Attempt(visitor or Browser(OPEN), (OPEN,), admitted=True),
        "look": lambda *_, **__: (True, OPEN),
        "replay": lambda *_: None,
        "sign_out": lambda *_: SHUT,
        "stolen": lambda visitor: visitor,
        "with_token": lambda *_: Browser(SHUT),
        "wait": lambda _: None,
        "sign_out_of_all": lambda **_: 0,
    }
    for name, does_it in (usual | does).items():
        monkeypatch.setattr(examination, name, does_it)
    if "is_signed_in" not in does:
        monkeypatch.setattr(examination, "is_signed_in", lambda *_, **__: examination.look(None)[0])
    return lambda: check.CHECK.look(examination)


def refused(*_: object, **__: object) -> Attempt:
    return Attempt(Browser(SHUT), (SHUT,), admitted=False)


def gone(**changes: Any) -> Departure:
    """A sign-out as it should be, but for `changes`."""
    usual = Departure((OPEN,), SHUT, (), tuple(Browser(OPEN).jar), (), inside=False)
    return replace(usual, **changes)


def tour(**changes: Any) -> Tour:
    usual = Tour(Browser(OPEN), (OPEN,), (OPEN,), (OPEN,), (TOKEN,))
    return replace(usual, **changes)


def limit(**changes: Any) -> SimpleNamespace:
    attempt = Attempt(Browser(OPEN), (OPEN,), admitted=True)
    usual = {"overflow": Overflow.REFUSES, "sessions": 2, "first": attempt, "last": attempt, "ended": ()}
    return SimpleNamespace(**{**usual, "login_page": SHUT, "prying": None, "evidence": (), **changes})
