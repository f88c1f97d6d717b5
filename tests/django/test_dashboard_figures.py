"""The dashboard's arithmetic: pure, so it is tried without a site."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.contrib.django.administration import figures, plots
from sojourn.contrib.django.administration.figures import PERIODS, Period
from sojourn.core.policy import Counts, Limit, Scope
from sojourn.core.records import EndReason
from sojourn.core.search import Census, Tally
from sojourn.core.timeouts import DAY, HOUR

NOON = 20_000 * DAY + 12 * HOUR


def test_open_sessions_are_counted_back_from_those_of_now() -> None:
    tallies = [
        Tally(0, started=5, ended={EndReason.LOGOUT: 1}),
        Tally(1, started=0, ended={EndReason.EVICTED: 2, EndReason.LOGOUT: 1}),
        Tally(2, started=4),
    ]
    assert figures.open_over_time(5, tallies) == [4, 1, 5]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_counting_back_finds_what_counting_on_would_have_seen(changes: list[tuple[int, int]]) -> None:
    live, seen, tallies = 0, [], []
    for since, (started, wished) in enumerate(changes):
        ended = min(wished, live + started)
        live += started - ended
        seen.append(live)
        tallies.append(Tally(since, started, {EndReason.LOGOUT: ended}))
    assert figures.open_over_time(live, tallies) == seen


def test_reasons_are_added_up_and_the_most_frequent_comes_first() -> None:
    tallies = [
        Tally(0, ended={EndReason.LOGOUT: 1, EndReason.EVICTED: 2}),
        Tally(1, ended={EndReason.EVICTED: 1, EndReason.DELETED: 1}),
    ]
    assert figures.ended_by_reason(tallies) == [
        (EndReason.EVICTED, 3),
        (EndReason.DELETED, 1),
        (EndReason.LOGOUT, 1),
    ]


@pytest.mark.parametrize("period", PERIODS.values())
@pytest.mark.parametrize("offset", [0, 5 * HOUR + HOUR // 2, -8 * HOUR])
def test_a_period_ends_with_the_stretch_that_holds_now_and_begins_on_a_full_step(period: Period, offset: int) -> None:
    start = period.start(NOON + 1, offset)
    last = start + period.step * (period.count - 1)
    assert last <= NOON + 1 < last + period.step
    assert (start + offset) % period.step == 0


def test_the_use_of_a_limit_is_how_many_users_have_as_many_sessions_as_it_allows() -> None:
    census = Census(0, sessions=12, subjects=8, per_subject={1: 5, 2: 2, 3: 1})
    (use,) = figures.use_of([Limit(2, name="two")], census)
    assert (use.title, use.at_limit, use.subjects, use.percent) == ("two", 3, 8, 38)


def test_of_limits_that_do_not_count_all_sessions_of_everybody_nothing_is_claimed() -> None:
    special = [
        Limit(1, scope=frozenset({Scope.CLIENT})),
        Limit(1, counts=Counts.DEVICES),
        Limit(1, groups=frozenset({"staff"})),
        Limit(1, exempt=frozenset({"staff"})),
    ]
    assert figures.use_of(special, Census(0, sessions=1, subjects=1, per_subject={1: 1})) == []


def test_nobody_there_is_no_division_by_zero() -> None:
    (use,) = figures.use_of([Limit(1)], Census(0))
    assert use.percent == 0


@given(st.lists(st.integers(0, 2_000_000), min_size=1, max_size=40))
def test_every_column_stands_on_the_floor_and_is_as_high_as_its_value_on_the_scale(values: list[int]) -> None:
    plot = plots.columns([str(number) for number in range(len(values))], values)
    roof = plot.ticks[-1]
    assert roof.value >= max(values)
    assert 2 <= len(plot.ticks) <= 6
    for column, value in zip(plot.columns, values, strict=True):
        assert column.value == value
        assert column.y + column.height == pytest.approx(plot.floor, abs=0.2)
        assert column.height == pytest.approx((plot.floor - roof.y) * value / roof.value, abs=0.2)
        assert plot.left <= column.x
        assert column.x + column.width <= plot.right


def test_the_scale_has_round_numbers() -> None:
    assert [tick.value for tick in plots.columns(["a"], [1]).ticks] == [0, 1]
    assert [tick.value for tick in plots.columns(["a"], [7]).ticks] == [0, 2, 4, 6, 8]
    assert [tick.value for tick in plots.columns(["a"], [4321]).ticks] == [0, 1000, 2000, 3000, 4000, 5000]


def test_the_highest_column_is_named_and_a_plot_without_values_says_so() -> None:
    assert plots.columns(["a", "b", "c"], [1, 3, 3]).highest.label == "c"
    assert plots.columns(["a"], [0]).empty
    assert not plots.columns(["a"], [1]).empty


def test_only_as_many_labels_are_written_as_fit() -> None:
    plot = plots.columns([str(number) for number in range(30)], [1] * 30)
    assert [column.label for column in plot.columns if column.labelled] == ["0", "8", "16", "24"]


def test_the_longest_bar_fills_its_line() -> None:
    assert [(bar.label, bar.share) for bar in plots.bars([("a", 4), ("b", 1), ("c", 0)])] == [
        ("a", 100.0),
        ("b", 25.0),
        ("c", 0.0),
    ]
