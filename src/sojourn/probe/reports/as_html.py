"""The report as one HTML page that needs no other file and no script: to be read, printed and mailed."""

from datetime import UTC, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from sojourn.probe.answers import Answer, Severity
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Finding, Report

ORDER = (Answer.FAIL, Answer.WARN, Answer.NOT_TESTABLE, Answer.PASS)
_BY_SEVERITY = list(Severity)


def write(report: Report, comparison: Comparison) -> str:
    """The page."""
    return _template().render(
        report=report,
        comparison=comparison,
        findings=ordered(report),
        counts=[(answer, report.count(answer)) for answer in ORDER],
        began=datetime.fromtimestamp(report.began, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        verdict=verdict(report),
    )


def verdict(report: Report) -> str:
    """The whole audit in a sentence."""
    failing = list(report.with_answer(Answer.FAIL))
    testable = len(report.findings) - report.count(Answer.NOT_TESTABLE)
    grave = sum(each.check.severity is Severity.HIGH for each in failing)
    checks = "1 check that could be made" if testable == 1 else f"{testable} checks that could be made"
    if not failing:
        return f"No weakness was found in {checks}."
    if len(failing) == 1:
        return f"1 weakness{' of high severity' if grave else ''} was found in {checks}."
    return f"{len(failing)} weaknesses were found in {checks}{f', {grave} of them of high severity' if grave else ''}."


def ordered(report: Report) -> list[Finding]:
    """The findings with the worst first."""
    return sorted(report.findings, key=_rank)


def _rank(finding: Finding) -> tuple[int, int, str]:
    return ORDER.index(finding.answer), _BY_SEVERITY.index(finding.check.severity), finding.check.id


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("sojourn.probe.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
