"""What was not seen is no pass: each of these was one, though the application never judged what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks, hsts, mail_told, plain_http, session_list_secrets, token_in_page
from sojourn.probe.errors import NotTestable, Unreachable
from sojourn.probe.examining.examination import Attempt
from sojourn.probe.examining.tour import Tour
from sojourn.probe.outcome.report import Finding
from sojourn.probe.running import audit
from sojourn.probe.wire.cookies import Cookie
from sojourn.probe.wire.visitor import Page, Visitor
from tests.patients.plain import Plain
from tests.patients.serving import serving
from tests.probe.seen import answer, examined

CHECKS = {check.id: check for check in all_checks()}


def busy_with_forgery(environ: dict, plain: Plain) -> str:
    elsewhere = environ["REQUEST_METHOD"] == "POST" and "attacker" in environ.get("HTTP_ORIGIN", "")
    return "503 Busy" if elsewhere else ""


def too_many_unknown_ids(environ: dict, plain: Plain) -> str:
    sid = environ.get("HTTP_COOKIE", "").partition("=")[2]
    return "429 Too Many" if sid and sid.partition(";")[0] not in plain.issued else ""


def takes_offence(environ: dict, plain: Plain) -> str:
    if "jsessionid" in environ["PATH_INFO"]:
        plain.sessions.clear()
    return ""


@pytest.mark.parametrize(
    ("check", "refuses"),
    [
        ("login-csrf", busy_with_forgery),
        ("unknown-ids", too_many_unknown_ids),
        ("token-from-elsewhere", takes_offence),
    ],
)
def test_what_was_refused_for_another_reason_is_not_passed(check: str, refuses: Callable[[dict, Plain], str]) -> None:
    plain = Plain()

    def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
        status = refuses(environ, plain)
        if not status:
            return plain(environ, start_response)
        start_response(status, [("Content-Type", "text/html")])
        return [b"no"]

    assert (audited(plain, check).answer, audited(application, check).answer) == (Answer.PASS, Answer.NOT_TESTABLE)


def audited(application: Callable[..., Iterable[bytes]], check: str) -> Finding:
    with serving(cast("Any", application)) as site:
        (finding,) = audit(site.profile(), [CHECKS[check]]).findings
    return finding


def test_where_no_page_was_opened_none_is_said_to_be_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    tour = Tour(cast("Any", SimpleNamespace(bearer="a bearer token")), (), (), (), ("a bearer token",))
    monkeypatch.setattr(token_in_page, "toured", lambda _: tour)
    with pytest.raises(NotTestable):
        token_in_page.CHECK.look(examined())


def test_a_token_that_is_too_short_to_be_found_is_not_said_to_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = SimpleNamespace(shows_other=True, url="/sessions", both=None)
    monkeypatch.setattr(session_list_secrets, "revocation", lambda _: SimpleNamespace(listing=listing, secrets=[]))
    examination = examined()
    examination.survey.visitor.jar.put(Cookie("sid", "1007", "app.example", "/", host_only=True, secure=True))
    with pytest.raises(NotTestable, match="too short"):
        session_list_secrets.CHECK.look(examination)


def test_no_message_is_missed_where_nobody_was_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    examination = examined()
    refused = Attempt(Visitor(examination.network), (), admitted=False)
    monkeypatch.setattr(mail_told, "mailbox_of", lambda _: (SimpleNamespace(names=set), 1.0))
    monkeypatch.setattr(examination, "attempt", lambda *_: refused)
    with pytest.raises(NotTestable):
        mail_told.CHECK.look(examination)


def test_the_code_in_the_subject_of_a_message_is_not_reported() -> None:
    said = mail_told._subject("123 456 is your code to sign in, or 9876\nmore")
    assert said == "... is your code to sign in, or ..."


def test_an_address_that_answers_once_and_then_no_more_does_answer_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    examination = examined(target="https://app.example")
    answers = [answer("http://app.example/login", ("Location", "/again"), status=302)]

    def get(_: Visitor, url: str, **__: object) -> Page:
        if answers:
            return Page((answers.pop(),))
        raise Unreachable(url)

    monkeypatch.setattr(Visitor, "get", get)
    assert plain_http.CHECK.look(examination).answer is Answer.WARN
    assert plain_http.CHECK.look(examination).answer is Answer.PASS, "nothing answers at all by now"


def test_a_header_is_not_said_to_lack_in_answers_that_nobody_saw() -> None:
    with pytest.raises(NotTestable):
        hsts.CHECK.look(examined(answer("https://sso.example/")))
