"""An audit goes on where a check breaks, ends where the operator ends it, and signs out of what it began."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sojourn.probe import surveying
from sojourn.probe.answers import Answer, Severity, Verdict, passed
from sojourn.probe.check import Check
from sojourn.probe.clock import Clock
from sojourn.probe.errors import Endless, Unreachable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.outcome.report import Finding, Report
from sojourn.probe.profiles.profile import Step
from sojourn.probe.running import audit
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.network import Network
from tests.patients.carrying import Request
from tests.patients.plain import PASSWORD, Plain
from tests.patients.plain import Answer as Page
from tests.patients.serving import serving
from tests.probe.moments import MovedClock


def made(look: Callable[[Examination], Verdict], name: str = "made") -> Check:
    return Check(
        id=name,
        title="A check made for a test",
        severity=Severity.LOW,
        references=(),
        does="",
        advice="",
        sign_ins=1,
        look=look,
    )


def run(checks: Sequence[Check], *, site: Plain | None = None, clock: Clock | None = None, **known: Any) -> Report:
    with serving(site or Plain()) as place:
        return audit(place.profile(max_time=120), checks, clock=clock or MovedClock(), **known)


def fine(examination: Examination) -> Verdict:
    examination.sign_in()
    return passed("fine")


def interrupted(examination: Examination) -> Verdict:
    examination.sign_in()
    raise KeyboardInterrupt


def open_sessions(site: Plain) -> int:
    return sum(bool(session.user) for session in site.sessions.values())


def test_a_check_that_breaks_is_not_testable_and_the_audit_goes_on() -> None:
    def breaks(examination: Examination) -> Verdict:
        raise KeyError(examination.token(examination.sign_in()))

    site = Plain()
    broken, other = run([made(breaks, "broken"), made(fine)], site=site).findings
    assert (broken.answer, other.answer) == (Answer.NOT_TESTABLE, Answer.PASS)
    assert broken.summary == "The probe itself failed here: KeyError. Please report it."
    assert open_sessions(site) == 0


def test_neither_what_a_check_says_nor_why_it_could_not_be_made_shows_a_one_time_ticket() -> None:
    def says(_: Examination) -> Verdict:
        return passed("It led to /x?ticket=k3-9dR2p", details=["and to /y?code=k3-9dR2p"])

    def fails(_: Examination) -> Verdict:
        raise Endless("https://app.example/x?token=k3-9dR2p redirects")

    report = run([made(says), made(fails)])
    assert [each.answer for each in report.findings] == [Answer.PASS, Answer.NOT_TESTABLE]
    assert "k3-9dR2p" not in repr(report.findings)


def test_what_the_application_says_is_cut_off_only_once_no_secret_is_in_it() -> None:
    def says(_: Examination) -> Verdict:
        return passed("It says", quoted="." * 185 + f" {PASSWORD} and more than is quoted")

    (finding,) = run([made(says)]).findings
    assert finding.summary.startswith("It says '...")
    assert not [word for word in PASSWORD.split() if word in finding.summary], finding.summary


def lost(network: Network, monkeypatch: pytest.MonkeyPatch, fails: Callable[[str, str], bool]) -> None:
    """Have the answers to some requests get lost on their way: the application has done what it was asked."""
    send = network.send

    def sends(method: str, url: str, **how: Any) -> Exchange:
        exchange = send(method, url, **how)
        if fails(method, url):
            raise Unreachable(f"{method} {url}: ReadTimeout")
        return exchange

    monkeypatch.setattr(network, "send", sends)


def test_a_session_whose_sign_in_was_not_answered_in_time_is_said_to_be_left_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def look(examination: Examination) -> Verdict:
        lost(examination.network, monkeypatch, lambda method, url: (method, url[-6:]) == ("POST", "/login"))
        return fine(examination)

    site = Plain()
    report = run([made(look)], site=site)
    assert report.findings[0].answer is Answer.NOT_TESTABLE
    assert report.left_open == open_sessions(site) == 1


def test_one_that_its_browser_has_all_the_same_is_signed_out_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(examination: Examination) -> Verdict:
        lost(examination.network, monkeypatch, lambda method, url: (method, url[-7:]) == ("GET", "/report") and once())
        return fine(examination)

    remaining = [None]

    def once() -> bool:
        return bool(remaining) and remaining.pop() is None

    site = Plain()
    report = run([made(look)], site=site)
    assert (report.left_open, open_sessions(site)) == (0, 0)


class Confirming(Plain):
    """Signs in with the password, and asks for it once more."""

    asks = True

    def __init__(self) -> None:
        super().__init__()
        self.views["/confirm"] = self.confirm

    def confirm(self, request: Request) -> Page:
        if request.method == "POST":
            return "303 See Other", [("Location", "/report")], ""
        form = '<form method="post"><input type="password" name="again"></form>'
        return "200 OK", [], form if self.asks else "nothing to confirm"


def test_a_login_that_stops_after_the_step_that_signed_in_is_signed_out_of() -> None:
    site = Confirming()
    steps = (Step("/login", {"name": "{user}", "password": "{password}"}), Step("/confirm", {"again": "{password}"}))

    def look(examination: Examination) -> Verdict:
        site.asks = False
        return fine(examination)

    with serving(site) as place:
        report = audit(place.profile(steps=steps), [made(look)])
    assert report.findings[0].answer is Answer.NOT_TESTABLE, report.findings
    assert (report.left_open, open_sessions(site)) == (0, 0)


def test_an_interrupted_audit_reports_what_it_found_and_signs_out() -> None:
    site = Plain()
    report = run([made(fine), made(interrupted, "endless"), made(fine, "later")], site=site)
    assert [each.check.id for each in report.findings] == ["made"]
    assert report.stopped == "Stopped by the operator at endless"
    assert (report.left_open, open_sessions(site)) == (0, 0)


def test_an_audit_interrupted_twice_says_what_it_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(*_: object) -> None:
        raise KeyboardInterrupt

    def look(examination: Examination) -> Verdict:
        examination.sign_in()
        monkeypatch.setattr(examination, "sign_out", again)
        return interrupted(examination)

    site = Plain()
    report = run([made(look)], site=site)
    assert report.stopped == "Stopped by the operator at made, and while it was signing out"
    assert report.left_open == open_sessions(site) == 2


def test_an_audit_can_be_interrupted_while_it_waits() -> None:
    class Impatient(MovedClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.time > 1_000_030:
                raise KeyboardInterrupt

    def waits(examination: Examination) -> Verdict:
        examination.sign_in()
        examination.wait(10_000)
        return passed("waited")

    site = Plain()
    report = run([made(waits)], site=site, clock=Impatient())
    assert report.stopped == "Stopped by the operator at made"
    assert report.seconds < 40
    assert open_sessions(site) == 0


def test_waiting_is_shown_and_takes_nothing_from_the_time_of_the_audit() -> None:
    told = []

    class Watcher:
        def begins(self, check: Check) -> None: ...
        def ends(self, finding: Finding) -> None: ...
        def waits(self, seconds: float) -> None:
            told.append(seconds)

    def waits(examination: Examination) -> Verdict:
        examination.wait(600)
        return fine(examination)

    report = run([made(waits)], watcher=Watcher())  # of an audit that may take 120 seconds
    assert (report.findings[0].answer, report.seconds) == (Answer.PASS, 600)
    assert told == list(range(600, 0, -1))


def test_a_session_that_only_its_browser_has_lost_counts_as_left_open() -> None:
    site = Plain("logout-keeps")
    report = run([made(fine)], site=site)
    assert report.left_open == open_sessions(site) == 2  # the survey's own and the check's


def test_what_one_check_leaves_open_is_tried_again_at_the_end_alone() -> None:
    site = Plain("logout-keeps")
    tried = []

    def cures(examination: Examination) -> Verdict:
        tried.append(examination.left_open)
        site.illness = ""
        return passed("cured")

    report = run([made(fine), made(cures, "cures")], site=site)
    assert tried == [2]
    assert report.left_open == 0


def test_an_application_whose_sessions_stay_open_spoils_no_other_check() -> None:
    report = run([made(fine), made(fine, "next")], site=Plain("logout-keeps"))
    assert [each.answer for each in report.findings] == [Answer.PASS, Answer.PASS]
    assert report.left_open == 3


@pytest.mark.parametrize("what", ["find_marks", "find_carriers", "find_logout"])
def test_an_audit_interrupted_while_it_looks_around_leaves_nobody_signed_in(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(surveying, what, interrupted)
    site = Plain()
    with pytest.raises(KeyboardInterrupt):
        run([], site=site)
    assert site.issued
    assert open_sessions(site) == 0
