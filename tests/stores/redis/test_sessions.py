"""What is particular to sessions on Redis: what an operation costs, what is not trusted, what repairs itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sojourn import Admitted, Arrival, Limit, Policy, Refused, SessionControl
from sojourn.core.decisions import Decision, decide_end
from sojourn.core.errors import RecordFormatError, StoreContention, StoreError
from sojourn.core.outcomes import Authenticated, Unknown
from sojourn.core.policy import Overflow
from sojourn.core.records import EndReason, Roster
from sojourn.core.timeouts import HOUR, MINUTE, Timeouts
from sojourn.core.tokens import route_of
from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.keys import PREFIX, key
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import START, FakeClock
from sojourn.testing.conformance.setup import full_session, keep, open_sids, session, update
from sojourn.testing.samples import ANN, digest, ended, sid, ticket

pytestmark = pytest.mark.redis
ONE = Policy((Limit(1, Overflow.END_EXISTING),), Timeouts(inactivity=HOUR, absolute=10 * HOUR))


@pytest.fixture
def control(store: RedisStore, clock: FakeClock) -> SessionControl:
    return SessionControl(store, ONE, clock=clock)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def name(container: str, subject: str = "ann") -> str:
    return key(PREFIX, route_of(subject), container)


class TestCost:
    """By the server's own statistics: commands that a client sent, and not those that scripts made of them."""

    def test_a_request_is_one_command_with_its_touch_or_without(
        self, server: Any, control: SessionControl, clock: FakeClock
    ) -> None:
        token = started(control).token
        control.authenticate(token)  # by which the server learns the script
        server.reset_stats()
        assert isinstance(control.authenticate(token), Authenticated)
        assert sent(server) == {"evalsha": 1}
        clock.advance(2 * MINUTE)
        server.reset_stats()
        assert isinstance(control.authenticate(token), Authenticated)
        assert sent(server) == {"evalsha": 1}
        assert control.store.roster("ann").sessions[0].last_seen == clock()

    def test_an_unknown_token_is_one_command_too(self, server: Any, control: SessionControl) -> None:
        token = control.renew("ann")
        control.authenticate(token)
        server.reset_stats()
        assert isinstance(control.authenticate(token), Unknown)
        assert sent(server) == {"evalsha": 1}

    def test_an_admission_that_evicts_is_two_commands(self, server: Any, control: SessionControl) -> None:
        started(control)
        server.reset_stats()
        assert len(started(control).ended) == 1
        assert sent(server) == {"evalsha": 2}

    @pytest.mark.parametrize("what", ["end", "rotate", "elevate"])
    def test_ending_and_renewing_are_two_commands(self, server: Any, control: SessionControl, what: str) -> None:
        session = started(control).session
        control.end("bob", None, EndReason.LOGOUT)
        server.reset_stats()
        if what == "end":
            assert control.end("ann", [session.sid], EndReason.LOGOUT)
        else:
            assert getattr(control, what)(session)
        assert sent(server) == {"evalsha": 2}

    def test_ending_nothing_is_one_command(self, server: Any, control: SessionControl) -> None:
        server.reset_stats()
        assert not control.end("ann", None, EndReason.LOGOUT)
        assert sent(server) == {"evalsha": 1}


