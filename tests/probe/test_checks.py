"""Every check fires on the application that is ill with what it looks for, and stays silent on the healthy twin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.report import Report
from sojourn.probe.running import audit
from tests.patients.illnesses import ILLNESSES, Illness
from tests.patients.plain import Plain
from tests.patients.serving import Site, serving

CHECKS = {check.id: check for check in all_checks()}


def audited(site: Site, *checks: str) -> Report:
    return audit(site.profile(), [CHECKS[each] for each in checks])


@pytest.fixture(scope="module")
def healthy() -> Iterator[Site]:
    with serving(Plain()) as site:
        yield site


@pytest.mark.parametrize(("name", "illness"), ILLNESSES.items(), ids=list(ILLNESSES))
def test_a_check_fires_on_its_patient(name: str, illness: Illness) -> None:
    patient = Plain(name)
    with serving(patient) as site:
        (finding,) = audited(site, illness.check).findings
    assert finding.answer is illness.answer, finding
    assert finding.evidence
    assert not [key for key in patient.issued if key in repr(finding)]


@pytest.mark.parametrize("check", sorted({each.check for each in ILLNESSES.values()}))
def test_a_check_is_silent_on_the_healthy_twin(healthy: Site, check: str) -> None:
    (finding,) = audited(healthy, check).findings
    assert finding.answer is Answer.PASS, finding


def test_nobody_is_left_signed_in(healthy: Site) -> None:
    assert audited(healthy, "logout-replay").left_open == 0
