"""Whole sign-ins race one another: real views, spawned workers, real servers, counted past the store.

A few bursts of each kind here; `make races` runs all of them, and prints the table.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.races import databases, runs
from tests.races.plan import plan
from tests.races.results import as_kill_table, as_storm_table, as_table

pytestmark = pytest.mark.races

NewPlace = Callable[..., databases.Place]
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgres)
MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)
FEW = 8


@pytest.mark.parametrize("name", ["sqlite", POSTGRESQL, MARIADB])
def test_however_many_sign_ins_race_one_session_is_open_and_one_browser_is_signed_in(
    name: str, new_place: NewPlace, race_bursts: int, race_processes: int
) -> None:
    rows = runs.run(name, new_place(name), plan(race_bursts), processes=race_processes)
    assert len(rows) == 12
    assert all(row.sound for row in rows), f"\n{as_table(rows)}"


@pytest.mark.redis
@pytest.mark.postgres
def test_so_it_is_with_the_sessions_on_valkey(new_place: NewPlace, race_bursts: int) -> None:
    # That a broken store is found out there: tests/stores/redis/test_races.py.
    rows = runs.run("valkey", new_place("valkey"), plan(max(1, race_bursts // 5), atomic=[True]), processes=FEW)
    assert len(rows) == 6
    assert all(row.sound for row in rows), f"\n{as_table(rows)}"


@pytest.mark.parametrize("name", ["sqlite", POSTGRESQL, MARIADB])
def test_a_store_that_checks_before_it_acts_is_found_out(name: str, new_place: NewPlace) -> None:
    # The lock of the user's row would hide it: it alone keeps the sign-ins of one user apart. SQLite's writers wait for
    # one another so much that only every third burst or so goes wrong.
    bursts = 12 if name == "sqlite" else 3
    rows = runs.run(
        name,
        new_place(name),
        plan(bursts, ["refuse", "end_existing"], [False]),
        processes=FEW,
        taken_out=["one-step", "user-lock"],
    )
    assert sum(row.violations for row in rows) > 0, f"\n{as_table(rows)}"


@pytest.mark.postgres
def test_sign_ins_without_the_lock_of_the_subject_are_found_out(new_place: NewPlace) -> None:
    rows = runs.run(
        "postgresql",
        new_place("postgresql"),
        plan(3, ["refuse", "end_existing"], [False]),
        processes=FEW,
        taken_out=["lock", "user-lock"],
    )
    assert sum(row.violations for row in rows) > 0, f"\n{as_table(rows)}"


@pytest.mark.parametrize("name", [POSTGRESQL, MARIADB])
def test_sign_ins_and_saves_of_their_user_in_transactions_never_deadlock(
    name: str, new_place: NewPlace, race_bursts: int
) -> None:
    found = runs.storm(name, new_place(name), processes=FEW, bursts=2 * race_bursts)
    assert found.sound, f"\n{as_storm_table([found])}"
    assert found.answers["302"] == found.sign_ins
    assert found.answers["saved"] == found.saves


@pytest.mark.postgres
def test_without_the_lock_of_the_user_sign_ins_and_saves_deadlock(new_place: NewPlace) -> None:
    found = runs.storm(
        "postgresql", new_place("postgresql"), processes=FEW, bursts=10, users=1, taken_out=["user-lock"]
    )
    assert found.deadlocks, f"\n{as_storm_table([found])}"
    assert not found.sound


@pytest.mark.parametrize("name", [POSTGRESQL, MARIADB])
def test_the_limit_holds_under_repeatable_read_and_no_sign_in_ends_as_a_500(name: str, new_place: NewPlace) -> None:
    rows = runs.run(name, new_place(name, **databases.isolated(name, "repeatable read")), plan(2), processes=FEW)
    for row in rows:
        # Not always one: whoever was admitted last may lose its place when Django cannot write `last_login`.
        assert max(row.open) <= 1, f"\n{as_table(rows)}"
        assert max(row.signed_in) <= 1, f"\n{as_table(rows)}"
        assert row.unexpected == 0, f"\n{as_table(rows)}"


@pytest.mark.parametrize("name", ["sqlite", POSTGRESQL, MARIADB])
def test_a_process_killed_in_the_middle_of_a_sign_in_leaves_no_lock_and_no_half_decision(
    name: str, new_place: NewPlace
) -> None:
    killed = runs.kill(name, new_place(name), atomic=True)
    assert len(killed) == 3
    assert all(each.sound for each in killed), f"\n{as_kill_table(killed)}"
