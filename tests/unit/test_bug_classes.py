"""Bugs that session libraries have had, one test each, as far as the core alone can show them.

The parallel sign-in is in the conformance suite and in the races; forwarded headers and identity headers are the
web layer's; the store's own clean-up and plans are tested with the SQL store.
"""

from __future__ import annotations

import copyreg
import logging
import pickle
from collections.abc import Callable

import pytest

from sojourn.control import SessionControl
from sojourn.core.errors import InvalidTicket
from sojourn.core.events import payload
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Ended, Refused, Unknown
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, Device, EndReason, Session
from sojourn.core.timeouts import DAY, HOUR, MINUTE, Timeouts
from sojourn.core.tokens import Token
from sojourn.stores.memory import MemoryStore
from sojourn.stores.wrappers import InstrumentedStore
from sojourn.testing.clock import FakeClock

IDLE = Timeouts(HOUR)
REFUSE = Policy((Limit(1, Overflow.REFUSE),), IDLE, Timeouts(DAY))
ASK = Policy((Limit(1, Overflow.ASK),), IDLE)
EVICT = Policy((Limit(1),), IDLE)
OPEN = Policy(timeouts=IDLE)

Make = Callable[[Policy], SessionControl]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> InstrumentedStore:
    return InstrumentedStore(MemoryStore())


@pytest.fixture
def make(store: InstrumentedStore, clock: FakeClock) -> Make:
    return lambda policy: SessionControl(store, policy, clock=clock)


def sign_in(control: SessionControl, arrival: Arrival | None = None) -> tuple[Session, Token]:
    outcome = control.start(arrival or Arrival("ann"))
    assert isinstance(outcome, Admitted), outcome
    assert outcome.token is not None
    return outcome.session, outcome.token


def recorded(store: InstrumentedStore) -> list[str]:
    assert isinstance(store.store, MemoryStore)
    return [event.type for event in store.store.events]


def test_01_a_session_is_new_at_every_sign_in(make: Make) -> None:
    control = make(OPEN)
    given = [sign_in(control) for _ in range(5)]
    assert len({session.sid for session, _ in given}) == len({token.digest() for _, token in given}) == 5


def test_02_the_same_user_signing_in_again_in_the_same_browser_gets_a_new_token(make: Make) -> None:
    control = make(OPEN)
    first, old = sign_in(control)
    second, new = sign_in(control, Arrival("ann", replaces=first.sid))
    found = control.authenticate(old)
    assert isinstance(found, Ended)
    assert found.session.end_reason is EndReason.REPLACED
    assert isinstance(control.authenticate(new), Authenticated)
    assert [s.sid for s in control.sessions("ann")] == [second.sid]


def test_03_a_token_is_not_reused_across_reauthentication(make: Make, clock: FakeClock) -> None:
    control = make(OPEN)
    session, old = sign_in(control)
    control.elevate(session, acr="gold")
    renewed = control.rotate(session)
    assert renewed is not None
    assert renewed[1] != old
    clock.advance(MINUTE)
    assert control.authenticate(old) == Unknown()


def test_04_a_pending_sign_in_is_bound_to_the_browser_that_began_it(make: Make) -> None:
    control = make(ASK)
    first, _ = sign_in(control)
    asked = control.start(Arrival("ann"), browser="the one that began")
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    for browser in ("another", ""):
        with pytest.raises(InvalidTicket):
            control.choose(asked.ticket, [first.sid], browser=browser, arrival=Arrival("ann"))
        with pytest.raises(InvalidTicket):
            control.pending(asked.ticket, browser=browser)
    assert [s.sid for s in control.sessions("ann")] == [first.sid]


def test_05_a_late_request_revives_nothing(make: Make, clock: FakeClock) -> None:
    control = make(OPEN)
    session, token = sign_in(control)
    control.end("ann", [session.sid], EndReason.LOGOUT)
    for forgotten in (False, True):
        assert control.touch(session, clock() + DAY) is False
        assert control.rotate(session) is None
        assert control.elevate(session) is None
        assert control.settle(session, Arrival("ann", persistent=True)) is None
        assert not isinstance(control.authenticate(token), Authenticated)
        assert control.sessions("ann") == []
        if not forgotten:
            clock.advance(31 * DAY)
            control.purge()


