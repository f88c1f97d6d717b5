"""What a subject may do has changed: each of their tokens is renewed, once for each change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.control import Options, SessionControl
from sojourn.core.admission import Minted, decide_start
from sojourn.core.decisions import (
    decide_credential,
    decide_elevate,
    decide_rotate,
    decide_settle,
)
from sojourn.core.outcomes import Admitted, Authenticated, Unknown
from sojourn.core.policy import Policy
from sojourn.core.privileges import CHANGED, decide_note_privileges, decide_privileges_changed, differ
from sojourn.core.records import Arrival, Roster, Session
from sojourn.core.timeouts import HOUR
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import START, FakeClock
from sojourn.testing.samples import digest, full_session, session

NOW = START + 100
GRACE = 10


def note(held: Session, privileges: str, *, renew: bool = True) -> tuple[Session | None, tuple[Session, ...]]:
    roster = Roster("ann", (held,))
    decision = decide_note_privileges(roster, held.sid, privileges, digest("new"), GRACE, NOW, renew=renew)
    assert [event.type for event in decision.events] == (["session.rotated"] if decision.outcome else [])
    return decision.outcome, decision.update


def test_a_session_begins_with_what_its_subject_may_do() -> None:
    minted = Minted("new", digest("new"), digest("ticket"), NOW)
    decision = decide_start(Roster("ann"), Arrival("ann", privileges="staff"), Policy(), minted, NOW)
    assert isinstance(decision.outcome, Admitted)
    assert decision.outcome.session.privileges == "staff"


@pytest.mark.parametrize("noted", ["staff", CHANGED])
def test_other_privileges_renew_the_token_and_are_noted(noted: str) -> None:
    held = replace(full_session("a"), privileges=noted, parent="")
    outcome, update = note(held, "superuser")
    assert outcome == replace(
        held,
        digest=digest("new"),
        generation=held.generation + 1,
        predecessor=held.digest,
        predecessor_until=NOW + GRACE,
        privileges="superuser",
    )
    assert update == (outcome,)


@pytest.mark.parametrize("noted", ["", "staff", CHANGED])
def test_nobody_who_looks_finds_nothing(noted: str) -> None:
    assert note(session("a", privileges=noted), "") == (None, ())


def test_the_same_privileges_change_nothing() -> None:
    assert note(session("a", privileges="staff"), "staff") == (None, ())


def test_a_session_from_before_is_taken_as_it_is() -> None:
    assert note(session("a"), "staff") == (None, (session("a", privileges="staff"),))


def test_noting_without_renewing_leaves_the_token() -> None:
    assert note(session("a", privileges=CHANGED), "staff", renew=False) == (None, (session("a", privileges="staff"),))


def test_a_session_that_is_over_or_unknown_is_left_alone() -> None:
    over = session("a", privileges="staff", expires=NOW)
    assert note(over, "superuser") == (None, ())
    decision = decide_note_privileges(Roster("ann"), "a", "superuser", digest("new"), GRACE, NOW)
    assert (decision.outcome, decision.update) == (None, ())


def test_a_change_that_no_digest_tells_marks_every_live_session() -> None:
    live, marked, over = session("a", privileges="staff"), session("b", privileges=CHANGED), session("c", expires=NOW)
    decision = decide_privileges_changed(Roster("ann", (live, marked, over)), NOW)
    assert decision.outcome == decision.update == (replace(live, privileges=CHANGED),)
    assert decision.events == ()


def test_every_other_transition_keeps_what_was_noted() -> None:
    held = session("a", privileges="staff", credential="old")
    roster = Roster("ann", (held,))
    decisions = [
        decide_rotate(roster, "a", digest("new"), GRACE, NOW),
        decide_elevate(roster, "a", "gold", (), NOW),
        decide_settle(roster, "a", Policy(), NOW, persistent=True, carrier_expires=None),
        decide_credential(roster, ("new",), "a", NOW),
    ]
    assert [[one.privileges for one in decision.update] for decision in decisions] == [["staff"]] * 4


def test_a_renewal_for_another_reason_notes_the_privileges_with_it() -> None:
    roster = Roster("ann", (session("a", privileges="staff"),))
    decision = decide_rotate(roster, "a", digest("new"), GRACE, NOW, privileges="superuser")
    assert [one.privileges for one in decision.update] == ["superuser"]


def test_of_requests_at_once_one_renews_the_token_and_the_others_live_on_the_old_one_for_a_moment() -> None:
    clock = FakeClock()
    control = SessionControl(MemoryStore(), Policy(), clock=clock, options=Options(rotation_grace=GRACE))
    first = control.start(Arrival("ann", privileges="user"))
    assert isinstance(first, Admitted)
    assert first.token is not None
    at_once = [control.authenticate(first.token) for _ in range(3)]
    renewed = [control.note_privileges(one.session, "staff") for one in at_once if isinstance(one, Authenticated)]
    assert [one is not None for one in renewed] == [True, False, False]
    assert renewed[0] is not None
    late = control.authenticate(first.token)
    assert isinstance(late, Authenticated)
    assert late.renewed
    assert not differ(late.session, "staff")
    clock.advance(GRACE)
    assert isinstance(control.authenticate(first.token), Unknown)
    assert isinstance(control.authenticate(renewed[0][1]), Authenticated)


@given(st.lists(st.sampled_from(["look", "look too", "grant", "mark", "wait"]), max_size=30))
def test_each_change_renews_each_session_once_however_it_is_looked_at(steps: list[str]) -> None:
    clock = FakeClock()
    control = SessionControl(MemoryStore(), Policy(), clock=clock, options=Options(rotation_grace=0))
    held = {}
    for name in ("look", "look too"):
        started = control.start(Arrival("ann", privileges="0"))
        assert isinstance(started, Admitted)
        assert started.token is not None
        held[name] = started.token
    grants, pending = 0, dict.fromkeys(held, False)
    for step in steps:
        if step == "grant":
            grants, pending = grants + 1, dict.fromkeys(held, True)
        elif step == "mark":
            control.privileges_changed("ann")
            pending = dict.fromkeys(held, True)
        elif step == "wait":
            clock.advance(HOUR)
        else:
            found = control.authenticate(held[step])
            assert isinstance(found, Authenticated), "nobody is signed out by it"
            renewed = control.note_privileges(found.session, str(grants))
            assert (renewed is not None) == pending[step]
            pending[step] = False
            held[step] = renewed[1] if renewed is not None else held[step]
