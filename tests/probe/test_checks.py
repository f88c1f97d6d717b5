"""Every check fires on the application that is ill with what it looks for, and stays silent on the healthy twin."""

from __future__ import annotations

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.profile import Account, Profile
from sojourn.probe.report import Report
from sojourn.probe.running import audit
from sojourn.probe.secret import Secret
from tests.patients import plain

CHECKS = {check.id: check for check in all_checks()}


def audited(illness: str, *checks: str) -> Report:
    with plain.serving(plain.Plain(illness)) as url:
        profile = Profile(url, Account(plain.USER, Secret(plain.PASSWORD)))
        return audit(profile, [CHECKS[each] for each in checks])


@pytest.mark.parametrize(("illness", "check"), plain.ILLNESSES.items(), ids=list(plain.ILLNESSES))
def test_a_check_fires_on_its_patient(illness: str, check: str) -> None:
    (finding,) = audited(illness, check).findings
    assert finding.answer is Answer.FAIL, finding
    assert finding.evidence


@pytest.mark.parametrize("check", sorted(set(plain.ILLNESSES.values())))
def test_a_check_is_silent_on_the_healthy_twin(check: str) -> None:
    (finding,) = audited("", check).findings
    assert finding.answer is Answer.PASS, finding


def test_nobody_is_left_signed_in() -> None:
    assert audited("", "logout-replay").left_open == 0
