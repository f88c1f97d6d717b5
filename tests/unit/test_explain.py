"""`explain` in words: which rule applies to whom, and why."""

from __future__ import annotations

import pytest

from sojourn.core.explain import explain
from sojourn.core.policy import Counts, Limit, Overflow, Policy
from sojourn.core.records import Arrival, Roster
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