class TestContention:
    """Somebody else is faster: the decision is made anew; it is never made on what is not true any more."""

    def test_a_decision_is_made_anew_on_what_is_true_now(self, store: RedisStore) -> None:
        seen = []

        def decide(roster: Roster) -> Decision[None]:
            seen.append(len(roster.sessions))
            if len(seen) == 1:
                keep(store, session("other"))
            return Decision(None, insert=session("mine"))

        store.transact("ann", decide)
        assert seen == [0, 1]
        assert open_sids(store) == ["mine", "other"]

    def test_after_many_tries_it_is_given_up_with_a_clear_error_and_nothing_is_written(self, store: RedisStore) -> None:
        made = []

        def decide(_: Roster) -> Decision[None]:
            made.append(None)
            keep(store, session(f"other {len(made)}"))
            return Decision(None, insert=session("mine"))

        with pytest.raises(StoreContention):
            store.transact("ann", decide)
        assert store.find(sid("mine")) is None
        assert len(made) == 40

    def test_activity_meanwhile_is_not_taken_back_and_no_reason_to_decide_anew(self, store: RedisStore) -> None:
        keep(store, session("a", inactivity_timeout=HOUR, carrier_expires=START + HOUR))
        made = []

        def decide(roster: Roster) -> Decision[None]:
            made.append(None)
            assert store.touch(roster.sessions[0], START + 9, START + 2 * HOUR)
            return Decision(None, update=(replace(roster.sessions[0], acr="gold"),))

        store.transact("ann", decide)
        (found,) = store.roster("ann").sessions
        assert (found.acr, found.last_seen, found.carrier_expires) == ("gold", START + 9, START + 2 * HOUR)
        assert len(made) == 1

    def test_a_decision_whose_answer_was_lost_and_that_is_sent_again_is_written_once(
        self, store: RedisStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask, commits = store.servers.ask, []

        def twice(calls: list[Call]) -> list[Any]:
            if calls[0].script == "commit":
                commits.append(ask(calls))
            return ask(calls)

        monkeypatch.setattr(store.servers, "ask", twice)
        control = SessionControl(store, Policy((Limit(1, Overflow.REFUSE),), Timeouts(inactivity=HOUR)))
        assert isinstance(control.start(Arrival("ann")), Admitted)
        assert commits == [[b"OK"]]
        assert isinstance(control.start(Arrival("ann")), Refused)
        assert len(store.roster("ann").sessions) == 1

    @pytest.mark.parametrize("what", ["revoked", "password", "evicted", "erased"])
    def test_a_sign_in_that_was_ended_before_its_lost_answer_is_asked_for_again_stays_ended(
        self, store: RedisStore, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        control = SessionControl(store, ONE)
        elsewhere = SessionControl(store, ONE)

        def meanwhile() -> None:
            if what == "revoked":
                elsewhere.end("ann", None, EndReason.REVOKED)
            elif what == "password":
                elsewhere.credential_changed("ann", ["new"])
            elif what == "evicted":
                started(elsewhere)
            else:
                store.erase("ann")

        with answer_lost(store, monkeypatch, meanwhile):
            outcome = control.start(Arrival("ann", credentials=("old",)))
        assert isinstance(outcome, Admitted)
        assert outcome.token is not None
        assert not isinstance(control.authenticate(outcome.token), Authenticated)
        assert len(store.roster("ann").sessions) == (what == "evicted")
        assert outcome.session.sid not in [each.sid for each in store.roster("ann").sessions]

    def test_an_end_whose_answer_was_lost_is_told_though_somebody_signed_in_meanwhile(
        self, store: RedisStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        control = SessionControl(store, Policy((Limit(3),), Timeouts(inactivity=HOUR)))
        first = started(control).session
        with answer_lost(store, monkeypatch, lambda: started(control)):
            assert [each.sid for each in control.end("ann", [first.sid], EndReason.LOGOUT)] == [first.sid]

    def test_a_token_is_renewed_once_though_the_answer_was_lost(
        self, store: RedisStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        control = SessionControl(store, Policy((Limit(3),), Timeouts(inactivity=HOUR)))
        made = started(control)
        with answer_lost(store, monkeypatch, lambda: started(control)):
            renewed = control.rotate(made.session)
        assert renewed is not None
        assert renewed[0].generation == 1
        assert isinstance(control.authenticate(made.token), Authenticated)

    def test_a_session_is_never_written_over_one_that_is_there(self, store: RedisStore) -> None:
        keep(store, session("a"))
        update(store, ended(session("a"), START + 1))
        with pytest.raises(StoreError):
            keep(store, session("a"))
        assert open_sids(store) == []

    def test_a_decision_about_somebody_unknown_is_made_anew_when_they_came_and_went(self, store: RedisStore) -> None:
        seen = []

        def decide(roster: Roster) -> Decision[None]:
            seen.append(roster.ticket)
            if len(seen) == 1:
                store.transact("ann", lambda _: Decision(None, redeem=digest("t")), digest("t"))
            return Decision(None, redeem=digest("t") if roster.ticket else None)

        keep(store, tickets=[ticket("t")])
        store.transact("ann", decide, digest("t"))
        assert seen == [ticket("t"), None]

    def test_a_decision_that_was_made_before_everything_was_erased_is_made_anew(self, store: RedisStore) -> None:
        seen = []

        def decide(roster: Roster) -> Decision[None]:
            seen.append(len(roster.sessions))
            if len(seen) == 1:
                store.erase("ann")
            return Decision(None, insert=session("b"))

        keep(store, session("a"))
        store.transact("ann", decide)
        assert seen == [1, 0]


class TestDamage:
    """What is found is not trusted: it is as it was written, or it is an error that admits nobody."""

    def test_a_record_of_a_newer_version_is_read_and_keeps_what_only_that_knows(
        self, store: RedisStore, client: Any
    ) -> None:
        keep(store, full_session("a"))
        head, _, body = client.hget(name("sessions"), sid("a")).partition(b"\n")
        newer = head + b"\n" + json.dumps([*json.loads(body), {"later": 1}]).encode()
        client.hset(name("sessions"), sid("a"), newer)
        assert store.lookup(digest("a"), ANN) == full_session("a")
        update(store, replace(full_session("a"), acr="gold"))
        assert store.find(sid("a")) == replace(full_session("a"), acr="gold")
        assert json.loads(client.hget(name("sessions"), sid("a")).partition(b"\n")[2])[-1] == {"later": 1}

    def test_a_record_of_the_first_version_is_read(self, store: RedisStore, client: Any) -> None:
        keep(store, session("a"))
        head, _, body = client.hget(name("sessions"), sid("a")).partition(b"\n")
        client.hset(name("sessions"), sid("a"), head + b"\n" + json.dumps(json.loads(body)[:-2]).encode())
        assert store.lookup(digest("a"), ANN) == session("a")

    def test_a_record_of_a_format_that_is_not_known_opens_nothing(self, store: RedisStore, client: Any) -> None:
        keep(store, session("a"))
        record = client.hget(name("sessions"), sid("a"))
        client.hset(name("sessions"), sid("a"), b"2" + record[1:])
        with pytest.raises(RecordFormatError):
            store.visit(digest("a"), ANN, START + HOUR, None)
        with pytest.raises(RecordFormatError):
            keep(store, session("b"))

    def test_a_token_that_points_to_another_session_opens_nothing(self, store: RedisStore, client: Any) -> None:
        keep(store, session("a"), session("b"))
        client.hset(name("tokens"), digest("a"), sid("b"))
        assert store.lookup(digest("a"), ANN) is None

    @pytest.mark.parametrize("container", ["sessions", "tokens", "subjects", "tickets", "meta", "open"])
    def test_a_key_that_holds_something_foreign_is_an_error(
        self, store: RedisStore, client: Any, container: str
    ) -> None:
        keep(store, session("a"), tickets=[ticket("t")])
        client.delete(name(container))
        client.set(name(container), "something else")
        calls = (
            lambda: store.visit(digest("a"), ANN, START + HOUR, None),
            lambda: store.ticket(digest("t"), ANN),
            lambda: keep(store, session("b")),
        )
        assert "StoreError" in {outcome_of(call) for call in calls}
        assert client.get(name(container)) == b"something else"

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_whatever_is_in_a_record_it_admits_nobody_and_breaks_nothing(
        self, store: RedisStore, client: Any, data: st.DataObject
    ) -> None:
        for container in ("sessions", "tokens", "subjects", "tickets"):
            client.delete(name(container))
        keep(store, full_session("a"), session("b"), tickets=[ticket("t")])
        container = data.draw(st.sampled_from(["sessions", "tokens", "subjects", "tickets"]))
        field = data.draw(st.sampled_from(sorted(client.hkeys(name(container)))))
        value = client.hget(name(container), field)
        client.hset(name(container), field, data.draw(damaged(value)))
        live = [full_session("a"), session("b")]
        for each in live:
            try:
                found = store.visit(each.digest, ANN, START + 5, None)
            except RecordFormatError:
                continue
            assert found is None or each.digest in (found.digest, found.predecessor)
        for call in (
            lambda: store.roster("ann"),
            lambda: store.find(sid("a")),
            lambda: store.ticket(digest("t"), ANN),
            lambda: store.touch(session("a"), START + 6, None),
            lambda: store.transact("ann", lambda r: decide_end(r, None, EndReason.LOGOUT, "", START + 7), digest("t")),
            lambda: store.overdue(START + 8, 10),
            lambda: store.erase("ann"),
        ):
            try:
                call()
            except StoreError:
                continue


@st.composite
def damaged(draw: st.DrawFn, value: bytes) -> bytes:
    """Cut off, overwritten, doubled, enormous, or something else altogether."""
    how = draw(st.integers(0, 5))
    if how == 0:
        return value[: draw(st.integers(0, len(value)))]
    if how == 1:
        at = draw(st.integers(0, len(value) - 1))
        return value[:at] + draw(st.binary(min_size=1, max_size=4)) + value[at + 1 :]
    if how == 2:
        return value + value
    if how == 3:
        return draw(st.binary(max_size=200))
    if how == 4:
        return value.replace(b"1", b"9" * draw(st.integers(1, 400)), 3)
    return b"[" * draw(st.integers(1, 20_000))


class TestRepair:
    """What was lost behind the store's back is not open, takes up no room, and goes from the indexes by itself."""

    def test_a_session_whose_record_is_gone_takes_up_no_room_and_leaves_the_roster(
        self, control: SessionControl, client: Any
    ) -> None:
        refuse = SessionControl(control.store, Policy((Limit(1, Overflow.REFUSE),), Timeouts(inactivity=HOUR)))
        gone = started(control)
        client.hdel(name("sessions"), gone.session.sid)
        assert isinstance(control.authenticate(gone.token), Unknown)
        assert control.store.roster("ann").sessions == ()
        again = refuse.start(Arrival("ann"))
        assert isinstance(again, Admitted)
        assert gone.session.sid.encode() not in client.hget(name("subjects"), "ann")

    def test_it_leaves_the_live_index_when_its_time_is_over(
        self, control: SessionControl, client: Any, clock: FakeClock
    ) -> None:
        gone = started(control).session
        client.hdel(name("sessions"), gone.sid)
        assert client.zscore(name("open"), gone.sid) is not None
        clock.advance(11 * HOUR)
        assert control.store.overdue(clock(), 10) == ()
        assert client.zscore(name("open"), gone.sid) is None


@contextmanager
def answer_lost(store: RedisStore, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> Iterator[None]:
    """The first commit is carried out and its answer lost; `meanwhile` happens; then it is sent again."""
    ask, lost = store.servers.ask, []

    def again(calls: Sequence[Call]) -> list[Any]:
        if calls[0].script == "commit" and not lost:
            lost.append(ask(calls))
            assert lost == [[b"OK"]]
            meanwhile()
        return ask(calls)

    with monkeypatch.context() as patch:
        patch.setattr(store.servers, "ask", again)
        yield
    assert lost


def outcome_of(call: Callable[[], object]) -> str:
    try:
        call()
    except StoreError:
        return "StoreError"
    return "done"


def started(control: SessionControl, subject: str = "ann") -> Admitted:
    outcome = control.start(Arrival(subject))
    assert isinstance(outcome, Admitted)
    assert outcome.token is not None
    return outcome


def sent(server: Any) -> dict[str, int]:
    """Commands since the statistics were reset, but for those of scripts: on hashes, sorted sets and the clock."""
    return {name: calls for name, calls in server.command_stats().items() if name[0] not in "hz" and name != "time"}
