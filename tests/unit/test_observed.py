"""A watched store: what observers are told, when, how often, and that nothing they do gets in the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from sojourn.control import AsyncSessionControl, Options, SessionControl
from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidTicket, StoreError, StoreUnavailable
from sojourn.core.events import Event, StartRefused
from sojourn.core.outcomes import Admitted, ChoiceRequired, Refused
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, EndReason, Session
from sojourn.core.timeouts import HOUR, SECOND, Timeouts
from sojourn.core.tokens import mint_token
from sojourn.stores.memory import MemoryStore
from sojourn.stores.observed import ObservedStore, Observer, Rejection
from sojourn.stores.wrappers import FaultyStore, ThreadedStore
from sojourn.testing.clock import FakeClock
from sojourn.testing.samples import ANN

REFUSE = Policy((Limit(1, Overflow.REFUSE),), Timeouts(HOUR))
ASK = Policy((Limit(1, Overflow.ASK),), Timeouts(HOUR))


class Witness(Observer):
    """Writes down what it is told."""

    timed = True

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.events: list[Event] = []

    def happened(self, event: Event) -> None:
        self.told.append((event.type,))
        self.events.append(event)

    def decided(self, outcome: Any, seconds: float) -> None:
        self.told.append(("decided", type(outcome), seconds))

    def looked_up(self, seconds: float) -> None:
        self.told.append(("looked up", seconds))

    def rejected(self, why: Rejection, session: Session | None) -> None:
        self.told.append((why, session))

    def failed(self, call: str, error: StoreError) -> None:
        self.told.append(("failed", call, error.code))

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


class Transaction:
    """A caller's transaction: what is certain only at its end."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, report: Callable[[], None]) -> None:
        self.waiting.append(report)

    def commit(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def roll_back(self) -> None:
        self.waiting.clear()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def faulty() -> FaultyStore:
    return FaultyStore(MemoryStore())


@pytest.fixture
def watched(faulty: FaultyStore, witness: Witness, clock: FakeClock) -> ObservedStore:
    ticks = iter(range(1000))  # every look at the timer is half a second after the one before
    return ObservedStore(faulty, [witness], clock=clock, timer=lambda: next(ticks) / 2)


def control_of(store: Any, clock: FakeClock, policy: Policy = REFUSE) -> SessionControl:
    return SessionControl(store, policy, clock=clock, options=Options(rotation_grace=10 * SECOND))


def admitted(outcome: Any) -> Any:
    assert isinstance(outcome, Admitted)
    return outcome


def test_each_event_is_told_once_with_the_time_its_decision_took(
    watched: ObservedStore, witness: Witness, clock: FakeClock
) -> None:
    control = control_of(watched, clock)
    first = admitted(control.start(Arrival("ann")))
    assert isinstance(control.start(Arrival("ann")), Refused)
    control.end("ann", [first.session.sid], EndReason.REVOKED)
    control.end("ann", [first.session.sid], EndReason.REVOKED)
    assert witness.told == [
        ("decided", Admitted, 0.5),
        ("session.started",),
        ("decided", Refused, 0.5),
        ("start.refused",),
        ("session.ended",),
    ]


def test_a_sign_in_that_is_asked_for_again_by_its_sid_is_told_once(
    watched: ObservedStore, witness: Witness, clock: FakeClock
) -> None:
    control = control_of(watched, clock)
    attempt = control.begin(Arrival("ann"), "", {})
    for _ in range(2):
        admitted(watched.transact("ann", attempt))
    assert witness.types == ["session.started"]


def test_what_is_not_confirmed_has_happened_and_is_a_failure(
    faulty: FaultyStore, watched: ObservedStore, witness: Witness, clock: FakeClock
) -> None:
    faulty.fail_to_confirm("transact")
    admitted(control_of(watched, clock).start(Arrival("ann")))
    assert witness.told == [
        ("failed", "transact", "store-unconfirmed"),
        ("decided", Admitted, 0.5),
        ("session.started",),
    ]


def test_a_decision_that_was_made_twice_is_told_as_it_was_written(witness: Witness, clock: FakeClock) -> None:
    class Outrun(MemoryStore):
        def transact(self, subject: str, decide: Any, ticket: bytes | None = None) -> Any:
            decide(self.roster(subject))  # somebody was faster, so this one came to nothing
            return super().transact(subject, decide, ticket)

    admitted(control_of(ObservedStore(Outrun(), [witness], clock=clock), clock).start(Arrival("ann")))
    assert witness.types == ["session.started"]


class TestTransaction:
    """The caller has a transaction open around the store's."""

    @pytest.fixture
    def transaction(self) -> Transaction:
        return Transaction()

    @pytest.fixture
    def control(self, witness: Witness, transaction: Transaction, clock: FakeClock) -> SessionControl:
        store = ObservedStore(MemoryStore(), [witness], clock=clock, committed=transaction)
        return control_of(store, clock)

    def test_nothing_is_told_before_it_is_committed(
        self, control: SessionControl, transaction: Transaction, witness: Witness
    ) -> None:
        control.start(Arrival("ann"))
        assert witness.types == []
        transaction.commit()
        assert witness.types == ["session.started"]

    def test_what_is_rolled_back_has_not_happened(
        self, control: SessionControl, transaction: Transaction, witness: Witness
    ) -> None:
        control.start(Arrival("ann"))
        transaction.roll_back()
        transaction.commit()
        assert witness.types == []

    def refused(self, control: SessionControl) -> Decision[Any]:
        control.start(Arrival("ann"))
        attempt = control.begin(Arrival("ann"), "", {})
        assert isinstance(control.store.transact("ann", attempt), Refused)
        assert attempt.decision is not None
        return attempt.decision

    def test_a_refusal_that_was_rolled_back_is_told_when_it_is_restored(
        self, control: SessionControl, transaction: Transaction, witness: Witness
    ) -> None:
        decision = self.refused(control)
        transaction.roll_back()
        control.store.restore(decision)
        transaction.commit()
        assert witness.types == ["start.refused"]

    def test_a_refusal_that_was_committed_is_not_told_again_when_it_is_restored(
        self, control: SessionControl, transaction: Transaction, witness: Witness
    ) -> None:
        decision = self.refused(control)
        transaction.commit()
        control.store.restore(decision)
        control.store.restore(decision)
        transaction.commit()
        assert witness.types == ["session.started", "start.refused"]

    def test_what_was_told_is_remembered_within_bounds(
        self, control: SessionControl, transaction: Transaction, witness: Witness
    ) -> None:
        events = tuple(StartRefused(subject="ann", at=1, id=str(n), arrival={}, limit="") for n in range(5000))
        control.store.restore(Decision(None, events=events))
        transaction.commit()
        assert isinstance(control.store, ObservedStore)
        assert len(witness.events) == 5000
        assert len(control.store._told) == 4096
        control.store.restore(Decision(None, events=events[-1:]))
        transaction.commit()
        assert len(witness.events) == 5000


class TestLookUp:
    """Every token that is presented is looked up."""

    def test_a_live_one_is_timed_and_no_more(self, watched: ObservedStore, witness: Witness, clock: FakeClock) -> None:
        control = control_of(watched, clock)
        token = admitted(control.start(Arrival("ann"))).token
        witness.told.clear()
        control.authenticate(token)
        control.authenticate(token, passive=True)
        assert witness.told == [("looked up", 0.5), ("looked up", 0.5)]

    def test_nothing_is_timed_if_nobody_wants_to_know(self, clock: FakeClock) -> None:
        def timer() -> float:
            raise AssertionError("somebody looked at the time")

        store = ObservedStore(MemoryStore(), [Observer()], clock=clock, timer=timer)
        assert store.lookup(bytes(32), ANN) is None

    def test_one_that_no_session_has_is_unknown(
        self, watched: ObservedStore, witness: Witness, clock: FakeClock
    ) -> None:
        for passive in (False, True):
            control_of(watched, clock).authenticate(mint_token(0), passive=passive)
        assert witness.told[1::2] == [(Rejection.UNKNOWN, None), (Rejection.UNKNOWN, None)]

    def test_one_of_an_ended_session_is_told_with_its_session(
        self, watched: ObservedStore, witness: Witness, clock: FakeClock
    ) -> None:
        control = control_of(watched, clock)
        started = admitted(control.start(Arrival("ann")))
        (ended,) = control.end("ann", None, EndReason.LOGOUT)
        witness.told.clear()
        control.authenticate(started.token)
        assert witness.told[1:] == [(Rejection.ENDED, ended)]

    def test_one_that_a_shell_makes_by_itself_is_observed_as_any_other(
        self, watched: ObservedStore, faulty: FaultyStore, witness: Witness
    ) -> None:
        token = mint_token(0).digest()
        assert watched.lookup_along(token, lambda: (faulty.lookup(token, ANN), "the user")) == (None, "the user")
        faulty.fail_before("lookup")
        with pytest.raises(StoreUnavailable):
            watched.lookup_along(token, lambda: (faulty.lookup(token, ANN), "the user"))
        assert witness.told == [
            ("looked up", 0.5),
            (Rejection.UNKNOWN, None),
            ("failed", "lookup", "store-unavailable"),
        ]

    def test_an_old_one_counts_only_after_its_grace(
        self, watched: ObservedStore, witness: Witness, clock: FakeClock
    ) -> None:
        control = control_of(watched, clock)
        started = admitted(control.start(Arrival("ann")))
        renewed = control.rotate(started.session)
        assert renewed is not None
        clock.advance(10 * SECOND - 1)
        witness.told.clear()
        control.authenticate(started.token)
        control.authenticate(renewed[1])
        clock.advance(1)
        control.authenticate(started.token)
        control.authenticate(renewed[1])
        assert [told for told in witness.told if told[0] != "looked up"] == [(Rejection.SUPERSEDED, renewed[0])]


def test_a_store_that_fails_is_told_and_the_error_goes_on(
    watched: ObservedStore, faulty: FaultyStore, witness: Witness, clock: FakeClock
) -> None:
    control = control_of(watched, clock)
    for name, call in (
        ("lookup", lambda: control.authenticate(mint_token(0), passive=True)),
        ("visit", lambda: control.authenticate(mint_token(0))),
        ("transact", lambda: control.start(Arrival("ann"))),
        ("roster", lambda: control.sessions("ann")),
        ("overdue", control.sweep),
    ):
        faulty.fail_before(name)
        with pytest.raises(StoreUnavailable):
            call()
        assert witness.told.pop() == ("failed", name, "store-unavailable")
    assert witness.told == []


def test_an_answer_that_was_lost_is_an_error_and_tells_of_no_event(
    watched: ObservedStore, faulty: FaultyStore, witness: Witness, clock: FakeClock
) -> None:
    faulty.fail_after("transact")
    with pytest.raises(StoreUnavailable):
        control_of(watched, clock).start(Arrival("ann"))
    assert witness.told == [("failed", "transact", "store-unavailable")]


def test_bad_input_is_no_failure_of_the_store(watched: ObservedStore, witness: Witness, clock: FakeClock) -> None:
    control = control_of(watched, clock, ASK)
    control.start(Arrival("ann"))
    asked = control.start(Arrival("ann"), browser="browser")
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    with pytest.raises(InvalidTicket):
        control.choose(asked.ticket, [], browser="another", arrival=Arrival("ann"))
    assert not [told for told in witness.told if told[0] == "failed"]


def test_a_choice_that_ends_a_session_is_one_end_and_one_start(
    watched: ObservedStore, witness: Witness, clock: FakeClock
) -> None:
    control = control_of(watched, clock, ASK)
    first = admitted(control.start(Arrival("ann")))
    asked = control.start(Arrival("ann"), browser="browser")
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    control.choose(asked.ticket, [], browser="browser")  # asked again, which is no other event
    control.choose(asked.ticket, [first.session.sid], browser="browser")
    assert witness.types == ["session.started", "choice.offered", "session.ended", "session.started"]


def test_callers_that_await_are_watched_as_well(watched: ObservedStore, witness: Witness, clock: FakeClock) -> None:
    control = AsyncSessionControl(ThreadedStore(watched), REFUSE, clock=clock)

    async def story() -> None:
        started = admitted(await control.start(Arrival("ann")))
        await control.start(Arrival("ann"))
        await control.end("ann", None, EndReason.LOGOUT)
        await control.authenticate(started.token)

    asyncio.run(story())
    assert witness.types == ["session.started", "start.refused", "session.ended"]
    assert witness.told[-1][0] is Rejection.ENDED


class Clumsy(Observer):
    """Fails at everything, with a message that says too much."""

    timed = True

    def happened(self, event: Event) -> None:
        raise RuntimeError(f"of {event.subject}")

    def decided(self, outcome: Any, seconds: float) -> None:
        raise RuntimeError("secret")

    def looked_up(self, seconds: float) -> None:
        raise KeyError("secret")

    def rejected(self, why: Rejection, session: Session | None) -> None:
        raise KeyError("secret")

    def failed(self, call: str, error: StoreError) -> None:
        raise RuntimeError("secret")


def test_an_observer_that_fails_breaks_nothing_and_is_logged_once(
    faulty: FaultyStore, witness: Witness, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    control = control_of(ObservedStore(faulty, [Clumsy(), witness], clock=clock), clock)
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            started = admitted(control.start(Arrival("ann")))
            control.authenticate(started.token)
            control.authenticate(mint_token(0))
            control.end("ann", None, EndReason.LOGOUT)
        faulty.fail_before("visit")
        with pytest.raises(StoreUnavailable):
            control.authenticate(mint_token(0))
    assert witness.types == ["session.started", "session.ended"] * 3
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(" at ")[0] for line in lines] == [
        "Clumsy failed with RuntimeError",
        "Clumsy failed with KeyError",
    ]
    assert all("test_observed.py:" in line and "secret" not in line and "ann" not in line for line in lines)
