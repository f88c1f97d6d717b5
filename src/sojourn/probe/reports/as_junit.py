"""The report as JUnit's XML: each check is a test case, so that any CI shows it."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from sojourn.probe.answers import Answer
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Finding, Report

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report, comparison: Comparison) -> str:
    """One test suite. What failed is a failure, unless the baseline has it; what could not be tested was skipped."""
    suite = ET.Element("testsuite", name=f"sojourn probe: {_clean(report.target)}")
    for finding in report.findings:
        suite.append(_case(finding, comparison))
    suite.set("tests", str(len(report.findings)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "1" if report.stopped else "0")
    suite.set("time", f"{report.seconds:.3f}")
    suite.set("timestamp", datetime.fromtimestamp(report.began, UTC).isoformat(timespec="seconds"))
    if report.stopped:
        case = ET.SubElement(
            suite, "testcase", classname="sojourn.probe", name="the audit went on to its end", time="0"
        )
        ET.SubElement(case, "error", message=_clean(report.stopped))
        suite.set("tests", str(len(report.findings) + 1))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(finding: Finding, comparison: Comparison) -> ET.Element:
    check = finding.check
    case = ET.Element(
        "testcase", classname="sojourn.probe", name=f"{check.id}: {check.title}", time=f"{finding.seconds:.3f}"
    )
    said = _clean("\n".join([finding.summary, *finding.details, "", check.advice, ", ".join(check.references)]))
    if finding.answer is Answer.FAIL and comparison.is_new(finding):
        ET.SubElement(case, "failure", message=_clean(finding.summary), type=check.severity.value).text = said
    elif finding.answer is Answer.NOT_TESTABLE:
        ET.SubElement(case, "skipped", message=_clean(f"not testable: {finding.summary}"))
    elif finding.answer is not Answer.PASS:
        ET.SubElement(case, "system-out").text = _clean(f"{finding.answer}: {said}")
    return case


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
