"""`explain` in words: which rule applies to whom, and why."""

from __future__ import annotations

import pytest

from sojourn.core.explain import explain, usage
from sojourn.core.policy import Counts, Limit, Overflow, Policy, Scope
from sojourn.core.records import Arrival, Device, DeviceClass, Roster
from sojourn.core.timeouts import HOUR, Timeouts
from sojourn.testing.clock import START
from sojourn.testing.samples import session

NOW = START + 100
BOTH = Roster("ann", (session("a", last_seen=START + 1), session("b", last_seen=START + 2)))
IDLE = Timeouts(inactivity=HOUR)


@pytest.mark.parametrize(
    ("policy", "lines"),
    [
        (Policy(), ["No limit is configured.", "The sign-in would be admitted."]),
        (
            Policy((Limit(3, name="three"),)),
            ["Limit “three”: 2 open of at most 3 sessions; there is room.", "The sign-in would be admitted."],
        ),
        (
            Policy((Limit(2, name="two"),)),
            [
                "Limit “two”: 2 open of at most 2 sessions; 1 too many with this sign-in, so end_existing.",
                "The sign-in would be admitted; these would end: a (evicted).",
            ],
        ),
        (
            Policy((Limit(1, Overflow.REFUSE, counts=Counts.DEVICES, name="one"),), IDLE),
            [
                "Limit “one”: 2 open of at most 1 devices; 2 too many with this sign-in, so refuse.",
                "The sign-in would be refused.",
            ],
        ),
        (
            Policy((Limit(2, Overflow.ASK, name="two"), Limit(1, groups=frozenset({"staff"}), name="staff"))),
            [
                "Limit “two”: 2 open of at most 2 sessions; 1 too many with this sign-in, so ask.",
                "Limit “staff” does not hold this sign-in.",
                "The user would be asked which session to end.",
            ],
        ),
        (
            Policy((Limit(2, Overflow.REFUSE, name="two"),), IDLE, report_only=True),
            [
                "Limit “two”: 2 open of at most 2 sessions; 1 too many with this sign-in, so refuse.",
                "Report-only: this is recorded, and nothing is enforced.",
                "The sign-in would be admitted.",
            ],
        ),
    ],
)
def test_an_explanation_names_each_limit_and_what_it_comes_to(policy: Policy, lines: list[str]) -> None:
    assert list(explain(BOTH, Arrival("ann"), policy, NOW).lines) == lines


COMPUTER, PHONE, TABLET = (Device(kind) for kind in (DeviceClass.COMPUTER, DeviceClass.PHONE, DeviceClass.TABLET))
OPEN = (
    session("a", device=COMPUTER, client="shop"),
    session("b", device=COMPUTER, client="forum"),
    session("c", device=PHONE, client="shop"),
)
AT_DESK = Arrival("ann", device=COMPUTER, client="shop", groups=frozenset({"staff"}))


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        (Limit(5), [(3, None, None)]),
        (Limit(2), [(3, None, None)]),
        (Limit(5, device_classes=frozenset({DeviceClass.PHONE})), [(1, None, None)]),
        (Limit(5, device_classes=frozenset({DeviceClass.TABLET})), [(0, None, None)]),
        (Limit(5, device_classes=frozenset({DeviceClass.TABLET, DeviceClass.PHONE})), [(1, None, None)]),
        (Limit(5, scope=frozenset({Scope.DEVICE_CLASS})), [(2, None, "computer"), (1, None, "phone")]),
        (Limit(5, scope=frozenset({Scope.CLIENT})), [(2, "shop", None), (1, "forum", None)]),
        (
            Limit(5, scope=frozenset({Scope.CLIENT, Scope.DEVICE_CLASS})),
            [(1, "shop", "computer"), (1, "forum", "computer"), (1, "shop", "phone")],
        ),
        (
            Limit(
                5,
                scope=frozenset({Scope.DEVICE_CLASS}),
                device_classes=frozenset({DeviceClass.PHONE, DeviceClass.TABLET}),
            ),
            [(1, None, "phone"), (0, None, "tablet")],
        ),
        (Limit(5, clients=frozenset({"forum"})), [(1, None, None)]),
        (Limit(5, clients=frozenset({"blog"}), scope=frozenset({Scope.CLIENT})), [(0, "blog", None)]),
        (Limit(5, groups=frozenset({"staff"})), [(3, None, None)]),
        (Limit(5, groups=frozenset({"guests"})), []),
        (Limit(5, exempt=frozenset({"staff"})), []),
    ],
)
def test_usage_says_how_much_of_a_limit_is_taken_up(limit: Limit, found: list[tuple[object, ...]]) -> None:
    shown = usage(Policy((limit,)), OPEN, AT_DESK)
    assert [(each.used, each.client, each.device_class) for each in shown] == found
    assert {each.limit for each in shown} <= {limit}


def test_usage_counts_devices_once_where_devices_are_counted() -> None:
    same = [session(sid, device=Device(digest="d" * 43)) for sid in "ab"]
    (shown,) = usage(Policy((Limit(5, counts=Counts.DEVICES),)), [*same, session("c", device=Device())], AT_DESK)
    assert shown.used == 2


def test_usage_says_nothing_of_limits_that_are_not_enforced() -> None:
    assert usage(Policy((Limit(2),), report_only=True), OPEN, AT_DESK) == ()


def test_usage_leaves_out_those_who_act_as_the_subject_as_the_limit_does() -> None:
    acting = session("d", device=TABLET, parent="e")
    assert [each.used for each in usage(Policy((Limit(5),)), [*OPEN, acting], AT_DESK)] == [3]
    by_class = Policy((Limit(5, scope=frozenset({Scope.DEVICE_CLASS})),))
    assert [each.device_class for each in usage(by_class, [acting], AT_DESK)] == ["computer"]
