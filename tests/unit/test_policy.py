"""The arithmetic of limits: whom a limit holds, what it counts, how many are too many, and who goes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.core.errors import ConfigurationError
from sojourn.core.policy import Counts, Limit, Order, Overflow, Policy, Scope, unit
from sojourn.core.presets import PRESETS, PRIVILEGED, preset
from sojourn.core.records import Arrival, Device, DeviceClass, Session
from sojourn.core.timeouts import DAY, HOUR, MINUTE, Timeouts
from sojourn.testing.clock import START
from sojourn.testing.oracle import binds, taken
from sojourn.testing.samples import session

PHONE = Device(DeviceClass.PHONE, digest="phone")
COMPUTER = Device(DeviceClass.COMPUTER, digest="computer")
STAFF, ADMIN = frozenset({"staff"}), frozenset({"admin"})


@pytest.mark.parametrize(
    ("limit", "arrival", "holds"),
    [
        (Limit(1), Arrival("ann"), True),
        (Limit(1, groups=STAFF), Arrival("ann"), False),
        (Limit(1, groups=STAFF), Arrival("ann", groups=STAFF | ADMIN), True),
        (Limit(1, exempt=STAFF), Arrival("ann", groups=STAFF | ADMIN), False),
        (Limit(1, exempt=STAFF), Arrival("ann", groups=ADMIN), True),
        (Limit(1, groups=STAFF, exempt=ADMIN), Arrival("ann", groups=STAFF | ADMIN), False),
        (Limit(1, clients=frozenset({"web"})), Arrival("ann", client="web"), True),
        (Limit(1, clients=frozenset({"web"})), Arrival("ann", client="api"), False),
        (Limit(1, clients=frozenset({"web"})), Arrival("ann"), False),
        (Limit(1, device_classes=frozenset({DeviceClass.PHONE})), Arrival("ann", device=PHONE), True),
        (Limit(1, device_classes=frozenset({DeviceClass.PHONE})), Arrival("ann"), False),
    ],
)
def test_a_limit_holds_those_it_is_meant_for(limit: Limit, arrival: Arrival, holds: bool) -> None:
    assert limit.holds(arrival) is holds


OPEN = [
    session("a", client="web", device=PHONE),
    session("b", client="web", device=COMPUTER),
    session("c", client="api", device=COMPUTER),
    session("d", client="api"),
]


@pytest.mark.parametrize(
    ("limit", "counted"),
    [
        (Limit(1), "abcd"),
        (Limit(1, scope=frozenset({Scope.CLIENT})), "ab"),
        (Limit(1, scope=frozenset({Scope.DEVICE_CLASS})), "a"),
        (Limit(1, scope=frozenset({Scope.CLIENT, Scope.DEVICE_CLASS})), "a"),
        (Limit(1, clients=frozenset({"api"})), "cd"),
        (Limit(1, device_classes=frozenset({DeviceClass.PHONE, DeviceClass.OTHER})), "ad"),
    ],
)
def test_a_limit_counts_what_is_counted_together(limit: Limit, counted: str) -> None:
    arrival = Arrival("ann", client="web", device=PHONE)
    assert "".join(s.sid for s in limit.counted(OPEN, arrival)) == counted


@pytest.mark.parametrize(
    ("limit", "excess"),
    [
        (Limit(5), 0),
        (Limit(4), 1),
        (Limit(1), 4),
        (Limit(4, counts=Counts.DEVICES), 0),
        (Limit(3, counts=Counts.DEVICES), 0),
        (Limit(2, counts=Counts.DEVICES), 1),
        (Limit(1, counts=Counts.DEVICES), 2),
    ],
)
def test_excess_is_what_must_go_for_the_newcomer_to_fit(limit: Limit, excess: int) -> None:
    assert limit.excess(OPEN, Arrival("ann", device=PHONE)) == excess


def test_sessions_of_unknown_devices_count_one_each() -> None:
    unknown = [session("a"), session("b")]
    assert [unit(s) for s in unknown] == ["a", "b"]
    assert Limit(2, counts=Counts.DEVICES).excess(unknown, Arrival("ann")) == 1


@given(
    st.builds(
        Limit,
        st.integers(1, 3),
        scope=st.frozensets(st.sampled_from(Scope)),
        counts=st.sampled_from(Counts),
        clients=st.frozensets(st.sampled_from(["", "web", "api"])),
        device_classes=st.frozensets(st.sampled_from([DeviceClass.PHONE, DeviceClass.OTHER])),
        groups=st.frozensets(st.just("staff")),
    ),
    st.lists(st.tuples(st.sampled_from(["", "web", "api"]), st.sampled_from([PHONE, COMPUTER, Device()])), max_size=6),
    st.sampled_from(["", "web", "api"]),
    st.sampled_from([PHONE, COMPUTER, Device()]),
    st.frozensets(st.sampled_from(["staff", "admin"])),
)
def test_the_arithmetic_agrees_with_a_second_one(
    limit: Limit, rows: list[tuple[str, Device]], client: str, device: Device, groups: frozenset[str]
) -> None:
    sessions = [session(str(i), client=of, device=on) for i, (of, on) in enumerate(rows)]
    arrival = Arrival("ann", client=client, device=device, groups=groups)
    assert limit.holds(arrival) == binds(limit, arrival)
    if limit.holds(arrival):
        wanted = taken(limit, sessions, arrival, newcomer=True)
        assert limit.excess(limit.counted(sessions, arrival), arrival) == max(0, wanted - limit.max_sessions)


def seen(sid: str, last_seen: int, created: int, expires: int | None) -> Session:
    ends = None if expires is None else START + expires
    return session(sid, last_seen=START + last_seen, created=START + created, expires=ends)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.LEAST_RECENTLY_USED, ["old-idle", "tie-a", "tie-b", "late", "busy"]),
        (Order.OLDEST, ["busy", "old-idle", "tie-a", "tie-b", "late"]),
        (Order.SOONEST_EXPIRING, ["late", "tie-a", "tie-b", "old-idle", "busy"]),
    ],
)
def test_sessions_end_in_the_order_of_the_limit(order: Order, expected: list[str]) -> None:
    sessions = [
        seen("tie-b", 20, 10, 60),
        seen("late", 30, 30, 50),
        seen("busy", 90, 0, None),
        seen("tie-a", 20, 10, 60),
        seen("old-idle", 10, 5, None),
    ]
    assert [s.sid for s in Limit(1, order=order).in_order(sessions)] == expected


@pytest.mark.parametrize("order", list(Order))
@given(rows=st.lists(st.tuples(*[st.integers(0, 2)] * 3), max_size=6), data=st.data())
def test_every_order_is_total_whatever_the_ties(
    order: Order, rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    sessions = [seen(str(i), used, made, ends or None) for i, (used, made, ends) in enumerate(rows)]
    shuffled = data.draw(st.permutations(sessions))
    assert Limit(1, order=order).in_order(sessions) == Limit(1, order=order).in_order(shuffled)


def test_a_session_that_expires_at_the_first_moment_of_time_still_expires_soonest() -> None:
    at_zero = session("z", expires=0)
    assert Limit(1, order=Order.SOONEST_EXPIRING).in_order([session("a", expires=1), at_zero])[0] == at_zero


@pytest.mark.parametrize("number", [0, -1])
def test_a_limit_of_no_session_is_a_configuration_error(number: int) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        Limit(number)


def test_a_limit_that_holds_and_exempts_the_same_group_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="exempt the same groups: staff"):
        Limit(1, groups=STAFF | ADMIN, exempt=STAFF)


@pytest.mark.parametrize(
    ("timeouts", "persistent"),
    [(Timeouts(), None), (Timeouts(absolute=DAY), None), (Timeouts(HOUR), Timeouts(absolute=DAY))],
)
def test_a_limit_that_could_lock_its_owner_out_for_ever_is_a_configuration_error(
    timeouts: Timeouts, persistent: Timeouts | None
) -> None:
    with pytest.raises(ConfigurationError, match="needs an inactivity timeout"):
        Policy((Limit(2), Limit(1, Overflow.REFUSE)), timeouts, persistent)


def test_a_limit_that_refuses_is_fine_with_inactivity_timeouts() -> None:
    assert Policy((Limit(1, Overflow.REFUSE),), Timeouts(HOUR)).timeouts_for(persistent=True) == Timeouts(HOUR)


def test_persistent_sessions_may_have_timeouts_of_their_own() -> None:
    policy = Policy(timeouts=Timeouts(HOUR), persistent=Timeouts(DAY))
    assert policy.timeouts_for(persistent=False) == Timeouts(HOUR)
    assert policy.timeouts_for(persistent=True) == Timeouts(DAY)


def test_report_only_sessions_have_no_timeouts() -> None:
    assert Policy(timeouts=Timeouts(HOUR), report_only=True).timeouts_for(persistent=False) == Timeouts()


@pytest.mark.parametrize(
    ("limit", "title"),
    [
        (Limit(3), "3 sessions, then end existing"),
        (Limit(2, Overflow.ASK, counts=Counts.DEVICES), "2 devices, then ask"),
        (
            Limit(1, Overflow.REFUSE, scope=frozenset({Scope.DEVICE_CLASS, Scope.CLIENT})),
            "1 session per client per device class, then refuse",
        ),
        (Limit(1, name="House rule"), "House rule"),
    ],
)
def test_a_limit_is_called_by_its_name_or_its_rule(limit: Limit, title: str) -> None:
    assert limit.title == title


@pytest.mark.parametrize(
    ("name", "ordinary", "privileged", "inactivity", "absolute"),
    [
        ("fedramp", 2, 3, 15 * MINUTE, None),
        ("pci", None, None, 15 * MINUTE, None),
        ("aal1", None, None, None, 30 * DAY),
        ("aal2", None, None, HOUR, DAY),
        ("aal3", None, None, 15 * MINUTE, 12 * HOUR),
        ("fluid", 1, 1, 5 * MINUTE, None),
    ],
)
def test_a_preset_has_the_values_of_its_standard(
    name: str, ordinary: int | None, privileged: int | None, inactivity: int | None, absolute: int | None
) -> None:
    policy = preset(name)
    assert policy.timeouts == Timeouts(inactivity, absolute)
    assert policy.persistent is None, "staying signed in does not outlast the standard"
    for groups, number in ((frozenset[str](), ordinary), (frozenset({PRIVILEGED}), privileged)):
        holding = [limit for limit in policy.limits if limit.holds(Arrival("ann", groups=groups))]
        assert [limit.max_sessions for limit in holding] == ([] if number is None else [number])


def test_every_preset_is_tested_above_and_an_unknown_one_names_those_there_are() -> None:
    assert set(PRESETS) == {"fedramp", "pci", "aal1", "aal2", "aal3", "fluid"}
    with pytest.raises(ConfigurationError, match=r"no preset 'nist'.* aal1, aal2, aal3, fedramp, fluid, pci"):
        preset("nist")
