"""What the checks of how a session begins make of applications that are not as simple as the patients."""

from __future__ import annotations

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import session_fixation, sign_in_again
from sojourn.probe.outcome.report import Finding
from sojourn.probe.reading.tokens import like
from sojourn.probe.running import audit
from tests.patients.carrying import Request, set_cookie
from tests.patients.plain import PASSWORD, USER, Plain
from tests.patients.plain import Answer as Page
from tests.patients.serving import serving

FORM = '<form method="post"><input name="name"><input type="password" name="password"><button>Log in</button></form>'


class WithoutStrangers(Plain):
    """Begins a session at the sign-in and no earlier: nobody else is given a cookie."""

    def login(self, request: Request) -> Page:
        if request.method == "GET":
            return "200 OK", [], FORM
        assert (request.form["name"], request.form["password"]) == (USER, PASSWORD)
        key, session = self.begin(request)
        session.user = USER
        return "303 See Other", [("Location", "/report"), set_cookie(self, key)], ""


class LedPast(WithoutStrangers):
    """Shows its login page to strangers only."""

    looks_at_passwords = True

    def login(self, request: Request) -> Page:
        if request.session and (request.method == "GET" or not self.looks_at_passwords):
            return "303 See Other", [("Location", "/report")], ""
        if request.session:
            self.sessions.pop(request.key)
        return super().login(request)


def found(site: Plain, check: object) -> Finding:
    with serving(site) as place:
        (finding,) = audit(place.profile(), [check.CHECK]).findings  # type: ignore[attr-defined]
    return finding


def test_an_id_that_was_made_up_is_planted_where_strangers_are_given_none() -> None:
    assert found(WithoutStrangers(), session_fixation).answer is Answer.PASS
    finding = found(WithoutStrangers("adopts-ids"), session_fixation)
    assert finding.answer is Answer.FAIL
    assert finding.summary.startswith("With a session id that was made up in the browser")


@pytest.mark.parametrize("value", ["s%3Aab12CD.x-/9", "eyJhbGciOi.J9", ""])
def test_an_id_is_made_up_of_the_same_length_and_make(value: str) -> None:
    made = like(value)
    assert len(made) == len(value)
    for one, other in zip(value, made, strict=True):
        assert (one.isdigit(), one.islower(), one.isupper()) == (other.isdigit(), other.islower(), other.isupper())
    assert made != value or not value
    assert ("%3A" in made) == ("%3A" in value)


def test_somebody_who_is_led_past_the_login_page_signs_in_again_from_a_page_opened_before() -> None:
    assert found(LedPast(), sign_in_again).answer is Answer.PASS


def test_what_looks_at_no_second_password_is_not_blamed_for_keeping_the_session() -> None:
    site = LedPast()
    site.looks_at_passwords = False
    finding = found(site, sign_in_again)
    assert finding.answer is Answer.NOT_TESTABLE
    assert "whether the password was looked at cannot be told" in finding.summary
