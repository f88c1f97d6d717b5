"""A lockout is seen by what a person would read; what is none raises no alarm."""

from __future__ import annotations

import pytest

from sojourn.probe.signing.lockout import sign_of_lockout
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page


def page(body: str, status: int = 200) -> Page:
    return Page((Exchange("POST", "https://app.example/login", (), "", status, (), body, 1),))


@pytest.mark.parametrize(
    "body",
    [
        "<p>Too many failed login attempts.",
        "<p>Your account has been locked",
        "<p>Please try again in 5 minutes",
        "<p>2 attempts remaining",
        "<p>Zu viele Anmeldeversuche",
        "<form method=post><input type=password name=p><input name=captcha></form>",
    ],
)
def test_a_lockout_is_seen_in_what_the_page_says(body: str) -> None:
    assert sign_of_lockout([page(body)])


@pytest.mark.parametrize("status", [423, 429])
def test_a_lockout_is_seen_in_the_status(status: int) -> None:
    assert sign_of_lockout([page("", status)])


@pytest.mark.parametrize(
    "body",
    [
        "<p>You are signed in on too many devices. End another session first.",
        "<p>Too many sessions: 3 of 3 are open",
        "<p>This account is already signed in elsewhere.",
        "<script src='/recaptcha.js'></script><form method=post><input type=password name=p></form>",
        "<script>var messages = {locked: 'account locked', wait: 'too many attempts'}</script><p>Welcome",
        "<p>Wrong name or password",
        "<p>Account settings: unlock new features",
    ],
)
def test_what_is_no_lockout_raises_no_alarm(body: str) -> None:
    assert sign_of_lockout([page(body)]) == ""
