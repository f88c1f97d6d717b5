"""Timeouts: judged when looked at, never late, at most one interval early."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.control import Options, SessionControl
from sojourn.core.errors import ConfigurationError
from sojourn.core.outcomes import Admitted, Authenticated
from sojourn.core.policy import Policy
from sojourn.core.records import Arrival, EndReason, Session
from sojourn.core.timeouts import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Timeouts,
    Verdict,
    deadline,
    judge,
    touch_due,
    touch_interval,
    visit_due,
)
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import START, FakeClock
from sojourn.testing.samples import digest, ended, session

ABSOLUTE, INACTIVITY, CARRIER = EndReason.ABSOLUTE_TIMEOUT, EndReason.INACTIVITY_TIMEOUT, EndReason.CARRIER_EXPIRED


def lives_until(after: int | None) -> Verdict:
    return Verdict(live=True, at=None if after is None else START + after)


def over(reason: EndReason, after: int) -> Verdict:
    return Verdict(live=False, reason=reason, at=START + after)


@pytest.mark.parametrize(
    ("fields", "after", "verdict"),
    [
        ({}, 100 * DAY, lives_until(None)),
        ({"inactivity_timeout": 10}, 9, lives_until(10)),
        ({"inactivity_timeout": 10}, 10, over(INACTIVITY, 10)),
        ({"inactivity_timeout": 10}, 999, over(INACTIVITY, 10)),
        ({"inactivity_timeout": 10, "last_seen": START + 5}, 14, lives_until(15)),
        ({"expires": START + 10}, 9, lives_until(10)),
        ({"expires": START + 10}, 10, over(ABSOLUTE, 10)),
        ({"expires": START + 10, "last_seen": START + 9}, 10, over(ABSOLUTE, 10)),
        ({"carrier_expires": START + 10}, 10, over(CARRIER, 10)),
        ({"inactivity_timeout": 8, "expires": START + 9, "carrier_expires": START + 7}, 99, over(CARRIER, 7)),
        ({"inactivity_timeout": 8, "expires": START + 9}, 99, over(INACTIVITY, 8)),
        ({"inactivity_timeout": 9, "expires": START + 9}, 99, over(ABSOLUTE, 9)),
        ({"inactivity_timeout": 10}, -5, lives_until(10)),
    ],
)
def test_a_session_is_over_from_its_first_deadline_on(fields: dict[str, int], after: int, verdict: Verdict) -> None:
    assert judge(session("a", **fields), START + after) == verdict


def test_an_ended_session_is_over_for_the_reason_it_ended_with() -> None:
    revoked = ended(session("a"), START + 5, EndReason.REVOKED)
    assert judge(revoked, START) == over(EndReason.REVOKED, 5)


def test_without_a_timeout_there_is_no_deadline() -> None:
    assert deadline(session("a")) is None
    assert deadline(session("a", expires=START + 7, inactivity_timeout=6)) == START + 6


@given(
    st.integers(1, DAY),
    st.one_of(st.none(), st.integers(1, DAY)),
    st.one_of(st.none(), st.integers(0, DAY)),
    st.integers(0, 2 * DAY),
)
def test_a_judgement_changes_once_and_for_ever(
    idle: int, absolute: int | None, carrier: int | None, after: int
) -> None:
    kept = session(
        "a",
        inactivity_timeout=idle,
        expires=None if absolute is None else START + absolute,
        carrier_expires=None if carrier is None else START + carrier,
    )
    end = min(bound for bound in (idle, absolute, carrier) if bound is not None)
    assert judge(kept, START + after).live == (after < end)
    assert deadline(kept) == START + end


@pytest.mark.parametrize(
    ("inactivity", "interval"),
    [(None, MINUTE), (HOUR, MINUTE), (10 * MINUTE, MINUTE), (5 * MINUTE, 30 * SECOND), (SECOND, 100), (5, 1)],
)
def test_activity_is_written_once_a_minute_or_a_tenth_of_the_timeout(inactivity: int | None, interval: int) -> None:
    assert Timeouts(inactivity=inactivity).interval == interval


@pytest.mark.parametrize(
    ("inactivity", "wished", "interval"),
    [
        (None, 5 * MINUTE, 5 * MINUTE),
        (HOUR, 5 * MINUTE, 5 * MINUTE),
        (5 * MINUTE, 5 * MINUTE, 30 * SECOND),
        (MINUTE, HOUR, 6 * SECOND),
    ],
)
def test_no_interval_is_so_long_that_an_active_session_would_end(
    inactivity: int | None, wished: int, interval: int
) -> None:
    assert touch_interval(inactivity, wished) == interval


@pytest.mark.parametrize(("after", "due"), [(0, False), (59_999, False), (60_000, True), (-1, False)])
def test_activity_is_written_again_when_the_last_is_an_interval_old(after: int, due: bool) -> None:
    assert touch_due(session("a"), START + after, MINUTE) is due


VISITED = session("a", digest=digest("new"), predecessor=digest("old"), predecessor_until=START + MINUTE + 1)


@pytest.mark.parametrize(
    ("visited", "token", "after", "wished", "due"),
    [
        pytest.param(VISITED, "new", MINUTE, None, True, id="a minute after the last"),
        pytest.param(VISITED, "new", MINUTE - 1, None, False, id="before that"),
        pytest.param(VISITED, "new", 5, 5, True, id="as often as is wished"),
        pytest.param(VISITED, "old", MINUTE, None, True, id="by the token before"),
        pytest.param(VISITED, "old", MINUTE + 1, None, False, id="which is not accepted any more"),
        pytest.param(replace(VISITED, expires=START + MINUTE), "new", MINUTE, None, False, id="too old"),
        pytest.param(replace(VISITED, voided=START + MINUTE), "new", MINUTE, None, False, id="void"),
        pytest.param(ended(VISITED, START), "new", MINUTE, None, False, id="ended"),
        pytest.param(replace(VISITED, inactivity_timeout=50), "new", 5, HOUR, True, id="a wish that nobody survives"),
    ],
)
def test_a_visit_is_activity_of_a_live_session_by_a_token_that_is_accepted(
    visited: Session, token: str, after: int, wished: int | None, due: bool
) -> None:
    assert visit_due(visited, digest(token), START + after, wished) is due


@pytest.mark.parametrize("name", ["inactivity", "absolute", "touch_interval"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_timeout_of_no_time_is_a_configuration_error(name: str, value: int) -> None:
    with pytest.raises(ConfigurationError, match=f"The {name} timeout must be longer than zero"):
        Timeouts(**{name: value})


@pytest.mark.parametrize(("inactivity", "interval"), [(MINUTE, MINUTE), (1, None)])
def test_an_interval_that_would_end_an_active_session_is_a_configuration_error(
    inactivity: int, interval: int | None
) -> None:
    with pytest.raises(ConfigurationError, match="shorter than the inactivity timeout"):
        Timeouts(inactivity=inactivity, touch_interval=interval)


@given(
    timeout=st.integers(10, HOUR),
    pauses=st.lists(st.integers(0, HOUR), max_size=12),
    passive=st.lists(st.booleans(), min_size=12, max_size=12),
    wished=st.one_of(st.none(), st.integers(1, HOUR)),
)
def test_a_session_never_ends_late_and_at_most_one_interval_early(
    timeout: int, pauses: list[int], passive: list[bool], wished: int | None
) -> None:
    """True activity is compared with what authenticate, which writes only some of it, lets through."""
    clock = FakeClock()
    policy = Policy(timeouts=Timeouts(inactivity=timeout))
    control = SessionControl(MemoryStore(), policy, clock=clock, options=Options(touch_interval=wished))
    interval = touch_interval(timeout, wished)
    admitted = control.start(Arrival("ann"))
    assert isinstance(admitted, Admitted)
    assert admitted.token is not None
    last_active = clock()
    for pause, is_passive in zip(pauses, passive, strict=False):
        idle = clock.advance(pause) - last_active
        found = control.authenticate(admitted.token, passive=is_passive)
        if not isinstance(found, Authenticated):
            assert idle >= timeout - interval, "not more than one interval early"
            return
        assert idle < timeout, "never late"
        if not is_passive:
            last_active = clock()
