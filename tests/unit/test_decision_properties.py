"""What holds for every sign-in that Hypothesis can think of."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.core.admission import Minted, decide_start
from sojourn.core.decisions import Decision
from sojourn.core.explain import explain
from sojourn.core.outcomes import Admitted, ChoiceRequired, Refused, StartOutcome
from sojourn.core.policy import Counts, Limit, Order, Overflow, Policy, Scope
from sojourn.core.records import Arrival, DeviceClass, EndReason, Roster, Session
from sojourn.core.timeouts import HOUR, Timeouts
from sojourn.testing.clock import START
from sojourn.testing.oracle import alive, binds, taken
from sojourn.testing.samples import digest, session
from sojourn.testing.stories import CLIENTS, DEVICES

NOW = START + 100
MINTED = Minted("new", digest("new"), digest("new ticket"), NOW + 300)
WHEN = st.one_of(st.none(), st.integers(START + 90, START + 110))

LIMITS = st.builds(
    Limit,
    st.integers(1, 4),
    st.sampled_from(Overflow),
    st.sampled_from(Order),
    st.frozensets(st.sampled_from(Scope)),
    st.sampled_from(Counts),
    groups=st.sampled_from([frozenset[str](), frozenset({"staff"})]),
    exempt=st.sampled_from([frozenset[str](), frozenset({"admin"})]),
    clients=st.sampled_from([frozenset[str](), frozenset({"web"})]),
    device_classes=st.sampled_from([frozenset[DeviceClass](), frozenset({DeviceClass.PHONE})]),
)
POLICIES = st.builds(
    Policy,
    st.lists(LIMITS, max_size=3).map(tuple),
    st.just(Timeouts(inactivity=HOUR)),
    replace_same_device=st.booleans(),
    report_only=st.sampled_from([False, False, False, True]),
)
ARRIVALS = st.builds(
    Arrival,
    st.just("ann"),
    client=st.sampled_from(CLIENTS),
    device=st.sampled_from(DEVICES),
    groups=st.frozensets(st.sampled_from(["staff", "admin"])),
    credentials=st.sampled_from([(), ("now",)]),
    replaces=st.sampled_from(["", "0", "3"]),
)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    return Roster(
        "ann",
        tuple(
            session(
                str(number),
                created=START + draw(st.integers(0, 3)),
                last_seen=START + draw(st.integers(3, 6)),
                inactivity_timeout=draw(st.sampled_from([None, 95, HOUR])),
                expires=draw(WHEN),
                client=draw(st.sampled_from(CLIENTS)),
                device=draw(st.sampled_from(DEVICES)),
                credential=draw(st.sampled_from(["", "now", "old"])),
            )
            for number in range(draw(st.integers(0, 6)))
        ),
    )


def decide(roster: Roster, arrival: Arrival, policy: Policy) -> Decision[StartOutcome]:
    return decide_start(roster, arrival, policy, MINTED, NOW)


def carried_out(roster: Roster, decision: Decision[StartOutcome]) -> Roster:
    gone = {s.sid for s in decision.update if not s.open}
    inserted = [decision.insert] if decision.insert is not None else []
    return Roster("ann", (*(s for s in roster.sessions if s.sid not in gone), *inserted))


@settings(max_examples=100)
@given(rosters(), ARRIVALS, POLICIES)
def test_an_enforced_sign_in_never_leaves_more_open_than_any_limit(
    roster: Roster, arrival: Arrival, policy: Policy
) -> None:
    decision = decide(roster, arrival, policy)
    after = carried_out(roster, decision).sessions
    if isinstance(decision.outcome, Admitted) and not policy.report_only:
        for limit in policy.limits:
            assert not binds(limit, arrival) or taken(limit, after, arrival) <= limit.max_sessions
        assert all(alive(s, NOW) for s in after)


@given(rosters(), ARRIVALS, POLICIES)
def test_a_sign_in_that_is_not_admitted_writes_nothing_but_an_event_and_that_it_was_refused(
    roster: Roster, arrival: Arrival, policy: Policy
) -> None:
    decision = decide(roster, arrival, policy)
    if not isinstance(decision.outcome, Admitted):
        refused = isinstance(decision.outcome, Refused)
        profile = replace(roster.profile, refused_since=roster.profile.refused_since + 1) if refused else None
        assert decision == Decision(decision.outcome, events=decision.events, profile=profile)
        assert len(decision.events) == 1
        assert isinstance(decision.outcome, Refused | ChoiceRequired)
        assert not policy.report_only


@given(rosters(), ARRIVALS, POLICIES)
def test_every_session_either_ends_or_goes_on(roster: Roster, arrival: Arrival, policy: Policy) -> None:
    outcome = decide(roster, arrival, policy).outcome
    if isinstance(outcome, Admitted):
        parts = [*outcome.ended, *outcome.also_open]
        assert sorted(s.sid for s in parts) == sorted(s.sid for s in roster.sessions)
        assert not [s for s in outcome.ended if s.open or s.end_reason is None]
        assert not [s for s in outcome.also_open if s not in roster.sessions]


@given(rosters(), ARRIVALS, POLICIES)
def test_report_only_evicts_nobody(roster: Roster, arrival: Arrival, policy: Policy) -> None:
    outcome = decide(roster, arrival, replace(policy, report_only=True)).outcome
    assert isinstance(outcome, Admitted)
    assert EndReason.EVICTED not in {s.end_reason for s in outcome.ended}


@given(rosters(), ARRIVALS, st.integers(1, 4), st.sampled_from(Order))
def test_one_limit_evicts_exactly_as_many_as_it_must_and_the_first_in_its_order(
    roster: Roster, arrival: Arrival, number: int, order: Order
) -> None:
    limit = Limit(number, order=order)
    outcome = decide(roster, arrival, Policy((limit,))).outcome
    assert isinstance(outcome, Admitted)
    evicted = [s.sid for s in outcome.ended if s.end_reason is EndReason.EVICTED]
    competing = [s for s in roster.sessions if s.sid in evicted or s in outcome.also_open]
    assert evicted == [s.sid for s in limit.in_order(competing)][: max(0, len(competing) + 1 - number)]


@given(rosters(), ARRIVALS, POLICIES)
def test_asking_again_with_the_same_identifiers_changes_nothing_more(
    roster: Roster, arrival: Arrival, policy: Policy
) -> None:
    first = decide(roster, arrival, policy)
    again = decide(carried_out(roster, first), arrival, policy)
    assert type(again.outcome) is type(first.outcome)
    if isinstance(first.outcome, Admitted) and isinstance(again.outcome, Admitted):
        assert again.outcome.session == first.outcome.session
        assert again == Decision(again.outcome)


@given(rosters(), ARRIVALS, POLICIES)
def test_explain_agrees_with_the_decision_and_says_what_each_limit_has_to_say(
    roster: Roster, arrival: Arrival, policy: Policy
) -> None:
    outcome = decide(roster, arrival, policy).outcome
    explained = explain(roster, arrival, policy, NOW)
    assert type(explained.outcome) is type(outcome)
    if isinstance(outcome, Admitted) and isinstance(explained.outcome, Admitted):
        assert ends(explained.outcome.ended) == ends(outcome.ended)
        assert explained.outcome.also_open == outcome.also_open
    elif isinstance(outcome, Refused):
        assert explained.outcome == outcome
    for limit in policy.limits:
        assert any(limit.title in line for line in explained.lines)
    assert len(explained.lines) == max(1, len(policy.limits)) + policy.report_only + 1


def ends(sessions: tuple[Session, ...]) -> list[tuple[str, object, object]]:
    return [(s.sid, s.end_reason, s.ended) for s in sessions]
