"""Ids that are none are refused without a fault."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable, Unreachable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forged import as_stranger, bringing
from sojourn.probe.examining.tour import path
from sojourn.probe.wire.visitor import Visitor

MARKER = "x-sojourn-probe"
ODD = {
    "an empty value": "",
    "a line break": f"1%0d%0a{MARKER}:%201",
    "a NUL": "1%00",
    "letters of other scripts": "идентификатор☃",
    "bytes that are no UTF-8": "%ff%fe%80",
    "quotes and brackets": "1'\"`<>{}[]()|&$",
    "a path": "../../../../etc/passwd",
    "a broken structure": "e30.e30.",
    "8 kB": "a" * 8192,
}
"""What is brought in place of an id. None of it could do more than to cause a fault."""


def _instead(examination: Examination, value: str) -> Visitor:
    return bringing(examination, lambda _: value)


def _look(examination: Examination) -> Verdict:
    mark, control = examination.survey.marks[0], as_stranger(examination)
    silent = []
    for name, value in ODD.items():
        try:
            page = _instead(examination, value).get(mark.url)
        except Unreachable:
            silent.append(name)
            continue
        evidence = (*control.chain, *page.chain)
        if any(each.header(MARKER) for each in page.chain):
            return failed(f"An id with {name} writes headers into the answer of {path(mark.url)}", evidence)
        if page.status >= 500:
            return failed(f"{path(mark.url)} answers {page.status} to an id that is {name}", evidence)
        if mark.shows(page) is None:
            silent.append(name)
        elif mark.shows(page):
            return failed(f"An id that is {name} opens {path(mark.url)}", evidence)
    after = as_stranger(examination)
    if after.status != control.status:
        raise NotTestable(f"{path(mark.url)} answers strangers otherwise by now: something in front of it took offence")
    if len(silent) == len(ODD):
        raise NotTestable("No request with a malformed id was answered")
    return passed(
        f"{len(ODD)} malformed ids are refused without a fault",
        details=[f"Not answered, or not looked at: an id that is {name}" for name in silent],
    )


CHECK = Check(
    id="malformed-ids",
    title="A malformed id is refused without a fault",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 7.2.1", "WSTG-SESS-01", "WSTG-ERRH-01", "CWE-20", "CWE-113", "CWE-755"),
    does=f"Opens a page that needs a session with {len(ODD)} ids that are none: {', '.join(ODD)}.",
    advice=(
        "Take what a browser brings for what it is, a text by anybody: look it up if it has the form of an id, and "
        "treat the request as a stranger's if it has not."
    ),
    sign_ins=0,
    look=_look,
)
