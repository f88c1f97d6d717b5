"""What leaves the probe: every format says the same, no format says a secret, and each is what its readers can read."""

from __future__ import annotations

import base64
import html
import json
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft4Validator
from rich.console import Console

from sojourn.probe.answers import Answer, Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable, WrongProfile
from sojourn.probe.examining.examination import Examination
from sojourn.probe.outcome.baseline import Comparison, compare, read_baseline
from sojourn.probe.outcome.report import Report
from sojourn.probe.reports import WRITERS, Format
from sojourn.probe.reports.terminal import print_report
from sojourn.probe.running import audit
from tests.patients.plain import Plain
from tests.patients.serving import serving

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
NASTY = "<script>alert(1)</script> \x1b[31mred\x1b[0m \x00 ]]> [bold]rich[/bold]"
NO_BASELINE = Comparison()
seen: list[str] = []


def check(name: str, look, severity: Severity = Severity.HIGH) -> Check:
    return Check(
        id=name,
        title=f"All is well with {name}",
        severity=severity,
        references=("ASVS 5.0 7.4.1", "CWE-613"),
        does="Looks.",
        advice="Mend it.",
        sign_ins=1,
        look=look,
    )


def blab(examination: Examination) -> Verdict:
    """Says every secret there is, in every way to write it."""
    visitor = examination.sign_in()
    token, password = examination.token(visitor), examination.profile.account.password.reveal()
    seen[:] = [token, password]
    page = visitor.get(f"/report?stolen={quote(token)}&pw={quote(password)}")
    basic = base64.b64encode(password.encode()).decode()
    said = f"{token} {quote(password)} {html.escape(password)} {json.dumps(token)} {basic} {NASTY}"
    return failed(said, page.chain, details=[f"Cookie: session={token}", said])


def cannot(examination: Examination) -> Verdict:
    raise NotTestable("there is nothing to look at")


CHECKS = [
    check("blabs", blab),
    check("fine", lambda _: passed("it is")),
    check("odd", lambda _: warned("a little odd"), Severity.LOW),
    check("unseen", cannot, Severity.MEDIUM),
]


def audited() -> Report:
    with serving(Plain()) as site:
        return audit(site.profile(), CHECKS)


@pytest.fixture(scope="module")
def report() -> Report:
    return audited()


def on_a_terminal(report: Report, comparison: Comparison = NO_BASELINE) -> str:
    console = Console(width=100, record=True, force_terminal=True, file=StringIO())
    print_report(console, report, comparison)
    return console.export_text(styles=True)


def written(report: Report, comparison: Comparison = NO_BASELINE) -> dict[str, str]:
    return {
        "terminal": on_a_terminal(report, comparison),
        "repr": repr(report),
        **{kind.value: write(report, comparison) for kind, write in WRITERS.items()},
    }


def test_no_format_holds_a_password_or_a_token(report: Report) -> None:
    assert len(seen[0]) > 30
    for kind, text in written(report).items():
        for secret in seen:
            for form in (secret, quote(secret), base64.b64encode(secret.encode()).decode().rstrip("=")):
                assert form not in re.sub(r"\s+", " ", text), kind


def test_the_same_secret_has_the_same_name_wherever_it_turns_up(report: Report) -> None:
    finding = report.findings[0]
    (name,) = set(re.findall(r"\[__Host-session \d+\]", finding.details[0]))
    assert name in finding.summary
    assert name in finding.evidence[0].request


@pytest.mark.parametrize("kind", ["terminal", *Format])
def test_what_an_application_says_is_no_markup_and_moves_no_cursor(report: Report, kind: str) -> None:
    text = written(report)[kind]
    assert "<script>alert" not in text or kind != "html"
    assert "\x1b[31m" not in text.replace("\x1b[1;31m", "")
    assert "\x00" not in text


def test_html_needs_nothing_else_and_runs_nothing(report: Report) -> None:
    text = WRITERS[Format.HTML](report, NO_BASELINE)
    assert not re.search(r"<script|<link|<img|\bon\w+=|@import|url\(|src=", text)
    assert "default-src 'none'" in text


def test_sarif_validates_against_its_schema(report: Report) -> None:
    log = json.loads(WRITERS[Format.SARIF](report, NO_BASELINE))
    assert list(Draft4Validator(SCHEMA).iter_errors(log)) == []
    kinds = {each["ruleId"]: (each["kind"], each["level"]) for each in log["runs"][0]["results"]}
    assert kinds == {
        "blabs": ("fail", "error"),
        "fine": ("pass", "none"),
        "odd": ("fail", "note"),
        "unseen": ("open", "none"),
    }


def test_junit_counts_a_failure_and_never_takes_what_could_not_be_told_for_a_pass(report: Report) -> None:
    suite = ET.fromstring(WRITERS[Format.JUNIT](report, NO_BASELINE)).find("testsuite")
    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["4", "1", "1", "0"]
    cases = {str(case.get("name")).partition(":")[0]: [child.tag for child in case] for case in suite}
    assert cases == {"blabs": ["failure"], "fine": [], "odd": ["system-out"], "unseen": ["skipped"]}


def test_an_audit_that_was_not_finished_says_so_in_every_format(report: Report) -> None:
    stopped = replace(report, stopped="Stopped at fine: a lockout", left_open=2)
    texts = written(stopped)
    assert all("Stopped at fine" in text for text in texts.values())
    assert "<testsuite" in texts["xml"]
    assert 'errors="1"' in texts["xml"]
    assert json.loads(texts["sarif"])["runs"][0]["invocations"][0]["executionSuccessful"] is False


class TestBaseline:
    """An earlier report, so that an audit fails on what is new."""

    def kept(self, report: Report, folder: Path) -> Path:
        path = folder / "before.json"
        path.write_text(WRITERS[Format.JSON](report, NO_BASELINE), encoding="utf-8")
        return path

    def test_what_was_there_before_is_not_new(self, report: Report, tmp_path: Path) -> None:
        comparison = compare(report, read_baseline(self.kept(report, tmp_path)))
        assert not any(comparison.is_new(finding) for finding in report.findings)
        assert 'failures="0"' in WRITERS[Format.JUNIT](report, comparison)

    def test_a_warning_that_has_become_a_failure_is_new(self, report: Report, tmp_path: Path) -> None:
        before = read_baseline(self.kept(report, tmp_path))
        odd = next(each for each in report.findings if each.check.id == "odd")
        assert compare(report, before).is_new(replace(odd, answer=Answer.FAIL))

    def test_a_failure_that_has_become_a_warning_is_not_new(self, report: Report, tmp_path: Path) -> None:
        before = read_baseline(self.kept(report, tmp_path))
        assert not compare(report, before).is_new(replace(report.findings[0], answer=Answer.WARN))

    def test_what_is_mended_is_named(self, report: Report, tmp_path: Path) -> None:
        before = read_baseline(self.kept(report, tmp_path))
        findings = tuple(
            replace(each, answer=Answer.PASS) if each.check.id == "blabs" else each for each in report.findings
        )
        comparison = compare(replace(report, findings=findings), before)
        assert comparison.no_longer == ("blabs",)
        assert "Mended since the baseline: blabs" in WRITERS[Format.HTML](report, comparison)

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"version": 2, "findings": []}', '{"version": 1, "findings": [1]}']
    )
    def test_what_is_no_report_is_refused_with_what_to_write(self, text: str, tmp_path: Path) -> None:
        path = tmp_path / "other.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(WrongProfile, match=r"--output report\.json"):
            read_baseline(path)

    def test_a_baseline_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(WrongProfile, match="cannot be read"):
            read_baseline(tmp_path / "none.json")