def test_06_a_logout_leaves_neither_the_token_nor_its_predecessor(make: Make) -> None:
    control = make(OPEN)
    session, old = sign_in(control)
    renewed = control.rotate(session)
    assert renewed is not None
    control.end("ann", [session.sid], EndReason.LOGOUT)
    assert isinstance(control.authenticate(old), Ended)
    assert isinstance(control.authenticate(renewed[1]), Ended)


@pytest.mark.parametrize("short", ["", " ", "soj_", "soj_00", "soj_00" + "A" * 42, "null", "0"])
def test_07_an_empty_or_short_token_opens_nothing(make: Make, store: InstrumentedStore, short: str) -> None:
    control = make(OPEN)
    sign_in(control)
    store.calls.clear()
    assert control.authenticate(short) == Unknown()
    assert not store.calls


def test_08_requests_without_a_session_and_refused_sign_ins_leave_no_session(
    make: Make, store: InstrumentedStore
) -> None:
    control = make(REFUSE)
    sign_in(control)
    for number in range(20):
        control.authenticate(f"soj_00{number:043}")
        assert isinstance(control.start(Arrival("ann")), Refused)
    assert len(store.roster("ann").sessions) == 1
    assert list(store.history("ann", 100)) == []


def test_10_the_limit_is_keyed_on_the_subjects_name_not_on_an_object(make: Make) -> None:
    control = make(EVICT)
    for _ in range(3):
        sign_in(control, Arrival("".join(["a", "nn"])))
    assert len(control.sessions("ann")) == 1


@pytest.mark.parametrize(
    "arrival",
    [
        Arrival("ann", persistent=True),
        Arrival("ann", client="single sign-on", amr=("fed",)),
        Arrival("ann", acr="gold", amr=("pwd", "otp")),
        Arrival("ann", device=Device(digest="known device")),
        Arrival("ann", credentials=("reset a moment ago",)),
    ],
)
def test_11_no_way_of_signing_in_goes_past_the_limit(make: Make, arrival: Arrival) -> None:
    control = make(REFUSE)
    sign_in(control)
    assert isinstance(control.start(arrival), Refused)


def test_12_a_refusal_is_no_failed_login_and_locks_nobody_out(make: Make, store: InstrumentedStore) -> None:
    control = make(REFUSE)
    session, _ = sign_in(control)
    for _ in range(50):
        assert isinstance(control.start(Arrival("ann")), Refused)
    assert set(recorded(store)) == {"session.started", "start.refused"}
    control.end("ann", [session.sid], EndReason.LOGOUT)
    sign_in(control)


def test_13_dead_sessions_do_not_occupy_the_limit(make: Make, clock: FakeClock) -> None:
    control = make(REFUSE)
    sign_in(control)
    clock.advance(HOUR)
    sign_in(control)


def test_14_a_request_evicts_nobody_only_a_sign_in_does(make: Make, clock: FakeClock) -> None:
    lenient, strict = make(OPEN), make(EVICT)
    held = [sign_in(lenient) for _ in range(3)]
    for _ in range(3):
        clock.advance(2 * MINUTE)
        for session, token in held:
            assert isinstance(strict.authenticate(token), Authenticated)
            assert strict.touch(session)
    assert len(strict.sessions("ann")) == 3


def test_15_a_changed_password_ends_the_others(make: Make) -> None:
    control = make(OPEN)
    before = Arrival("ann", credentials=("old",))
    (_, stolen), (mine, token) = sign_in(control, before), sign_in(control, before)
    control.credential_changed("ann", ["new"], spare=mine.sid)
    found = control.authenticate(stolen)
    assert isinstance(found, Ended)
    assert found.session.end_reason is EndReason.CREDENTIAL_CHANGED
    assert isinstance(control.authenticate(token), Authenticated)


def test_16_the_sessions_of_a_disabled_user_stay_dead_when_it_is_enabled_again(make: Make) -> None:
    control = make(OPEN)
    held = [sign_in(control) for _ in range(3)]
    control.end("ann", None, EndReason.DEACTIVATED)
    sign_in(control)
    assert all(isinstance(control.authenticate(token), Ended) for _, token in held)


