"""The report as JSON: for programs, and as the baseline of a later audit."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from sojourn.probe.answers import Answer
from sojourn.probe.outcome.baseline import VERSION, Comparison
from sojourn.probe.outcome.report import Finding, Report


def write(report: Report, comparison: Comparison) -> str:
    """One JSON object; its form is described in the reference of the probe's reports."""
    return json.dumps(document(report, comparison), indent=2, ensure_ascii=False) + "\n"


def document(report: Report, comparison: Comparison) -> dict[str, object]:
    """The same as plain data."""
    return {
        "version": VERSION,
        "tool": "sojourn probe",
        "target": report.target,
        "account": report.account,
        "began": datetime.fromtimestamp(report.began, UTC).isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 3),
        "login": report.login,
        "marks": list(report.marks),
        "stopped": report.stopped or None,
        "requests": report.requests,
        "sign_ins": report.sign_ins,
        "left_open": report.left_open,
        "counts": {answer.value: report.count(answer) for answer in Answer},
        "findings": [_finding(each, comparison) for each in report.findings],
        "not_run": [each.id for each in report.skipped],
        "no_longer": list(comparison.no_longer),
    }


def _finding(finding: Finding, comparison: Comparison) -> dict[str, object]:
    check = finding.check
    return {
        "id": check.id,
        "title": check.title,
        "answer": finding.answer.value,
        "new": comparison.is_new(finding),
        "severity": check.severity.value,
        "references": list(check.references),
        "does": check.does,
        "advice": check.advice,
        "summary": finding.summary,
        "details": list(finding.details),
        "evidence": [asdict(each) for each in finding.evidence],
        "sign_ins": finding.sign_ins,
        "seconds": round(finding.seconds, 3),
    }
