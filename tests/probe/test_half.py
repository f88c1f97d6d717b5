"""A sign-in in two steps is stopped after the first, without being told; and what the profile names is followed."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import half_signed_in
from sojourn.probe.outcome.report import Finding
from sojourn.probe.running import audit
from tests.patients.carrying import Request
from tests.patients.plain import PASSWORD, USER, Plain
from tests.patients.plain import Answer as Page
from tests.patients.serving import serving


class TwoSteps(Plain):
    """Asks for the name first, and for the password on the page after it."""

    opens_early = False

    def login(self, request: Request) -> Page:
        if request.method == "GET" or "password" in request.form:
            status, headers, body = super().login(request)
            return status, headers, body.replace('<label>Password <input type="password" name="password"></label>', "")
        assert request.session is not None
        assert request.form["name"] == USER
        if self.opens_early:
            request.session.user = USER
        known = {"csrf": request.session.csrf, "name": USER}
        kept = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in known.items())
        return (
            "200 OK",
            [],
            f'<form method="post">{kept}<input type="password" name="password"><button>Log in</button></form>',
        )


def found(site: Plain, **profile: Any) -> Finding:
    with serving(site) as place:
        (finding,) = audit(place.profile(**profile), [half_signed_in.CHECK]).findings
    return finding


@pytest.mark.parametrize(("early", "answer"), [(False, Answer.PASS), (True, Answer.FAIL)])
def test_the_first_of_two_steps_is_tried_alone(*, early: bool, answer: Answer) -> None:
    site = TwoSteps()
    site.opens_early = early
    finding = found(site, extra={})
    assert finding.answer is answer, finding
    assert "the first step of the sign-in" in finding.summary
    assert finding.sign_ins == 0


def test_where_nothing_stops_half_way_the_reason_says_what_to_name() -> None:
    finding = found(Plain(), extra={})
    assert finding.answer is Answer.NOT_TESTABLE
    assert "[half]" in finding.summary


def test_a_step_that_is_refused_proves_nothing() -> None:
    finding = found(Plain(), extra={"half": {"a_reset": [{"url": "/nowhere", "fields": {"a": "b"}, "json": True}]}})
    assert finding.answer is Answer.NOT_TESTABLE
    assert finding.summary == "a reset was answered 404"


def test_what_sends_the_password_counts_as_a_sign_in() -> None:
    step = {"url": "/login", "fields": {"name": "{user}", "password": "{password}"}}
    finding = found(Plain(), extra={"half": {"the whole sign-in": [step]}})
    assert finding.answer is Answer.FAIL  # for this half is the whole
    assert finding.sign_ins == 1
    assert PASSWORD not in repr(finding)
