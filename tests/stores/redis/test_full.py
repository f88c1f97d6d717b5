"""A server whose memory is full (`noeviction`) begins nothing more; all that ends, notes or tells something goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sojourn import Admitted, Arrival, Limit, Policy, SessionControl
from sojourn.core.errors import StoreUnavailable
from sojourn.core.outcomes import Authenticated, ChoiceRequired, Ended, Refused
from sojourn.core.policy import Overflow
from sojourn.core.records import EndReason
from sojourn.core.timeouts import HOUR, MINUTE, Timeouts
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import FakeClock
from sojourn.testing.conformance import wanted
from tests.services.valkey import PRODUCTS, ValkeyServer

pytestmark = pytest.mark.redis


def policy(overflow: Overflow, most: int = 2) -> Policy:
    return Policy((Limit(most, overflow),), Timeouts(inactivity=HOUR, absolute=10 * HOUR))


@pytest.fixture(params=PRODUCTS)
def server(request: pytest.FixtureRequest) -> Iterator[ValkeyServer]:
    running: ValkeyServer = request.getfixturevalue(f"{request.param}_server")
    running.flush()
    yield running
    running.execute("CONFIG", "SET", "maxmemory", "0")


@pytest.fixture
def fill(server: ValkeyServer) -> Callable[[], None]:
    """From now on the server uses more memory than it may."""
    return lambda: server.execute("CONFIG", "SET", "maxmemory", "1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def control(store: RedisStore, clock: FakeClock) -> SessionControl:
    return SessionControl(store, policy(Overflow.END_EXISTING), clock=clock)


def signed_in(control: SessionControl, subject: str = "ann") -> Admitted:
    outcome = control.start(Arrival(subject))
    assert isinstance(outcome, Admitted)
    return outcome


@pytest.mark.parametrize("overflow", Overflow)
def test_nobody_signs_in_and_nothing_is_changed_by_trying(
    store: RedisStore, clock: FakeClock, fill: Callable[[], None], overflow: Overflow
) -> None:
    control = SessionControl(store, policy(overflow, most=1), clock=clock)
    signed_in(control)
    before = store.roster("ann")
    fill()
    for subject in ("ann", "bob"):
        if subject == "ann" and overflow is Overflow.REFUSE:
            assert isinstance(control.start(Arrival("ann")), Refused)  # it takes up no room
            continue
        with pytest.raises(StoreUnavailable, match="is full: raise its maxmemory"):
            control.start(Arrival(subject), browser="one")
    assert store.roster("ann").sessions == before.sessions
    assert not store.roster("bob").sessions


def test_whoever_is_signed_in_goes_on_and_their_activity_counts(
    control: SessionControl, clock: FakeClock, fill: Callable[[], None]
) -> None:
    token = signed_in(control).token
    assert token is not None
    fill()
    for _ in range(3):
        clock.advance(HOUR - MINUTE)
        assert isinstance(control.authenticate(token), Authenticated)
    (session,) = control.sessions("ann")
    assert session.last_seen == clock()
    clock.advance(MINUTE)
    assert control.touch(session)


def test_signing_out_ends_the_session_and_is_recorded(
    control: SessionControl, store: RedisStore, fill: Callable[[], None]
) -> None:
    admitted = signed_in(control)
    assert admitted.token is not None
    fill()
    assert control.end("ann", [admitted.session.sid], EndReason.LOGOUT)
    assert isinstance(control.authenticate(admitted.token), Ended)
    assert [each.end_reason for each in store.history("ann", 5)] == [EndReason.LOGOUT]


def test_a_choice_that_makes_room_is_no_exception(
    store: RedisStore, clock: FakeClock, fill: Callable[[], None]
) -> None:
    control = SessionControl(store, policy(Overflow.ASK, most=1), clock=clock)
    session = signed_in(control).session
    asked = control.start(Arrival("ann"), browser="one")
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    fill()
    with pytest.raises(StoreUnavailable, match="is full"):
        control.choose(asked.ticket, [session.sid], browser="one")
    assert [each.sid for each in control.sessions("ann")] == [session.sid]


def test_a_token_is_renewed_and_the_one_before_is_over(control: SessionControl, fill: Callable[[], None]) -> None:
    admitted = signed_in(control)
    fill()
    renewed = control.rotate(admitted.session)
    assert renewed is not None
    assert isinstance(control.authenticate(renewed[1]), Authenticated)


def test_an_operator_ends_everything_and_pauses_whom_they_must(
    control: SessionControl, store: RedisStore, clock: FakeClock, fill: Callable[[], None]
) -> None:
    for subject in ("ann", "bob"):
        signed_in(control, subject)
    clock.advance(MINUTE)
    fill()
    control.pause("ann", by="operator")
    assert store.roster("ann").profile.pause is not None
    assert control.end_all(by="operator") == 2
    assert not control.sessions("ann")
    assert store.epoch() is not None


def test_what_time_has_ended_is_ended_and_what_is_old_is_forgotten_which_makes_room(
    control: SessionControl, store: RedisStore, clock: FakeClock, fill: Callable[[], None]
) -> None:
    for number in range(20):
        signed_in(control, f"user {number}")
    fill()
    clock.advance(2 * HOUR)
    assert control.sweep() == 20
    clock.advance(400 * 24 * HOUR)
    assert control.purge() > 0
    control.fade()
    assert not store.history("user 1", 1)


def test_letters_are_told_and_settled(control: SessionControl, store: RedisStore, fill: Callable[[], None]) -> None:
    session = signed_in(control).session
    fill()
    control.end("ann", [session.sid], EndReason.REVOKED, by="operator")
    batch = store.claim("worker", session.created, session.created + MINUTE)
    assert batch is not None
    assert store.settle(batch.lease, batch.letters, told={"mail": session.created}, until=None) is None
    assert store.claim("another", session.created, session.created + MINUTE) is not None


def test_an_end_that_is_sent_again_is_recognised(server: ValkeyServer, fill: Callable[[], None]) -> None:
    class Twice(Servers):
        def ask(self, calls: Any) -> Any:
            if calls[0].script == "commit":
                super().ask(calls)  # its answer is lost
            return super().ask(calls)

    control = SessionControl(RedisStore(Twice(Address.parse(server.url())), wanted=wanted), policy(Overflow.REFUSE))
    signed_in(control)
    fill()
    assert len(control.end("ann", None, EndReason.LOGOUT)) == 1


def test_a_subject_can_still_move_away(control: SessionControl, store: RedisStore, fill: Callable[[], None]) -> None:
    session = signed_in(control).session
    fill()
    assert [each.sid for each in store.moves.pack("ann").sessions] == [session.sid]
