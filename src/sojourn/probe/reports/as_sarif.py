"""The report as SARIF 2.1.0, which dashboards for findings of scanners read."""

import json
from urllib.parse import quote, urlsplit

from sojourn.probe.answers import Answer, Severity
from sojourn.probe.check import Check
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Finding, Report

_KIND = {Answer.PASS: "pass", Answer.FAIL: "fail", Answer.WARN: "fail", Answer.NOT_TESTABLE: "open"}
"""`open` is SARIF's word for what could not be told."""
_LEVEL = {Severity.HIGH: "error", Severity.MEDIUM: "error", Severity.LOW: "warning"}
_SCORE = {Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.5"}
"""What dashboards sort by: the middle of the bands that CVSS calls so."""


def write(report: Report, comparison: Comparison) -> str:
    """One log with one run."""
    checks = [*(each.check for each in report.findings), *report.skipped]
    run: dict[str, object] = {
        "tool": {
            "driver": {
                "name": "sojourn probe",
                "rules": [_rule(check) for check in checks],
            }
        },
        "results": [_result(finding, number, report, comparison) for number, finding in enumerate(report.findings)],
        "invocations": [
            {
                "executionSuccessful": not report.stopped,
                **({"toolExecutionNotifications": [{"message": {"text": report.stopped}}]} if report.stopped else {}),
            }
        ],
    }
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.does},
        "help": {"text": check.advice},
        "defaultConfiguration": {"level": _LEVEL[check.severity]},
        "properties": {"tags": ["security", *check.references], "security-severity": _SCORE[check.severity]},
    }


def _result(finding: Finding, number: int, report: Report, comparison: Comparison) -> dict[str, object]:
    fails = finding.answer is Answer.FAIL
    level = "none" if _KIND[finding.answer] != "fail" else (_LEVEL[finding.check.severity] if fails else "note")
    where = finding.evidence[-1].url if finding.evidence else report.target
    result: dict[str, object] = {
        "ruleId": finding.check.id,
        "ruleIndex": number,
        "kind": _KIND[finding.answer],
        "level": level,
        "message": {"text": "\n".join([finding.summary, *finding.details])},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(where)}}}],
        "partialFingerprints": {"check/v1": f"{finding.check.id}@{urlsplit(report.target).netloc}"},
    }
    if comparison.exists and level != "none":
        result["baselineState"] = "new" if comparison.is_new(finding) else "unchanged"
    return result


def _uri(url: str) -> str:
    """A masked address as a URI: the names that stand for secrets have brackets and spaces."""
    return quote(url, safe=":/?#&=%+,;@~.-_!$'()*")
