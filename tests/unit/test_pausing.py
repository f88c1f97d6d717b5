"""A pause keeps a subject's own sign-ins out, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sojourn.control import SessionControl
from sojourn.core.admission import Minted, decide_choice, decide_start
from sojourn.core.errors import InvalidInput, InvalidSubject
from sojourn.core.events import payload
from sojourn.core.explain import explain
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Paused
from sojourn.core.pausing import decide_pause, decide_resume
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, Pause, Profile, Roster
from sojourn.core.timeouts import DAY, HOUR, Timeouts
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import START, FakeClock
from sojourn.testing.samples import digest, session, ticket

NOW = START + 100
MINTED = Minted("new", digest("new"), digest("new ticket"), NOW + 300)
PAUSE = Pause(START, "root", "a stolen phone", NOW + HOUR)
PAUSED = Roster("ann", (session("a"),), profile=Profile(PAUSE, {"phone": "My phone"}))
POLICIES = [
    Policy(),
    Policy((Limit(1),)),
    Policy((Limit(1, Overflow.REFUSE),), Timeouts(HOUR)),
    Policy((Limit(1, Overflow.ASK),)),
    Policy((Limit(1),), report_only=True),
]


@pytest.mark.parametrize("policy", POLICIES, ids=["no limit", "end existing", "refuse", "ask", "report only"])
def test_a_pause_comes_before_every_limit_and_holds_in_report_only_too(policy: Policy) -> None:
    decision = decide_start(PAUSED, Arrival("ann", client="web"), policy, MINTED, NOW)
    assert decision.outcome == Paused(NOW + HOUR)
    assert (decision.insert, decision.update, decision.issue, decision.profile) == (None, (), None, None)
    (event,) = decision.events
    assert payload(event)["type"] == "start.paused"
    assert payload(event)["until"] == NOW + HOUR
    assert "stolen" not in str(payload(event))


@pytest.mark.parametrize("chosen", [(), ("a",)])
def test_a_choice_is_paused_like_a_sign_in_and_keeps_its_ticket(chosen: tuple[str, ...]) -> None:
    pending = ticket("t", arrival=Arrival("ann"), expires=NOW + 1)
    roster = replace(PAUSED, ticket=pending)
    policy = Policy((Limit(1, Overflow.ASK),))
    decision = decide_choice(roster, Arrival("ann"), "browser-digest", chosen, policy, MINTED, NOW)
    assert decision.outcome == Paused(NOW + HOUR)
    assert (decision.redeem, decision.update) == (None, ())


def test_a_pause_is_over_at_its_end() -> None:
    def outcome(now: int) -> object:
        return decide_start(PAUSED, Arrival("ann"), Policy(), replace(MINTED, ticket_expires=now), now).outcome

    assert isinstance(outcome(NOW + HOUR - 1), Paused)
    assert isinstance(outcome(NOW + HOUR), Admitted)


def test_a_pause_without_an_end_stays() -> None:
    roster = Roster("ann", profile=Profile(Pause(START, "root")))
    outcome = decide_start(roster, Arrival("ann"), Policy(), MINTED, NOW + 1000 * DAY).outcome
    assert outcome == Paused(None)


def test_somebody_who_acts_as_the_subject_is_not_paused() -> None:
    decision = decide_start(PAUSED, Arrival("ann", parent="staff"), Policy((Limit(1),)), MINTED, NOW)
    assert isinstance(decision.outcome, Admitted)


def test_an_admission_that_is_asked_again_answers_as_before_it_was_paused() -> None:
    roster = replace(PAUSED, sessions=(session("new"),))
    assert isinstance(decide_start(roster, Arrival("ann"), Policy(), MINTED, NOW).outcome, Admitted)


def test_to_pause_writes_the_pause_beside_what_is_remembered_and_ends_nothing() -> None:
    later = Pause(NOW, "ops", "again", NOW + DAY)
    decision = decide_pause(PAUSED, later)
    assert decision.outcome == later
    assert decision.profile == Profile(later, {"phone": "My phone"})
    assert decision.update == ()
    (event,) = decision.events
    body = payload(event)
    assert (body["type"], body["by"], body["note"], body["until"]) == ("sign_ins.paused", "ops", "again", NOW + DAY)


@pytest.mark.parametrize(
    ("pause", "message"),
    [
        (Pause(NOW, ""), "say by whom"),
        (Pause(NOW, " \n "), "say by whom"),
        (Pause(NOW, "root", until=NOW), "later than it begins"),
        (Pause(NOW, "root", until=NOW - 1), "later than it begins"),
        (Pause(NOW, "root", until=10**30), "within a hundred years"),
    ],
)
def test_a_pause_that_nobody_answers_for_or_that_cannot_be_is_an_error(pause: Pause, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        decide_pause(PAUSED, pause)


def test_to_resume_takes_the_pause_away_and_says_so_once() -> None:
    decision = decide_resume(PAUSED, " root\t", NOW)
    assert decision.outcome is True
    assert decision.profile == Profile(None, {"phone": "My phone"})
    assert [(event.type, payload(event)["by"]) for event in decision.events] == [("sign_ins.resumed", "root")]
    again = decide_resume(replace(PAUSED, profile=decision.profile), "root", NOW)
    assert (again.outcome, again.profile, again.events) == (False, None, ())


def test_to_resume_what_is_over_by_itself_clears_it_away_without_an_event() -> None:
    decision = decide_resume(PAUSED, "root", NOW + HOUR)
    assert (decision.outcome, decision.events) == (False, ())
    assert decision.profile is not None
    assert decision.profile.pause is None


def test_nobody_cannot_resume() -> None:
    with pytest.raises(InvalidInput, match="say by whom"):
        decide_resume(PAUSED, "", NOW)


def test_explain_says_that_sign_ins_are_paused_and_not_why() -> None:
    explanation = explain(PAUSED, Arrival("ann"), Policy((Limit(1),)), NOW)
    assert explanation.outcome == Paused(NOW + HOUR)
    assert explanation.lines == (
        "An operator has paused this subject's sign-ins.",
        "The sign-in would be stopped, whatever the limits say.",
    )


def test_open_sessions_go_on_while_sign_ins_are_paused() -> None:
    clock = FakeClock()
    control = SessionControl(MemoryStore(), Policy((Limit(1, Overflow.ASK),)), clock=clock)
    first = control.start(Arrival("ann"))
    assert isinstance(first, Admitted)
    assert first.token is not None
    asked = control.start(Arrival("ann"), browser="b")
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    assert control.pause("ann", by="root", until=clock() + HOUR).holds(clock())
    assert isinstance(control.authenticate(first.token), Authenticated)
    assert isinstance(control.choose(asked.ticket, [first.session.sid], browser="b"), Paused)
    assert isinstance(control.start(Arrival("bob")), Admitted), "another subject is not concerned"
    assert control.resume("ann", by="root") is True
    assert isinstance(control.choose(asked.ticket, [first.session.sid], browser="b"), Admitted)


def test_a_subject_who_has_never_signed_in_can_be_paused_but_a_wrong_one_cannot() -> None:
    control = SessionControl(MemoryStore(), Policy())
    control.pause("new", by="root")
    assert control.start(Arrival("new")) == Paused(None)
    with pytest.raises(InvalidSubject):
        control.pause("", by="root")
