"""The rules as tables: who is admitted, who ends, why, and what is written for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sojourn.core.admission import Minted, check_ticket, decide_choice, decide_start, offer
from sojourn.core.decisions import (
    Decision,
    decide_credential,
    decide_elevate,
    decide_end,
    decide_expire,
    decide_rotate,
    decide_settle,
    end_session,
)
from sojourn.core.errors import InvalidTicket
from sojourn.core.outcomes import Admitted, ChoiceRequired, Refused, StartOutcome
from sojourn.core.policy import Counts, Limit, Order, Overflow, Policy, Scope
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason, Roster, Session
from sojourn.core.timeouts import HOUR, MINUTE, Timeouts
from sojourn.testing.clock import START
from sojourn.testing.samples import digest, ended, full_session, session, ticket

NOW = START + 100
MINTED = Minted("new", digest("new"), digest("new ticket"), NOW + 300)
IDLE = Timeouts(inactivity=30 * MINUTE)
PHONE = Device(DeviceClass.PHONE, digest="phone")
COMPUTER = Device(DeviceClass.COMPUTER, digest="computer")
OLD, MIDDLE, YOUNG = (
    session(name, last_seen=START + at, created=START + at) for at, name in enumerate(["o", "m", "y"])
)


def start(
    sessions: Sequence[Session],
    policy: Policy,
    arrival: Arrival | None = None,
    chosen: Sequence[str] = (),
    now: int = NOW,
) -> Decision[StartOutcome]:
    return decide_start(Roster("ann", tuple(sessions)), arrival or Arrival("ann"), policy, MINTED, now, chosen=chosen)


def admitted(decision: Decision[StartOutcome]) -> Admitted:
    assert isinstance(decision.outcome, Admitted), decision.outcome
    assert decision.insert == decision.outcome.session
    assert decision.update == decision.outcome.ended
    return decision.outcome


def sids(sessions: Sequence[Session]) -> str:
    return "".join(sorted(s.sid for s in sessions))


def types(decision: Decision[object]) -> list[str]:
    return [event.type for event in decision.events]


def test_a_first_sign_in_is_admitted_and_remembers_how_it_came() -> None:
    arrival = Arrival(
        "ann",
        client="web",
        device=PHONE,
        address="192.0.2.7",
        place="Łódź",
        persistent=True,
        credentials=("now", "before"),
        carrier_expires=NOW + 7,
        acr="gold",
        amr=("pwd",),
    )
    outcome = admitted(start([], Policy((Limit(1),), Timeouts(HOUR), Timeouts(2 * HOUR, 9 * HOUR)), arrival))
    assert outcome.session == Session(
        sid="new",
        subject="ann",
        digest=digest("new"),
        created=NOW,
        authenticated=NOW,
        last_seen=NOW,
        inactivity_timeout=2 * HOUR,
        expires=NOW + 9 * HOUR,
        carrier_expires=NOW + 7,
        persistent=True,
        client="web",
        device=PHONE,
        address="192.0.2.7",
        place="Łódź",
        acr="gold",
        amr=("pwd",),
        credential="now",
    )


@pytest.mark.parametrize(
    ("limits", "outcome", "gone"),
    [
        ((), Admitted, ""),
        ((Limit(4),), Admitted, ""),
        ((Limit(3),), Admitted, "o"),
        ((Limit(1),), Admitted, "moy"),
        ((Limit(3, Overflow.REFUSE),), Refused, ""),
        ((Limit(4, Overflow.REFUSE),), Admitted, ""),
        ((Limit(3, Overflow.ASK),), ChoiceRequired, ""),
        ((Limit(4, Overflow.ASK),), Admitted, ""),
        ((Limit(2), Limit(3)), Admitted, "mo"),
        ((Limit(3, Overflow.REFUSE), Limit(1)), Refused, ""),
        ((Limit(1), Limit(3, Overflow.REFUSE)), Refused, ""),
        ((Limit(1), Limit(3, Overflow.ASK)), ChoiceRequired, ""),
        ((Limit(3, Overflow.ASK), Limit(3, Overflow.REFUSE)), Refused, ""),
        ((Limit(1), Limit(4, Overflow.REFUSE)), Admitted, "moy"),
    ],
)
def test_all_limits_are_judged_and_the_strictest_answer_counts(
    limits: tuple[Limit, ...], outcome: type[StartOutcome], gone: str
) -> None:
    decision = start([OLD, MIDDLE, YOUNG], Policy(limits, IDLE))
    assert isinstance(decision.outcome, outcome)
    assert sids(decision.update) == gone
    assert (decision.insert is not None) == (outcome is Admitted)
    assert decision.issue is decision.redeem is None


def test_the_newcomer_is_told_what_ended_and_what_is_open_beside_it() -> None:
    outcome = admitted(start([OLD, MIDDLE, YOUNG], Policy((Limit(2),))))
    assert sids(outcome.ended) == "mo"
    assert sids(outcome.also_open) == "y"
    assert {(s.end_reason, s.ended, s.ended_by) for s in outcome.ended} == {(EndReason.EVICTED, NOW, "new")}


def test_a_refusal_says_what_is_open_last_used_first_and_when_there_is_room() -> None:
    soon = replace(MIDDLE, inactivity_timeout=HOUR)
    decision = start([OLD, soon, replace(YOUNG, expires=NOW + 5)], Policy((Limit(3, Overflow.REFUSE),), IDLE))
    assert isinstance(decision.outcome, Refused)
    assert [s.sid for s in decision.outcome.open] == ["y", "m", "o"]
    assert decision.outcome.free_at == NOW + 5


def test_a_question_says_how_many_must_end_at_least() -> None:
    decision = start([OLD, MIDDLE, YOUNG], Policy((Limit(3, Overflow.ASK), Limit(2, Overflow.ASK))))
    assert isinstance(decision.outcome, ChoiceRequired)
    assert (decision.outcome.end_at_least, decision.outcome.expires) == (2, NOW + 300)
    assert decision.outcome.limit.max_sessions == 2


@pytest.mark.parametrize("overflow", list(Overflow))
def test_dead_sessions_never_take_up_room(overflow: Overflow) -> None:
    dead = [session("i", inactivity_timeout=100), session("x", expires=NOW), session("c", carrier_expires=NOW - 1)]
    outcome = admitted(start(dead, Policy((Limit(1, overflow),), IDLE)))
    assert {s.sid: (s.end_reason, s.ended, s.ended_by) for s in outcome.ended} == {
        "i": (EndReason.INACTIVITY_TIMEOUT, START + 100, ""),
        "x": (EndReason.ABSOLUTE_TIMEOUT, NOW, ""),
        "c": (EndReason.CARRIER_EXPIRED, NOW - 1, ""),
    }


def test_an_eviction_spares_live_sessions_where_a_dead_one_makes_room() -> None:
    outcome = admitted(start([OLD, replace(YOUNG, expires=NOW)], Policy((Limit(2),))))
    assert sids(outcome.ended) == "y"
    assert sids(outcome.also_open) == "o"


@pytest.mark.parametrize(
    ("order", "gone"), [(Order.LEAST_RECENTLY_USED, "b"), (Order.OLDEST, "a"), (Order.SOONEST_EXPIRING, "c")]
)
def test_the_order_of_the_limit_says_who_ends(order: Order, gone: str) -> None:
    three = [
        session("a", created=START, last_seen=START + 60),
        session("b", created=START + 2, last_seen=START + 10),
        session("c", created=START + 1, last_seen=START + 70, expires=NOW + 9),
    ]
    assert sids(admitted(start(three, Policy((Limit(3, order=order),)))).ended) == gone


def test_one_phone_and_one_computer() -> None:
    limits = tuple(Limit(1, device_classes=frozenset({kind})) for kind in (DeviceClass.PHONE, DeviceClass.COMPUTER))
    both = [session("p", device=PHONE), session("c", device=COMPUTER)]
    newcomer = Arrival("ann", device=Device(DeviceClass.PHONE, digest="a second phone"))
    assert sids(admitted(start(both, Policy(limits), newcomer)).ended) == "p"


def test_each_client_has_its_own_room() -> None:
    policy = Policy((Limit(1, scope=frozenset({Scope.CLIENT})),))
    outcome = admitted(start([session("w", client="web")], policy, Arrival("ann", client="api")))
    assert outcome.ended == ()


def test_where_devices_are_counted_all_sessions_of_a_device_make_way_together() -> None:
    sessions = [
        session("a", device=PHONE, last_seen=START + 1),
        session("b", device=COMPUTER, last_seen=START + 2),
        session("c", device=PHONE, last_seen=START + 3, client="api"),
    ]
    policy = Policy((Limit(2, counts=Counts.DEVICES),))
    outcome = admitted(start(sessions, policy, Arrival("ann", device=Device(digest="tablet"))))
    assert sids(outcome.ended) == "ac"


def test_where_devices_are_counted_the_arriving_device_frees_no_room_itself() -> None:
    sessions = [session("a", device=PHONE, last_seen=START + 1), session("b", device=COMPUTER, last_seen=START + 2)]
    policy = Policy((Limit(1, counts=Counts.DEVICES),), replace_same_device=False)
    outcome = admitted(start(sessions, policy, Arrival("ann", device=PHONE)))
    assert sids(outcome.ended) == "b"
    assert sids(outcome.also_open) == "a"


def test_a_victim_of_one_limit_counts_for_the_next() -> None:
    sessions = [session("a", client="web", last_seen=START + 1), session("b", client="api", last_seen=START)]
    limits = (Limit(1, scope=frozenset({Scope.CLIENT})), Limit(2))
    outcome = admitted(start(sessions, Policy(limits), Arrival("ann", client="web")))
    assert sids(outcome.ended) == "a"


@pytest.mark.parametrize(
    ("held", "arriving", "replaced"),
    [
        ({"device": PHONE, "client": "web"}, {"device": PHONE, "client": "web"}, True),
        ({"device": PHONE, "client": "web"}, {"device": PHONE, "client": "api"}, False),
        ({"device": PHONE}, {"device": COMPUTER}, False),
        ({}, {}, False),
    ],
)
def test_the_same_device_and_client_is_replaced(
    held: dict[str, object], arriving: dict[str, object], replaced: bool
) -> None:
    arrival = Arrival("ann", **arriving)  # type: ignore[arg-type]  # fields by name, of several types
    outcome = admitted(
        start([session("a", **held)], Policy((Limit(1, Overflow.REFUSE),) if replaced else (), IDLE), arrival)
    )
    assert [(s.end_reason, s.ended_by) for s in outcome.ended] == ([(EndReason.REPLACED, "new")] if replaced else [])
    without = Policy(timeouts=IDLE, replace_same_device=False)
    assert admitted(start([session("a", **held)], without, arrival)).ended == ()


def test_the_session_that_this_browser_holds_is_replaced_and_no_other() -> None:
    outcome = admitted(start([OLD, YOUNG], Policy((Limit(2, Overflow.REFUSE),), IDLE), Arrival("ann", replaces="y")))
    assert [(s.sid, s.end_reason) for s in outcome.ended] == [("y", EndReason.REPLACED)]


@pytest.mark.parametrize(
    ("began_with", "credentials", "stays"),
    [
        ("now", ("now",), True),
        ("before", ("now", "before"), True),
        ("older", ("now", "before"), False),
        ("", ("now",), True),
        ("older", (), True),
    ],
)
def test_sessions_begun_with_another_password_end_at_the_next_sign_in(
    began_with: str, credentials: tuple[str, ...], stays: bool
) -> None:
    arrival = Arrival("ann", credentials=credentials)
    outcome = admitted(start([session("a", credential=began_with)], Policy(), arrival))
    assert [s.end_reason for s in outcome.ended] == ([] if stays else [EndReason.CREDENTIAL_CHANGED])


def test_a_sign_in_asked_for_again_gets_the_same_answer_and_writes_nothing() -> None:
    first = admitted(start([OLD], Policy((Limit(1),))))
    again = start([first.session, YOUNG], Policy((Limit(1),)))
    assert isinstance(again.outcome, Admitted)
    assert again.outcome.session == first.session
    assert sids(again.outcome.also_open) == "y"
    assert (again.insert, again.update, again.events) == (None, (), ())


def test_report_only_admits_everybody_ends_nobody_and_says_what_it_would_have_done() -> None:
    limits = (Limit(1), Limit(2, Overflow.REFUSE), Limit(9))
    arrival = Arrival("ann", device=PHONE)
    decision = start([OLD, replace(YOUNG, device=PHONE)], Policy(limits, IDLE, report_only=True), arrival)
    outcome = admitted(decision)
    assert outcome.ended == ()
    assert (outcome.session.inactivity_timeout, outcome.session.expires) == (None, None)
    told = [(event.type, getattr(event, "outcome", ""), getattr(event, "ended", ())) for event in decision.events]
    assert told == [
        ("report.would_have", "end_existing", ("o",)),
        ("report.would_have", "replaced", ("y",)),
        ("session.started", "", ()),
    ]


def test_events_tell_each_end_and_then_the_start() -> None:
    assert types(start([OLD, YOUNG], Policy((Limit(1),)))) == ["session.ended", "session.ended", "session.started"]
    assert types(start([OLD], Policy((Limit(1, Overflow.REFUSE),), IDLE))) == ["start.refused"]
    assert types(start([OLD], Policy((Limit(1, Overflow.ASK),)))) == ["choice.offered"]


ASK = Policy((Limit(1, Overflow.ASK),))
WAITING = ticket("t", arrival=Arrival("ann", credentials=("now",)), expires=NOW + 1)


def choose(roster: Roster, chosen: Sequence[str], credentials: tuple[str, ...] = ("now",)) -> Decision[StartOutcome]:
    arrival = Arrival("ann", credentials=credentials)
    return decide_choice(roster, arrival, "browser-digest", chosen, ASK, MINTED, NOW)


def test_a_choice_admits_ends_what_was_chosen_and_uses_the_ticket_up() -> None:
    decision = choose(Roster("ann", (OLD,), WAITING), ["o"])
    assert [(s.sid, s.end_reason) for s in admitted(decision).ended] == [("o", EndReason.EVICTED)]
    assert decision.redeem == digest("t")


def test_a_choice_of_what_is_gone_already_is_as_good() -> None:
    decision = choose(Roster("ann", (), WAITING), ["o"])
    assert admitted(decision).ended == ()
    assert decision.redeem == digest("t")


@pytest.mark.parametrize("chosen", [[], ["o"], ["somebody else's"]])
def test_a_choice_that_leaves_no_room_asks_again_and_changes_nothing(chosen: list[str]) -> None:
    decision = choose(Roster("ann", (OLD, MIDDLE, YOUNG), WAITING), chosen)
    assert isinstance(decision.outcome, ChoiceRequired)
    assert decision == Decision(replace(decision.outcome, expires=NOW + 1))


@pytest.mark.parametrize(
    ("kept", "browser", "credentials"),
    [
        (None, "browser-digest", ("now",)),
        (replace(WAITING, expires=NOW), "browser-digest", ("now",)),
        (WAITING, "another browser", ("now",)),
        (WAITING, "", ("now",)),
        (replace(WAITING, browser=""), "", ("now",)),
        (WAITING, "browser-digest", ("newer",)),
        (WAITING, "browser-digest", ()),
    ],
)
def test_a_ticket_is_for_its_browser_its_time_and_its_password(
    kept: object, browser: str, credentials: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidTicket):
        check_ticket(kept, browser, credentials, NOW)  # type: ignore[arg-type]  # a ticket or None
    assert check_ticket(WAITING, "browser-digest", ("now",), NOW) == WAITING


def test_a_password_that_was_only_hashed_anew_keeps_the_ticket_good() -> None:
    assert check_ticket(WAITING, "browser-digest", ("rehashed", "now"), NOW) == WAITING


def test_only_a_question_gets_a_ticket() -> None:
    arrival = Arrival("ann")
    asked, let_in = start([OLD], ASK), start([], ASK)
    offered = offer(asked, arrival, MINTED, "browser", {"next": "/"}, NOW)
    assert offered.issue is not None
    assert (offered.issue.digest, offered.issue.expires, offered.issue.browser) == (MINTED.ticket, NOW + 300, "browser")
    assert offer(let_in, arrival, MINTED, "browser", {}, NOW) is let_in


@pytest.mark.parametrize("reason", list(EndReason))
def test_a_live_session_ends_for_the_reason_that_is_given(reason: EndReason) -> None:
    over = end_session(full_session("a"), reason, "somebody", NOW)
    assert (over.end_reason, over.ended, over.ended_by, over.open) == (reason, NOW, "somebody", False)
    assert replace(over, state=OLD.state, end_reason=None, ended=None, ended_by="") == full_session("a")


@pytest.mark.parametrize("reason", list(EndReason))
def test_a_session_that_time_has_ended_keeps_that_reason_whoever_comes_later(reason: EndReason) -> None:
    over = end_session(session("a", expires=NOW - 9), reason, "somebody", NOW)
    assert (over.end_reason, over.ended, over.ended_by) == (EndReason.ABSOLUTE_TIMEOUT, NOW - 9, "")


@pytest.mark.parametrize(
    ("wanted", "spare", "gone"),
    [(["o"], "", "o"), (None, "", "moy"), (None, "y", "mo"), (["o", "y"], "y", "o"), (["?"], "", ""), ([], "", "")],
)
def test_ending_ends_what_is_named_or_all_but_the_spared_one(wanted: list[str] | None, spare: str, gone: str) -> None:
    decision = decide_end(Roster("ann", (OLD, MIDDLE, YOUNG)), wanted, EndReason.REVOKED, "y", NOW, spare=spare)
    assert sids(decision.outcome) == sids(decision.update) == gone
    assert types(decision) == ["session.ended"] * len(gone)


def test_a_changed_password_ends_all_others_and_the_spared_one_goes_on_with_it() -> None:
    sessions = [
        session(name, credential=known) for name, known in (("a", "old"), ("b", "old"), ("c", ""), ("d", "new"))
    ]
    decision = decide_credential(Roster("ann", tuple(sessions)), ["new"], "a", NOW)
    assert [(s.sid, s.end_reason, s.ended_by) for s in decision.outcome] == [
        ("b", EndReason.CREDENTIAL_CHANGED, "a"),
        ("c", EndReason.CREDENTIAL_CHANGED, "a"),
    ]
    assert [(s.sid, s.credential) for s in decision.update if s.open] == [("a", "new")]


def test_expiring_ends_what_time_has_ended_and_nothing_else() -> None:
    decision = decide_expire(Roster("ann", (OLD, session("x", expires=NOW), session("l", expires=NOW + 1))), NOW)
    assert [(s.sid, s.end_reason) for s in decision.outcome] == [("x", EndReason.ABSOLUTE_TIMEOUT)]


def test_a_renewed_token_leaves_its_predecessor_for_the_grace() -> None:
    decision = decide_rotate(Roster("ann", (OLD,)), "o", digest("next"), 10, NOW)
    assert decision.outcome == replace(
        OLD, digest=digest("next"), generation=1, predecessor=OLD.digest, predecessor_until=NOW + 10
    )
    assert decision.update == (decision.outcome,)
    assert types(decision) == ["session.rotated"]


def test_a_token_renewed_without_grace_leaves_no_predecessor() -> None:
    rotated = decide_rotate(Roster("ann", (OLD,)), "o", digest("next"), 0, NOW).outcome
    assert rotated is not None
    assert (rotated.predecessor, rotated.predecessor_until) == (None, 0)


def test_proving_oneself_again_starts_both_timeouts_anew() -> None:
    kept = session("a", inactivity_timeout=HOUR, expires=START + HOUR, amr=("pwd",), acr="silver")
    elevated = decide_elevate(Roster("ann", (kept,)), "a", "gold", ("otp", "pwd"), NOW).outcome
    assert elevated == replace(
        kept, authenticated=NOW, last_seen=NOW, expires=NOW + HOUR, acr="gold", amr=("pwd", "otp")
    )


def test_acting_as_somebody_takes_no_room_and_is_never_refused() -> None:
    acting = session("acting", parent="00operator")
    assert admitted(start([acting], Policy((Limit(1, Overflow.REFUSE),), IDLE))).ended == ()
    arrival = Arrival("ann", device=PHONE, parent="00operator")
    outcome = admitted(start([session("a", device=PHONE)], Policy((Limit(1, Overflow.REFUSE),), IDLE), arrival))
    assert outcome.session.parent == "00operator"
    assert (outcome.ended, sids(outcome.also_open)) == ((), "a"), "not even the same device is replaced"


def test_settling_fits_a_session_to_what_its_sign_in_turned_out_to_be() -> None:
    policy = Policy(timeouts=IDLE, persistent=Timeouts(2 * HOUR, 9 * HOUR))
    kept = session("a", inactivity_timeout=HOUR, authenticated=START + 5)
    decision = decide_settle(Roster("ann", (kept,)), "a", policy, NOW, persistent=True, carrier_expires=NOW + 7)
    assert decision.outcome == replace(
        kept, persistent=True, inactivity_timeout=2 * HOUR, expires=START + 5 + 9 * HOUR, carrier_expires=NOW + 7
    )
    assert decision == Decision(decision.outcome, update=(decision.outcome,))


@pytest.mark.parametrize("sid", ["dead", "missing", "over"])
def test_what_is_over_is_neither_renewed_nor_elevated_nor_settled(sid: str) -> None:
    roster = Roster("ann", (session("dead", expires=NOW), ended(session("over"), NOW)))
    assert decide_rotate(roster, sid, digest("next"), 10, NOW) == Decision(None)
    assert decide_elevate(roster, sid, "gold", (), NOW) == Decision(None)
    settled = decide_settle(roster, sid, Policy(), NOW, persistent=True, carrier_expires=None)
    assert settled == Decision(None)