def test_17_a_session_is_over_in_time_without_any_clean_up_job(make: Make, clock: FakeClock) -> None:
    control = make(OPEN)
    _, token = sign_in(control)
    clock.advance(HOUR)
    found = control.authenticate(token)
    assert isinstance(found, Ended)
    assert (found.session.end_reason, found.session.ended) == (EndReason.INACTIVITY_TIMEOUT, clock())
    assert control.sessions("ann") == []


def test_18_no_token_is_in_a_log_a_record_an_event_or_an_outcomes_repr(
    make: Make, store: InstrumentedStore, caplog: pytest.LogCaptureFixture
) -> None:
    control = make(ASK)
    with caplog.at_level(logging.DEBUG):
        session, token = sign_in(control)
        asked = control.start(Arrival("ann"), browser="browser")
        assert isinstance(asked, ChoiceRequired)
        assert asked.ticket is not None
        admitted = control.choose(asked.ticket, [session.sid], browser="browser")
        control.authenticate(token)
    assert isinstance(store.store, MemoryStore)
    assert isinstance(admitted, Admitted)
    assert admitted.token is not None
    told = [payload(event) for event in store.store.events]
    kept = (store.store.roster("ann"), store.store.history("ann", 9), control.authenticate(token))
    shown = caplog.text + repr((asked, admitted, told, kept, session))
    for secret in (token, admitted.token, asked.ticket):
        assert secret.reveal()[-40:] not in shown
        assert repr(secret.digest())[2:-1] not in shown


def test_19_a_look_up_is_by_hash_and_the_same_work_whether_or_not_it_finds(
    make: Make, store: InstrumentedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = make(OPEN)
    _, token = sign_in(control)
    asked: list[bytes] = []
    visit = store.store.visit
    monkeypatch.setattr(store.store, "visit", lambda digest, *rest: asked.append(digest) or visit(digest, *rest))
    store.calls.clear()
    control.authenticate(token)
    found = dict(store.calls)
    store.calls.clear()
    control.authenticate("soj_00" + "A" * 43)
    assert found == dict(store.calls) == {"visit": 1}
    assert [len(digest) for digest in asked] == [32, 32]
    assert token.reveal().encode() not in asked


def test_20_no_secret_can_be_pickled(make: Make) -> None:
    outcome = make(OPEN).start(Arrival("ann"))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not to be pickled"):
            pickle.dumps(outcome, protocol)
    assert Token not in copyreg.dispatch_table


def test_22_nobody_writes_lines_into_a_log_through_what_a_browser_says_of_itself(make: Make) -> None:
    nasty = "Mozilla\r\n2026-01-01 admin signed in\x1b[2J\u202e" + "x" * 10_000
    arrival = Arrival("ann", client=nasty, place=nasty, address=nasty, device=Device(family=nasty, os=nasty))
    session, _ = sign_in(make(OPEN), arrival)
    for text in (session.client, session.place, session.address, session.device.label):
        assert text.isprintable()
        assert len(text) <= 255


def test_23_clean_up_works_in_batches(make: Make, store: InstrumentedStore, clock: FakeClock) -> None:
    control = make(OPEN)
    for number in range(7):
        sign_in(control, Arrival(f"user {number}"))
    clock.advance(HOUR)
    assert control.sweep(3) == 3
    assert len(store.overdue(clock(), 100)) == 4


def test_24_nothing_is_remembered_between_two_look_ups(make: Make, store: InstrumentedStore) -> None:
    control = make(OPEN)
    held = [sign_in(control)[1] for _ in range(3)]
    assert all(isinstance(control.authenticate(token), Authenticated) for token in held)
    make(OPEN).end("ann", None, EndReason.OPERATOR)
    assert all(isinstance(control.authenticate(token), Ended) for token in held)
    assert store.calls["visit"] == 6


def test_25_each_device_that_stays_signed_in_has_a_token_of_its_own(make: Make) -> None:
    control = make(OPEN)
    (phone, one), (_, other) = (sign_in(control, Arrival("ann", persistent=True)) for _ in range(2))
    control.end("ann", [phone.sid], EndReason.REVOKED)
    assert isinstance(control.authenticate(one), Ended)
    assert isinstance(control.authenticate(other), Authenticated)
