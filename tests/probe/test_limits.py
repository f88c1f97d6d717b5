"""The checks of the limit fire on the application that is ill with what they look for, and on no healthy one."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.errors import Unreachable
from sojourn.probe.outcome.report import Report
from sojourn.probe.running import audit
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.network import Network
from tests.patients import limited
from tests.patients.serving import serving

CHECKS = {check.id: check for check in all_checks()}
ELSEWHERE = {"mail-told"}
"""Checks with a test file of their own."""
OURS = sorted({illness.check for illness in limited.ILLNESSES.values()} - ELSEWHERE)
GOOD = {Answer.PASS, Answer.NOT_TESTABLE}


def audited(site: limited.Limited, *checks: str, **profile: object) -> Report:
    with serving(site) as served:
        return audit(served.profile(max_sign_ins=200, **profile), [CHECKS[each] for each in checks])


@pytest.mark.parametrize(
    "which", [each for each, illness in limited.ILLNESSES.items() if illness.check in OURS], ids="-".join
)
def test_an_illness_is_found_by_its_own_check_alone(which: tuple[str, str]) -> None:
    name, overflow = which
    illness = limited.ILLNESSES[which]
    # Those that share its sign-ins cost nothing; bursts take long.
    beside = [each for each in OURS if CHECKS[each].shared == CHECKS[illness.check].shared]
    checks = [each for each in beside if each == illness.check or each != "session-limit-race"]
    answers = {each.check.id: each for each in audited(limited.Limited(overflow, name), *checks).findings}
    found = answers[illness.check]
    assert found.answer is illness.answer, found
    assert found.evidence
    assert {each for each in checks if answers[each].answer not in GOOD} == {illness.check, *illness.along}


@pytest.mark.parametrize(("overflow", "limit"), [*((each, 2) for each in limited.OVERFLOWS), ("ask", 1)])
def test_no_check_fires_on_a_healthy_application(overflow: str, limit: int) -> None:
    report = audited(limited.Limited(overflow, limit=limit), *OURS)
    assert {finding.answer for finding in report.findings} <= GOOD, report.findings
    assert not report.stopped
    assert report.left_open == 0


def test_a_burst_that_is_not_answered_in_time_proves_nothing_and_is_signed_out_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site, send = limited.Limited("refuse"), Network.send

    def slow(network: Network, method: str, url: str, **how: Any) -> Exchange:
        exchange = send(network, method, url, **how)
        in_a_burst = threading.current_thread().name.startswith("ThreadPoolExecutor")
        if in_a_burst and (method, url[-6:]) == ("POST", "/login"):
            raise Unreachable(f"{method} {url}: ReadTimeout")
        return exchange

    monkeypatch.setattr(Network, "send", slow)
    report = audited(site, "session-limit-race")
    (finding,) = report.findings
    assert finding.answer is Answer.NOT_TESTABLE, finding
    assert "ReadTimeout" in finding.summary
    assert "answer_time" in finding.summary
    assert report.left_open >= len([each for each in site.sessions.values() if each.user]) == 2
