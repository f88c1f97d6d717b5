"""The probe over the whole gallery: what is wrong is found, what is right raises no alarm, and the page says the same.

`SOJOURN_GALLERY=1 pytest tests/probe/test_gallery.py` writes its tables.
"""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Report
from sojourn.probe.reports import WRITERS
from sojourn.probe.running import audit
from tests.patients import illnesses, limited, managed
from tests.patients.gallery import GALLERY
from tests.patients.plain import PASSWORD

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "what-the-probe-finds.md"
_PART = re.compile(r"(<!-- measured: ([\w-]+) -->\n).*?(<!-- end of what was measured -->\n)", re.DOTALL)
NO_BASELINE = Comparison()
BAD = (Answer.FAIL, Answer.WARN)
FIRES_ON = {
    **{name: each.check for name, each in illnesses.ILLNESSES.items()},
    **{name: each.check for (name, _), each in limited.ILLNESSES.items()},
    **{name: each.check for name, each in managed.ILLNESSES.items()},
}
"""The check of each illness; an audit of each is in test_checks, test_limits, test_mailbox or test_managed."""
NEED_A_BROWSER = {"token-in-storage"}
"""Their illnesses are in tests/browser."""


@cache
def report(name: str) -> Report:
    """The audit of one of them; each is audited once."""
    with GALLERY[name].profile() as profile:
        return audit(profile, all_checks())


def bad(name: str) -> set[str]:
    return {each.check.id for each in report(name).with_answer(*BAD)} - GALLERY[name].either


@pytest.mark.parametrize("name", GALLERY)
def test_an_application_is_found_to_be_what_it_is(name: str) -> None:
    found = report(name)
    assert not found.stopped
    assert bad(name) == GALLERY[name].weak, [(each.check.id, each.summary) for each in found.with_answer(*BAD)]
    (limit,) = (each for each in found.findings if each.check.id == "session-limit")
    assert GALLERY[name].limit in limit.summary


@pytest.mark.parametrize("name", GALLERY)
def test_no_report_holds_the_password_or_a_cookie(name: str) -> None:
    for kind, write in WRITERS.items():
        text = write(report(name), NO_BASELINE)
        assert PASSWORD not in text, kind
        cookies = re.findall(r"set-cookie: [^=\s]+=([^;\s]*)", html.unescape(text), re.IGNORECASE)
        assert [value for value in cookies if value.strip('\\"') and "[" not in value] == [], kind


def passed_by_mistake(name: str) -> set[str]:
    return {each.check.id for each in report(name).with_answer(Answer.PASS)} & GALLERY[name].weak


def applications() -> Iterator[str]:
    """A row for each application."""
    yield "| application | weak | found | missed | false alarms | not testable |\n|---|---|---|---|---|---|\n"
    for name, patient in GALLERY.items():
        found = report(name)
        columns = (
            len(patient.weak),
            len(bad(name) & patient.weak),
            len(passed_by_mistake(name)),
            len(bad(name) - patient.weak),
            found.count(Answer.NOT_TESTABLE),
        )
        yield f"| {name} | {' | '.join(map(str, columns))} |\n"


def checks() -> Iterator[str]:
    """A row for each check."""
    yield "| check | illness on which it fires | fail | warn | pass | not testable |\n|---|---|---|---|---|---|\n"
    for check in all_checks():
        ills = ", ".join(f"`{name}`" for name, fires in FIRES_ON.items() if fires == check.id)
        answers = Counter(
            each.answer
            for name, patient in GALLERY.items()
            for each in report(name).findings
            if each.check is check and check.id not in patient.either
        )
        numbers = (answers[Answer.FAIL], answers[Answer.WARN], answers[Answer.PASS], answers[Answer.NOT_TESTABLE])
        yield f"| [{check.id}](../reference/probe.md#{check.id}) | {ills} | {' | '.join(map(str, numbers))} |\n"


def test_the_page_says_what_was_found() -> None:
    parts = {"applications": applications, "checks": checks}
    text = PAGE.read_text(encoding="utf-8")
    measured = _PART.sub(lambda part: part[1] + "".join(parts[part[2]]()) + part[3], text)
    if os.environ.get("SOJOURN_GALLERY"):
        PAGE.write_text(measured, encoding="utf-8")
    assert measured == PAGE.read_text(encoding="utf-8"), (
        "run it once more with SOJOURN_GALLERY=1, and look at the change"
    )


def test_every_check_has_an_illness_on_which_it_fires() -> None:
    assert {check.id for check in all_checks()} - NEED_A_BROWSER == set(FIRES_ON.values())
