"""Session control over the memory store: what an application sees."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from sojourn.control import AsyncSessionControl, Options, SessionControl, system_clock
from sojourn.core.errors import ConfigurationError, InvalidSubject, InvalidTicket, StoreUnavailable, StoreUnconfirmed
from sojourn.core.events import payload
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Ended, Refused, Unknown
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, EndReason, Session
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND, Timeouts
from sojourn.core.tokens import Token, is_sid, parse_token, route_of, secret_route, sid_route
from sojourn.stores.memory import MemoryStore
from sojourn.stores.wrappers import FaultyStore, InstrumentedStore, ThreadedStore
from sojourn.testing.clock import FakeClock
from sojourn.web.problems import admitted_json

pytest_plugins = ["sojourn.testing.pytest_plugin"]

ASK = Policy((Limit(1, Overflow.ASK),), Timeouts(HOUR))
ONE = Policy((Limit(1),), Timeouts(HOUR, DAY))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def control(store: MemoryStore, clock: FakeClock) -> SessionControl:
    return SessionControl(store, ONE, clock=clock)


def sign_in(control: SessionControl, subject: str = "ann") -> tuple[Session, Token]:
    outcome = control.start(Arrival(subject))
    assert isinstance(outcome, Admitted)
    assert outcome.token is not None
    return outcome.session, outcome.token


def ask(control: SessionControl, browser: str = "browser", subject: str = "ann") -> ChoiceRequired:
    outcome = control.start(Arrival(subject), browser=browser, context={"next": "/orders/"})
    assert isinstance(outcome, ChoiceRequired)
    return outcome


def test_where_somebody_is_written_to_is_kept_with_what_they_are_told_and_with_nothing_else(
    store: MemoryStore, clock: FakeClock
) -> None:
    options = Options(tells=lambda event: event.type == "session.ended")
    for overflow in (Overflow.END_EXISTING, Overflow.ASK):
        control = SessionControl(store, Policy((Limit(1, overflow),)), clock=clock, options=options)
        for _ in range(2):
            outcome = control.start(Arrival("ann", contact="ann@example.org"), browser="browser")
    assert {event.type: event.contact for event in store.events} == {
        "session.started": "",
        "session.ended": "ann@example.org",
        "choice.offered": "",
    }
    assert isinstance(outcome, ChoiceRequired)
    assert outcome.ticket is not None
    assert control.pending(outcome.ticket, browser="browser").arrival.contact == ""


def test_the_owner_is_given_the_token_and_the_store_its_digest(control: SessionControl, store: MemoryStore) -> None:
    session, token = sign_in(control)
    assert parse_token(token.reveal()).digest() == session.digest
    assert is_sid(session.sid)
    assert sid_route(session.sid) == secret_route(token) == route_of("ann")
    assert store.find(session.sid) == session


def test_a_token_authenticates_its_session(control: SessionControl) -> None:
    session, token = sign_in(control)
    assert control.authenticate(token) == Authenticated(session)
    assert control.authenticate(token.reveal()) == Authenticated(session)


def test_an_evicted_browser_is_told_why_when_and_by_which_session(control: SessionControl, clock: FakeClock) -> None:
    first, token = sign_in(control)
    clock.advance(MINUTE)
    second, _ = sign_in(control)
    found = control.authenticate(token)
    assert isinstance(found, Ended)
    over = found.session
    assert (over.sid, over.end_reason, over.ended, over.ended_by) == (
        first.sid,
        EndReason.EVICTED,
        clock(),
        second.sid,
    )


def test_a_token_of_nobody_is_unknown_without_asking_the_store_where_it_cannot_be_one(store: MemoryStore) -> None:
    counting = InstrumentedStore(store)
    control = SessionControl(counting, ONE)
    for value in ("", "soj_", "x" * 100_000, "soj_00" + "A" * 42, "soj_00" + "é" * 43):
        assert control.authenticate(value) == Unknown()
    assert not counting.calls
    assert control.authenticate("soj_00" + "A" * 43) == Unknown()
    assert counting.calls == {"visit": 1}


def test_a_request_is_one_call_of_the_store_and_writes_nothing_within_the_touch_interval(
    store: MemoryStore, clock: FakeClock
) -> None:
    counting = InstrumentedStore(store)
    control = SessionControl(counting, ONE, clock=clock)
    session, token = sign_in(control)
    counting.calls.clear()
    for _ in range(6):
        control.authenticate(token)
        clock.advance(10 * SECOND)
    assert counting.calls == {"visit": 6}
    assert store.find(session.sid) == session
    control.authenticate(token)
    assert counting.calls == {"visit": 7}
    assert store.find(session.sid) == replace(session, last_seen=clock())


def test_a_passive_request_is_one_call_of_the_store_and_never_activity(store: MemoryStore, clock: FakeClock) -> None:
    counting = InstrumentedStore(store)
    control = SessionControl(counting, ONE, clock=clock)
    session, token = sign_in(control)
    counting.calls.clear()
    clock.advance(5 * MINUTE)
    assert control.authenticate(token, passive=True) == Authenticated(session)
    assert counting.calls == {"lookup": 1}
    assert store.find(session.sid) == session


def test_activity_is_written_as_often_as_the_options_say(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ONE, clock=clock, options=Options(touch_interval=5))
    session, token = sign_in(control)
    for _ in range(4):
        seen = clock()
        clock.advance(4)
        control.authenticate(token)
        assert store.find(session.sid) == replace(session, last_seen=seen)
        clock.advance(1)
        control.authenticate(token)
        assert store.find(session.sid) == replace(session, last_seen=clock())


def test_the_absolute_timeout_beats_activity(control: SessionControl, clock: FakeClock) -> None:
    _, token = sign_in(control)
    for _ in range(2 * 24 - 1):
        clock.advance(30 * MINUTE)
        assert isinstance(control.authenticate(token), Authenticated)
    clock.advance(30 * MINUTE)
    found = control.authenticate(token)
    assert isinstance(found, Ended)
    assert found.session.end_reason is EndReason.ABSOLUTE_TIMEOUT


def test_a_renewed_token_and_its_predecessor_are_both_good_for_the_grace(
    control: SessionControl, clock: FakeClock
) -> None:
    session, old = sign_in(control)
    renewed = control.rotate(session)
    assert renewed is not None
    _, new = renewed
    assert control.authenticate(new) == Authenticated(renewed[0])
    assert control.authenticate(old) == Authenticated(renewed[0], renewed=True)
    clock.advance(10 * SECOND - 1)
    assert isinstance(control.authenticate(old), Authenticated)
    clock.advance(1)
    assert control.authenticate(old) == Unknown()
    assert isinstance(control.authenticate(new), Authenticated)


def test_renewing_twice_leaves_only_the_last_two(control: SessionControl) -> None:
    session, first = sign_in(control)
    second, third = control.rotate(session), control.rotate(session)
    assert second is not None
    assert third is not None
    assert control.authenticate(first) == Unknown()
    assert isinstance(control.authenticate(second[1]), Authenticated)
    assert isinstance(control.authenticate(third[1]), Authenticated)


def test_sixteen_browsers_that_all_choose_the_same_session_end_as_one(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ASK, clock=clock)
    first, _ = sign_in(control)
    waiting = [(ask(control, f"browser {n}"), f"browser {n}") for n in range(16)]
    outcomes = []
    for asked, browser in waiting:
        assert asked.ticket is not None
        outcomes.append(control.choose(asked.ticket, [first.sid], browser=browser))
    assert isinstance(outcomes[0], Admitted)
    assert {type(outcome) for outcome in outcomes[1:]} == {ChoiceRequired}
    assert [s.sid for s in control.sessions("ann")] == [outcomes[0].session.sid]


def test_sixteen_browsers_that_choose_what_they_are_shown_end_as_one(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ASK, clock=clock)
    sign_in(control)
    waiting = [(ask(control, f"browser {n}"), f"browser {n}") for n in range(16)]
    for asked, browser in waiting:
        assert asked.ticket is not None
        shown = [s.sid for s in control.sessions("ann")]
        assert isinstance(control.choose(asked.ticket, shown, browser=browser), Admitted)
        assert len(control.sessions("ann")) == 1


def test_a_choice_that_left_no_room_can_be_made_again_with_the_same_ticket(
    store: MemoryStore, clock: FakeClock
) -> None:
    control = SessionControl(store, ASK, clock=clock)
    first, _ = sign_in(control)
    asked = ask(control)
    assert asked.ticket is not None
    again = control.choose(asked.ticket, [], browser="browser")
    assert isinstance(again, ChoiceRequired)
    assert (again.ticket, again.expires) == (asked.ticket, asked.expires)
    assert isinstance(control.choose(asked.ticket, [first.sid], browser="browser"), Admitted)
    with pytest.raises(InvalidTicket):
        control.choose(asked.ticket, [], browser="browser")


def test_two_requests_at_once_do_not_put_the_carriers_end_back(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, Policy(), clock=clock)
    outcome = control.start(Arrival("ann", carrier_expires=clock() + HOUR))
    assert isinstance(outcome, Admitted)
    clock.advance(5 * MINUTE)
    assert control.touch(outcome.session, clock() + DAY), "the one that moves it on"
    assert control.touch(outcome.session), "the one that had looked the session up before"
    kept = store.find(outcome.session.sid)
    assert kept is not None
    assert kept.carrier_expires == clock() + DAY


def test_a_pending_sign_in_remembers_where_its_user_was_going(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ASK, clock=clock)
    sign_in(control)
    asked = ask(control)
    assert asked.ticket is not None
    pending = control.pending(asked.ticket.reveal(), browser="browser")
    assert pending.context == {"next": "/orders/"}
    assert pending.arrival == Arrival("ann")


def test_a_ticket_is_good_for_five_minutes_and_not_longer(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ASK, clock=clock)
    sign_in(control)
    asked = ask(control)
    assert asked.ticket is not None
    assert asked.expires == clock.advance(5 * MINUTE - 1) + 1
    control.pending(asked.ticket, browser="browser")
    clock.advance(1)
    for attempt in (control.pending, control.abandon):
        with pytest.raises(InvalidTicket):
            attempt(asked.ticket, browser="browser")
    with pytest.raises(InvalidTicket):
        control.choose(asked.ticket, [], browser="browser", arrival=Arrival("ann"))


def test_a_ticket_of_one_subject_admits_no_other(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ASK, clock=clock)
    sign_in(control)
    asked = ask(control)
    assert asked.ticket is not None
    with pytest.raises(InvalidTicket):
        control.choose(asked.ticket, [], browser="browser", arrival=Arrival("bob"))
    assert control.sessions("bob") == []


def test_a_ticket_authenticates_nothing(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ASK, clock=clock)
    sign_in(control)
    asked = ask(control)
    assert asked.ticket is not None
    assert control.authenticate(asked.ticket.reveal()) == Unknown()
    assert control.authenticate("soj_" + asked.ticket.reveal()[5:]) == Unknown()


def test_a_token_is_no_ticket(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ASK, clock=clock)
    _, token = sign_in(control)
    for value in (token.reveal(), "sojt_" + token.reveal()[4:], "", "x" * 10_000):
        with pytest.raises(InvalidTicket):
            control.choose(value, [], browser="browser")


@pytest.mark.parametrize("reason", list(EndReason))
def test_every_reason_of_an_end_reaches_the_event_the_tombstone_and_the_browser(
    reason: EndReason, control: SessionControl, store: MemoryStore
) -> None:
    session, token = sign_in(control)
    assert [s.sid for s in control.end("ann", [session.sid], reason, by="somebody")] == [session.sid]
    tombstone = store.find(session.sid)
    assert tombstone is not None
    assert (tombstone.end_reason, tombstone.ended_by) == (reason, "somebody")
    told = payload(store.events[-1])
    assert told["type"] == "session.ended"
    assert isinstance(told["session"], dict)
    assert told["session"]["reason"] == str(reason)
    assert control.authenticate(token) == Ended(tombstone)
    assert list(store.history("ann", 5)) == [tombstone]


@pytest.mark.parametrize(
    ("timeouts", "carried", "reason"),
    [
        (Timeouts(HOUR), None, EndReason.INACTIVITY_TIMEOUT),
        (Timeouts(absolute=HOUR), None, EndReason.ABSOLUTE_TIMEOUT),
        (Timeouts(), HOUR, EndReason.CARRIER_EXPIRED),
    ],
)
def test_an_end_by_time_reaches_the_event_and_the_tombstone_when_it_is_swept(
    timeouts: Timeouts, carried: int | None, reason: EndReason, store: MemoryStore, clock: FakeClock
) -> None:
    control = SessionControl(store, Policy(timeouts=timeouts), clock=clock)
    ends_at = clock() + HOUR
    outcome = control.start(Arrival("ann", carrier_expires=None if carried is None else clock() + carried))
    assert isinstance(outcome, Admitted)
    clock.advance(3 * HOUR)
    assert control.sweep() == 1
    assert control.sweep() == 0
    tombstone = store.find(outcome.session.sid)
    assert tombstone is not None
    assert (tombstone.end_reason, tombstone.ended) == (reason, ends_at)
    told = payload(store.events[-1])
    assert isinstance(told["session"], dict)
    assert (told["session"]["reason"], told["session"]["ended_at"]) == (str(reason), ends_at)


def test_a_sweep_takes_a_batch_at_a_time(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ONE, clock=clock)
    for subject in "abcde":
        sign_in(control, subject)
    clock.advance(2 * HOUR)
    assert [control.sweep(2), control.sweep(2), control.sweep(2), control.sweep(2)] == [2, 2, 1, 0]


def test_what_ended_is_forgotten_after_the_retention(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, ONE, clock=clock)
    session, token = sign_in(control)
    control.end("ann", None, EndReason.LOGOUT)
    clock.advance(30 * DAY)
    assert control.purge() == 0
    clock.advance(1)
    assert control.purge(1) == 3, "one tombstone and two events"
    assert store.find(session.sid) is None
    assert control.authenticate(token) == Unknown()


def test_another_subjects_sid_ends_nothing(control: SessionControl) -> None:
    session, token = sign_in(control)
    assert list(control.end("bob", [session.sid], EndReason.REVOKED)) == []
    assert isinstance(control.authenticate(token), Authenticated)


def test_sessions_are_listed_last_used_first_and_only_while_they_live(store: MemoryStore, clock: FakeClock) -> None:
    control = SessionControl(store, Policy(timeouts=Timeouts(HOUR)), clock=clock)
    first, token = sign_in(control)
    clock.advance(30 * MINUTE)
    second, _ = sign_in(control)
    assert [s.sid for s in control.sessions("ann")] == [second.sid, first.sid]
    clock.advance(MINUTE)
    control.authenticate(token)
    assert [s.sid for s in control.sessions("ann")] == [first.sid, second.sid]
    clock.advance(59 * MINUTE)
    assert [s.sid for s in control.sessions("ann")] == [first.sid]


def test_a_policy_may_be_picked_for_each_sign_in(store: MemoryStore, clock: FakeClock) -> None:
    strict = Policy((Limit(1, Overflow.REFUSE),), Timeouts(HOUR))
    control = SessionControl(store, lambda arrival: strict if arrival.groups else Policy(), clock=clock)
    for _ in range(3):
        assert isinstance(control.start(Arrival("ann")), Admitted)
    assert isinstance(control.start(Arrival("ann", groups=frozenset({"staff"}))), Refused)


def test_a_subject_that_is_none_is_refused_and_nothing_is_written(control: SessionControl, store: MemoryStore) -> None:
    with pytest.raises(InvalidSubject):
        control.start(Arrival("a\nb"))
    assert store.events == []


@pytest.mark.parametrize(
    "wrong", [{"ticket_lifetime": 0}, {"retention": -1}, {"rotation_grace": -1}, {"touch_interval": 0}]
)
def test_options_that_cannot_be_meant_are_configuration_errors(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Options(**wrong)


def test_the_system_clock_counts_milliseconds_since_1970() -> None:
    assert 1_700_000_000_000 < system_clock() < 10_000_000_000_000


@pytest.mark.parametrize("method", ["lookup", "visit", "transact"])
def test_a_store_that_cannot_be_reached_lets_nobody_pass(store: MemoryStore, method: str) -> None:
    faulty = FaultyStore(store)
    control = SessionControl(faulty, ONE)
    _, token = sign_in(control)
    faulty.fail_before(method)
    with pytest.raises(StoreUnavailable):
        control.start(Arrival("ann")) if method == "transact" else control.authenticate(
            token, passive=method == "lookup"
        )
    assert isinstance(control.authenticate(token), Authenticated), "nothing was changed"


def test_an_answer_that_was_lost_may_be_asked_for_again(store: MemoryStore, clock: FakeClock) -> None:
    faulty = FaultyStore(store)
    control = SessionControl(faulty, ONE, clock=clock)
    attempt = control.begin(Arrival("ann"), "", {})
    faulty.fail_after("transact")
    with pytest.raises(StoreUnavailable):
        faulty.transact("ann", attempt)
    outcome = attempt.conclude(faulty.transact("ann", attempt))
    assert isinstance(outcome, Admitted)
    assert outcome.token is not None
    assert isinstance(control.authenticate(outcome.token), Authenticated)
    assert len(store.roster("ann").sessions) == 1
    assert [event.type for event in store.events] == ["session.started"]


class TestUnconfirmed:
    """Replicas were to confirm what was written, and have not: who signed in is in, who ended something is told."""

    @pytest.fixture
    def faulty(self, store: MemoryStore) -> FaultyStore:
        return FaultyStore(store)

    @pytest.fixture
    def control(self, faulty: FaultyStore, clock: FakeClock) -> SessionControl:
        return SessionControl(faulty, Policy((Limit(1, Overflow.ASK),), Timeouts(HOUR)), clock=clock)

    def test_a_sign_in_is_admitted_and_says_so(self, control: SessionControl, faulty: FaultyStore) -> None:
        faulty.fail_to_confirm("transact")
        outcome = control.start(Arrival("ann"))
        assert isinstance(outcome, Admitted)
        assert not outcome.confirmed
        assert admitted_json(outcome, {})["confirmed"] is False
        assert outcome.token is not None
        assert isinstance(control.authenticate(outcome.token), Authenticated)

    def test_so_is_a_choice(self, control: SessionControl, faulty: FaultyStore) -> None:
        first = control.start(Arrival("ann"))
        assert isinstance(first, Admitted)
        assert first.confirmed
        asked = control.start(Arrival("ann"), browser="b")
        assert isinstance(asked, ChoiceRequired)
        assert asked.ticket is not None
        faulty.fail_to_confirm("transact")
        chosen = control.choose(asked.ticket, [first.session.sid], browser="b")
        assert isinstance(chosen, Admitted)
        assert not chosen.confirmed

    def test_an_end_is_an_error_and_repeating_it_harms_nothing(
        self, control: SessionControl, faulty: FaultyStore
    ) -> None:
        session, token = sign_in(control)
        faulty.fail_to_confirm("transact")
        with pytest.raises(StoreUnconfirmed) as told:
            control.end("ann", [session.sid], EndReason.LOGOUT)
        assert [ended.sid for ended in told.value.outcome] == [session.sid]
        assert isinstance(control.authenticate(token), Ended)
        assert control.end("ann", [session.sid], EndReason.LOGOUT) == ()

    def test_a_renewed_token_is_handed_out_since_the_old_one_is_over(
        self, control: SessionControl, faulty: FaultyStore, clock: FakeClock
    ) -> None:
        session, token = sign_in(control)
        faulty.fail_to_confirm("transact", 2)
        rotated = control.rotate(session, privileges="staff")
        assert rotated is not None
        noted = control.note_privileges(rotated[0], "admin")
        assert noted is not None
        clock.advance(MINUTE)
        assert isinstance(control.authenticate(token), Unknown)
        assert isinstance(control.authenticate(noted[1]), Authenticated)

    @pytest.mark.parametrize("method", ["start", "end"])
    def test_for_callers_that_await_it_is_the_same(
        self, control: SessionControl, faulty: FaultyStore, method: str
    ) -> None:
        session, _ = sign_in(control, "bob")
        twin = AsyncSessionControl(ThreadedStore(faulty), ONE)
        faulty.fail_to_confirm("transact")
        if method == "start":
            outcome = asyncio.run(twin.start(Arrival("ann")))
            assert isinstance(outcome, Admitted)
            assert not outcome.confirmed
        else:
            with pytest.raises(StoreUnconfirmed):
                asyncio.run(twin.end("bob", [session.sid], EndReason.LOGOUT))


def test_the_fixtures_for_adopters_give_a_control_whose_time_stands_still(
    sojourn_control: object, sojourn_clock: FakeClock, sojourn_store: MemoryStore
) -> None:
    assert callable(sojourn_control)
    control = sojourn_control(ONE)
    _, token = sign_in(control)
    sojourn_clock.advance(HOUR)
    assert isinstance(control.authenticate(token), Ended)
    assert len(sojourn_store.events) == 1
