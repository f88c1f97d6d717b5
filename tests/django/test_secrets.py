"""No secret of ours lies around: not in our tables, not in logs, not on error pages, not on our own pages.

Where Django itself keeps one, these tests say so: the session token is in the data of Django's session (a row of
`django_session`, a cache entry, a file or, with signed cookies, the browser), and the key of that session is where the
engine has it. Whoever can read those can be that browser, as on any Django site. The device id and the ticket are in
cookies only.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.sessions.models import Session as DjangoSession
from django.core import mail
from django.db import connection

from sojourn.contrib.django.internal import start
from tests.django.browser import JSON, PASSWORD, sids

pytestmark = pytest.mark.django_db

OURS = ["sojourn_subject", "sojourn_session", "sojourn_ticket", "sojourn_event"]


class Secrets:
    """The secrets of some browsers, by what they are, as they came to be known during a test."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def learn(self, name: str, browser: Any) -> None:
        """Everything this browser holds now."""
        for cookie in ("sessionid", "sojourn_device", "sojourn_ticket"):
            value = browser.cookies[cookie].value if cookie in browser.cookies else ""
            if value:
                self.known[f"{name}'s {cookie} {value[-6:]}"] = value
        binding = browser.session.get("_sojourn")
        if binding:
            self.known[f"{name}'s token {binding[0][-6:]}"] = binding[0]

    def found_in(self, text: str) -> list[str]:
        """Which of them are in `text`, whole or by a good part."""
        return [name for name, value in self.known.items() if value[6:30] in text]


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def pages() -> list[str]:
    """What the browsers were shown in the story."""
    return []


@pytest.fixture
def story(limit: Any, clock: Any, secrets: Secrets, pages: list[str], first: Any, second: Any, bob: Any) -> None:
    """Every kind of thing that happens to sessions, with all secrets in it noted."""

    def note(response: Any) -> None:
        pages.append(response.content.decode() + str(response.headers))
        for name, browser in (("first", first), ("second", second)):
            secrets.learn(name, browser)

    limit("ask")
    note(first.get("/remember/"))
    note(first.sign_in())
    note(second.sign_in(headers=JSON))
    pages.pop()  # the one answer that is to hold the ticket
    note(second.sign_in())
    note(second.get("/sessions/choose/"))
    note(second.choose())
    note(second.choose(*sids()))
    note(first.get("/private/"))
    limit("refuse")
    note(first.sign_in())
    limit("end_existing")
    note(first.sign_in())
    note(first.get("/sessions/"))
    note(first.post(f"/sessions/name/{sids()[0]}/", {"name": "Desk"}))
    note(first.get("/sessions/api/"))
    note(second.get("/private/", headers=JSON))
    clock.advance(20 * 60_000)
    note(first.post("/sessions/end-others/"))
    note(first.post("/sessions/api/end-others/", content_type="application/json"))
    note(first.post("/sessions/end-others/", {"password": PASSWORD}))
    note(first.post("/sessions/api/reauthenticate/", {"password": PASSWORD}, content_type="application/json"))
    note(first.post("/password/", {"old_password": PASSWORD, "new_password1": "Later 1.", "new_password2": "Later 1."}))
    note(first.sign_in("bob"))
    note(first.sign_in("bob", url="/crashing-login/"))
    note(second.sign_in(password="Later 1."))
    note(second.post("/logout/"))


def dump(tables: list[str]) -> str:
    """Every column of every row."""
    lines = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            lines += [str(row) for row in cursor.fetchall()]
    assert lines
    return "\n".join(lines)


def test_the_story_has_secrets_of_every_kind(story, secrets):
    kinds = {name.split()[1] for name in secrets.known}
    assert kinds == {"sessionid", "sojourn_device", "sojourn_ticket", "token"}
    assert len(secrets.known) > 8
    assert secrets.found_in("x" + next(iter(secrets.known.values())) + "x")


def test_no_column_of_our_tables_holds_one(story, secrets):
    assert secrets.found_in(dump(OURS)) == []


