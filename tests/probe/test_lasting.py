"""For how long sessions last, as the probe sees it: what it finds, how long that takes, and what it is worth."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import absolute_lifetime, inactivity_timeout
from sojourn.probe.checks.passive_traffic import asked_for
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.demands import INACTIVITY, LIFETIME, Demand, Meets, Span, duration, table, verdict
from sojourn.probe.examining.lasting import Idle
from sojourn.probe.outcome.report import Finding
from sojourn.probe.running import audit
from tests.patients.carrying import Request
from tests.patients.plain import Answer as Page
from tests.patients.plain import Plain
from tests.patients.serving import serving
from tests.probe.moments import MovedClock
from tests.probe.seen import examined

DAY = 86400.0


class OneAtATime(Plain):
    """A sign-in ends every other session."""

    def login(self, request: Request) -> Page:
        before = set(self.sessions)
        answer = super().login(request)
        if request.method == "POST":
            for key in before:
                self.sessions.pop(key, None)
        return answer


def left_idle(site: Plain, clock: MovedClock, wait: float) -> tuple[Finding, float]:
    """What the check comes to, and the seconds that it took."""
    with serving(site) as place:
        report = audit(place.profile(wait=wait), [inactivity_timeout.CHECK], clock=clock)
    return report.findings[0], report.seconds


@pytest.mark.parametrize("wait", [3700.0, 10_000.0])
def test_the_timeout_is_narrowed_down_within_the_wait(wait: float) -> None:
    clock = MovedClock()
    finding, seconds = left_idle(Plain(clock=clock.now), clock, wait)  # which ends after 3000 seconds
    assert finding.answer is Answer.PASS
    assert "NIST SP 800-63B-4 AAL2, at most 1 hour: met" in finding.details
    assert "PCI DSS 4.0 8.2.8, at most 15 minutes: not met" in finding.details
    assert seconds <= wait + 10
    if wait > 9000:
        assert finding.summary == "A session that lies idle ends between 49.7 minutes and 50.8 minutes"


def test_an_account_that_may_have_one_session_waits_one_pause_after_the_other() -> None:
    clock = MovedClock()
    finding, seconds = left_idle(OneAtATime(clock=clock.now), clock, 10_000)
    assert finding.answer is Answer.PASS
    assert finding.summary == "A session that lies idle ends between 41.7 minutes and 1 hour"
    assert seconds <= 10_100


@pytest.mark.parametrize(("wait", "answer"), [(100, Answer.NOT_TESTABLE), (1000, Answer.WARN), (4000, Answer.FAIL)])
def test_what_was_not_seen_to_end_is_never_a_pass(wait: float, answer: Answer) -> None:
    clock = MovedClock()
    finding, _ = left_idle(Plain("never-idle", clock=clock.now), clock, wait)
    assert finding.answer is answer
    assert "a longer --wait may see it end" in finding.summary


@pytest.mark.parametrize(
    ("span", "meets"),
    [
        (Span(800, 900), Meets.YES),  # over at the latest when it has to be
        (Span(900, 1000), Meets.NO),  # looked at after the 15 minutes were over, and open
        (Span(1000, None), Meets.NO),
        (Span(800, 1000), Meets.UNTOLD),
        (Span(800, None), Meets.UNTOLD),
    ],
)
def test_a_demand_is_met_or_not_or_that_is_not_known(span: Span, meets: Meets) -> None:
    assert span.meets(Demand("", 900)) is meets


@pytest.mark.parametrize(
    ("span", "answer"),
    [
        (Span(0, 10 * 3600), Answer.PASS),
        (Span(DAY, 20 * DAY), Answer.PASS),  # of AAL1, at least
        (Span(DAY, None), Answer.WARN),
        (Span(31 * DAY, None), Answer.FAIL),
        (Span(3600, None), Answer.NOT_TESTABLE),
    ],
)
def test_one_standard_that_is_met_is_a_pass_and_none_that_can_be_is_a_failure(span: Span, answer: Answer) -> None:
    assert verdict(span, LIFETIME) is answer


def test_every_demand_is_in_the_table() -> None:
    assert [line.split(": ")[1] for line in table(Span(800, 900), INACTIVITY)] == [
        "not met",
        "met",
        "met",
        "met",
        "met",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (90, "90 seconds"), (60, "1 minute"), (900, "15 minutes"), (3600, "1 hour"), (43200, "12 hours")],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_what_scripts_ask_for_by_themselves_is_found_and_what_keeps_a_session_on_purpose_is_not() -> None:
    text = """<script src="/static/status.js"></script><body data-url="/sessions/state/">
    <script>setInterval(() => fetch('/api/notifications'), 30000); fetch("/keep-alive/ping"); say("status")</script>"""
    assert asked_for(text) == ["/sessions/state/", "/api/notifications"]


def test_where_one_pause_follows_another_what_is_left_of_the_wait_is_a_pause_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.patients.lasting.IDLE", 2000.0)
    clock = MovedClock()
    finding, seconds = left_idle(OneAtATime(clock=clock.now), clock, 4500.0)  # pauses of 300, 900, 1125, and 2250
    assert finding.answer is Answer.PASS, finding
    assert seconds < 4510


@pytest.mark.parametrize(
    ("span", "seconds"),
    [(Span(0, 20), 5), (Span(10, 20), 5), (Span(600, 900), 60), (Span(0, None), 15), (Span(0, 7200), 60)],
)
def test_a_session_whose_lifetime_is_looked_for_never_lies_idle_meanwhile(
    span: Span, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absolute_lifetime, "idle", lambda _: SimpleNamespace(span=span))
    assert absolute_lifetime._step(examined(wait=3600.0)) == seconds


def test_where_the_inactivity_timeout_cannot_be_told_it_is_used_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    def untold(_: object) -> Idle:
        raise NotTestable("No session was open")

    monkeypatch.setattr(absolute_lifetime, "idle", untold)
    assert absolute_lifetime._step(examined(wait=36_000.0)) == 60
