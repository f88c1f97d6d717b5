"""`python -m benchmarks` runs, all of it, and says what it found: its figures are worth nothing here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import contenders, plots, report, targets
from benchmarks.growth import Grown
from benchmarks.race import Raced
from benchmarks.visits import Cost

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def said() -> str:
    """What a quick run prints. It leaves the documentation as it is."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SOJOURN_", "DJANGO_"))}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.postgres
def test_every_contender_serves_requests_on_both_databases(said: str) -> None:
    rows = re.findall(r"^\| (.+?) +\| +([\d,]+|-) .*?\| +([\d,]+) +\| +[\d.]+ +\|.*\|$", said, re.MULTILINE)
    assert [title for title, _, _ in rows[: len(contenders.ALL)]] == [each.title for each in contenders.ALL]


@pytest.mark.postgres
def test_what_is_counted_holds_however_busy_the_machine_is(said: str) -> None:
    for what in (
        r"queries added to a request, \w+",
        r"writes of a request, \w+",
        r"without a session cookie, \w+",
        r"race: bursts of \d+ that broke the limit",
    ):
        verdicts = re.findall(rf"^\| {what} +\|.*\| (\S.*?) +\|$", said, re.MULTILINE)
        assert verdicts
        assert set(verdicts) == {"met"}, said


@pytest.mark.postgres
def test_a_race_that_is_counted_and_created_is_lost(said: str) -> None:
    lost = re.search(r"^\| the same inside `atomic\(\)` +\| (\d+) of (\d+)", said, re.MULTILINE)
    assert lost is not None
    assert int(lost[1]) > 0


def cost(key: str, *rounds: float, queries: int = 2, vary: str = "") -> Cost:
    """What a request cost in each round."""
    return Cost(key, key, ["SELECT 1"] * queries, {"queries": [], "vary": vary}, {}, list(rounds))


def verdicts(found: list[targets.Target]) -> list[bool]:
    """Which targets were met."""
    return [each.met for each in found]


class TestTargets:
    def test_a_request_may_cost_no_more_than_without_sojourn(self) -> None:
        db = cost("db", 100, 100, 100)
        for ours, met in ((100, True), (102, False), (90, True)):
            costs = {"db": db, "sojourn": cost("sojourn", ours, ours, 1000)}
            assert verdicts(targets.of_visits("SQLite", costs, separate=1.1))[0] is met

    def test_queries_and_vary_are_counted(self) -> None:
        costs = {"db": cost("db", 1), "sojourn": cost("sojourn", 1, queries=4, vary="Cookie")}
        assert verdicts(targets.of_visits("SQLite", costs, separate=1.1)) == [True, False, True, False]

    def test_a_check_that_grows_is_found_out(self) -> None:
        flat, growing = [Grown(10, 1.0, None), Grown(100, 1.4, None)], [Grown(10, 1.0, None), Grown(100, 1.6, None)]
        assert verdicts(targets.of_growth("SQLite", flat)) == [True]
        assert verdicts(targets.of_growth("SQLite", growing)) == [False]

    def test_one_broken_burst_is_one_too_many(self) -> None:
        assert verdicts(targets.of_race([Raced("Sojourn", 50, 1, 1, 2, 3.0)])) == [False]
        assert verdicts(targets.of_race([Raced("Sojourn", 50, 0, 1, 1, 3.0)])) == [True]


class TestPictures:
    def results(self) -> report.Results:
        costs = {"db": cost("db", 100.0), "sojourn": cost("sojourn", 90.0)}
        grown = [Grown(1000, 0.2, 30.0), Grown(10_000, 0.2, None)]
        return report.Results(visits={"SQLite": costs}, growth={"SQLite": grown})

    def test_they_are_well_formed_and_say_what_they_show(self) -> None:
        from xml.etree import ElementTree

        for drawing in report.pictures(self.results()).values():
            root = ElementTree.fromstring(drawing)
            assert root.find("{*}title") is not None
            assert root.find("{*}desc") is not None
            assert "prefers-color-scheme: dark" in drawing

    def test_a_label_cannot_break_out(self) -> None:
        drawn = plots.bars("<b>", [("g", [plots.Bar("<script>", 1.0, "&")])], described="")
        assert "<script>" not in drawn
        assert "<b>" not in drawn


def test_the_page_has_a_place_for_every_part() -> None:
    places = set(re.findall(r"<!-- measured: (\w+) -->", report.PAGE.read_text(encoding="utf-8")))
    assert places == {"targets", "requests", "growth", "race", "admission", "valkey", "machine"}
