"""The harness of the races: it counts right, finds what is broken, and says what went wrong. Files stand for stores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sojourn.testing.races import RaceError, race

HERE = "tests.races.test_harness"


def take_exclusively(number: int, folder: str) -> Callable[[int], bool]:
    def contend(burst: int) -> bool:
        try:
            os.close(os.open(Path(folder) / f"{burst}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    return contend


def check_then_act(number: int, folder: str) -> tuple[Callable[[int], Any], Callable[[int], Any]]:
    room = False

    def check(burst: int) -> None:
        nonlocal room
        room = not list(Path(folder).glob(f"{burst}*"))

    def act(burst: int) -> int:
        if room:
            (Path(folder) / f"{burst}-{number}").touch()
        return number

    return check, act


def fail_in_the_second_burst(number: int) -> Callable[[int], None]:
    def contend(burst: int) -> None:
        if burst == 1 and number == 1:
            raise ValueError("the reason of it all")

    return contend


def fail_to_start(number: int) -> Callable[[int], None]:
    raise LookupError("no such database")


def never_answer(number: int) -> Callable[[int], None]:
    return lambda burst: time.sleep(600) if number == 1 else None


def end_abruptly(number: int) -> Callable[[int], None]:
    return lambda burst: os._exit(7)


def test_a_race_for_something_exclusive_leaves_one_survivor_in_every_burst(tmp_path: Path) -> None:
    report = race(
        f"{HERE}:take_exclusively",
        {"folder": str(tmp_path)},
        count=lambda burst: len(list(tmp_path.glob(f"{burst}"))),
        processes=3,
        bursts=4,
    )
    assert report.survivors == (1, 1, 1, 1)
    assert report.violations == ()
    assert [sum(won for (won,) in burst) for burst in report.results] == [1, 1, 1, 1]
    assert len(report.durations) == 12
    assert 0 < report.median_ms < 10_000
    assert "3 processes, 4 bursts, 0 violations" in str(report)


def test_a_race_reports_every_burst_in_which_checking_came_before_acting(tmp_path: Path) -> None:
    reset: list[int] = []
    report = race(
        f"{HERE}:check_then_act",
        {"folder": str(tmp_path)},
        reset=reset.append,
        count=lambda burst: len(list(tmp_path.glob(f"{burst}-*"))),
        processes=3,
        bursts=2,
    )
    assert report.survivors == (3, 3)
    assert report.violations == (0, 1)
    assert reset == [0, 1]
    assert report.results[0] == ((None, 0), (None, 1), (None, 2))


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("fail_in_the_second_burst", "Contender 1 failed:(.|\n)*the reason of it all"),
        ("fail_to_start", "failed:(.|\n)*no such database"),
        ("end_abruptly", "exit code 7"),
        ("missing", "AttributeError"),
    ],
)
def test_a_contender_that_fails_is_reported_with_its_reason(factory: str, message: str) -> None:
    with pytest.raises(RaceError, match=message):
        race(f"{HERE}:{factory}", count=lambda _: 1, processes=2, bursts=3)


def test_a_contender_that_never_answers_ends_the_race_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(RaceError, match="did not answer within 2 seconds"):
        race(f"{HERE}:never_answer", count=lambda _: 1, processes=2, bursts=1, timeout=2)
    assert time.monotonic() - began < 300  # it would answer after ten minutes
