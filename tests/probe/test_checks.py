"""Every check fires on the application that is ill with what it looks for, and stays silent on the healthy twin."""

from __future__ import annotations

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.outcome.report import Report
from sojourn.probe.running import audit
from tests.patients.illnesses import ILLNESSES, TOKENS, Illness
from tests.patients.plain import Plain
from tests.patients.serving import serving
from tests.probe.moments import MovedClock

CHECKS = {check.id: check for check in all_checks()}


WAIT = 13 * 3600.0
"""Longer than most standards let a session last: by a clock that is moved, it takes no time."""


def audited(patient: Plain, clock: MovedClock, *checks: str) -> Report:
    with serving(patient) as site:
        return audit(site.profile(wait=WAIT, max_sign_ins=200), [CHECKS[each] for each in checks], clock=clock)


@pytest.fixture(scope="module")
def healthy() -> Report:
    """Of the healthy twin, by every check that an illness is for."""
    clock = MovedClock()
    return audited(Plain(clock=clock.now), clock, *sorted({each.check for each in ILLNESSES.values()}))


@pytest.fixture(scope="module")
def healthy_with_jwt() -> Report:
    """Of a twin whose tokens are JSON Web Tokens, by the checks of tokens."""
    clock = MovedClock()
    return audited(Plain(jwt=True, clock=clock.now), clock, *sorted({each.check for each in TOKENS.values()}))


def answered(report: Report, check: str) -> Answer:
    return next(each.answer for each in report.findings if each.check.id == check)


@pytest.mark.parametrize(("name", "illness"), ILLNESSES.items(), ids=list(ILLNESSES))
def test_a_check_fires_on_its_patient(name: str, illness: Illness) -> None:
    clock = MovedClock()
    patient = Plain(name, clock=clock.now)
    (finding,) = audited(patient, clock, illness.check).findings
    assert finding.answer is illness.answer, finding
    assert finding.evidence
    assert not [key for key in patient.issued if key in repr(finding)]


@pytest.mark.parametrize("check", sorted({each.check for each in ILLNESSES.values()} - {"token-signature"}))
def test_a_check_is_silent_on_the_healthy_twin(healthy: Report, check: str) -> None:
    assert answered(healthy, check) is Answer.PASS


@pytest.mark.parametrize("check", sorted({each.check for each in TOKENS.values()}))
def test_a_check_of_tokens_is_silent_on_a_healthy_application_with_json_web_tokens(
    healthy_with_jwt: Report, check: str
) -> None:
    assert answered(healthy_with_jwt, check) is Answer.PASS


def test_where_the_token_is_no_json_web_token_its_signature_is_not_passed(healthy: Report) -> None:
    assert answered(healthy, "token-signature") is Answer.NOT_TESTABLE


def test_nobody_is_left_signed_in(healthy: Report) -> None:
    assert healthy.left_open == 0