def test_no_page_of_the_story_holds_one(story, secrets, pages):
    cookies = "sessionid=", "sojourn_device=", "sojourn_ticket="
    assert not any(cookie in page for cookie in cookies for page in pages)  # cookies travel beside the headers here
    assert secrets.found_in("\n".join(pages)) == []


def test_no_mail_holds_one(story, secrets):
    assert secrets.found_in("\n".join(message.body + message.subject for message in mail.outbox)) == []


def test_djangos_own_sessions_hold_their_tokens_and_nothing_else_of_ours(story, secrets):
    payloads = "\n".join(str(row.get_decoded()) for row in DjangoSession.objects.all())
    assert {name.split()[1] for name in secrets.found_in(payloads)} <= {"token"}


def test_no_log_line_at_debug_holds_one(caplog, request, secrets):
    connection.force_debug_cursor = True  # so that the statements are logged, with their parameters
    try:
        with caplog.at_level(logging.DEBUG):
            for name in ("django", "django.request", "django.db.backends", "sojourn"):
                logging.getLogger(name).setLevel(logging.DEBUG)
            request.getfixturevalue("story")
    finally:
        connection.force_debug_cursor = False
        for name in ("django", "django.request", "django.db.backends", "sojourn"):
            logging.getLogger(name).setLevel(logging.NOTSET)
    lines = [f"{record.getMessage()} {record.exc_text or ''} {record.args}" for record in caplog.records]
    assert any("sojourn_session" in line for line in lines)
    # Django's own statements about its own sessions name their keys and carry their data, as on any site.
    ours = [line for line in lines if "django_session" not in line]
    assert [line for line in ours if secrets.found_in(line)] == []


_minted: list[Any] = []


class TestDebugPages:
    """DEBUG = True shows local variables of every frame, settings and cookies."""

    @pytest.fixture(autouse=True)
    def _debug(self, settings):
        settings.DEBUG = True

    def shown(self, response: Any) -> str:
        """The page, without the cookies and headers of the request, which Django shows to whoever sent them."""
        assert response.status_code == 500
        page = response.content.decode()
        assert "Traceback" in page
        before, _, after = page.partition('<h3 id="cookie-info">')
        meta = after.partition('<h3 id="settings-info">')[2]
        return before + meta

    def test_an_error_in_a_view_shows_none(self, secrets, first):
        first.sign_in()
        secrets.learn("first", first)
        page = self.shown(first.get("/crash/"))
        assert {name.split()[1] for name in secrets.found_in(page)} == set()

    def test_an_error_within_a_sign_in_shows_none(self, monkeypatch, secrets, first, ada):
        first.get("/remember/")

        def fail(request: Any, outcome: Any) -> None:
            _minted.append(outcome.token)
            raise RuntimeError("in the middle of it")

        monkeypatch.setattr(start.notice, "leave", fail)
        page = self.shown(first.sign_in())
        assert _minted.pop().reveal()[6:30] not in page

    def test_an_error_within_a_choice_shows_none(self, monkeypatch, limit, secrets, first, second):
        limit("ask")
        first.sign_in()
        second.sign_in()
        secrets.learn("second", second)

        def fail(*args: Any) -> None:
            raise RuntimeError("in the middle of it")

        monkeypatch.setattr(start, "arrival_of", fail)
        page = self.shown(second.choose(*sids()))
        assert secrets.found_in(page) == []


def test_a_secret_does_not_show_itself_in_a_repr(limit, first, second, monkeypatch):
    from sojourn.contrib.django.internal.visit import visits_of

    shown: list[str] = []
    limit("ask")
    first.sign_in()
    second.sign_in()

    def look(get_response: Any) -> Any:
        return get_response

    from sojourn.contrib.django.internal import conclude

    inner = conclude.conclude

    def spy(request: Any, response: Any) -> Any:
        shown.append(repr(visits_of(request)) + str(visits_of(request)))
        return inner(request, response)

    monkeypatch.setattr(conclude, "conclude", spy)
    ticket = second.cookies["sojourn_ticket"].value
    second.choose(*sids())
    device, token = second.cookies["sojourn_device"].value, second.session["_sojourn"][0]
    assert shown
    assert not any(secret in text for secret in (ticket, device, token) for text in shown)
