"""Sixteen processes sign one user in at the same moment, with a limit of one: counted and created, and by Sojourn."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sojourn.testing.races import Contend, race

_OPEN = "SELECT COUNT(*) FROM open_session WHERE username = %s"
_CREATE = "INSERT INTO open_session (username) VALUES (%s)"
_LOCKED_CTE = (
    "WITH lock AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtext(%s)))"
    " INSERT INTO open_session (username) SELECT %s FROM lock"
    " WHERE (SELECT COUNT(*) FROM open_session WHERE username = %s) < 1"
)


@dataclass(frozen=True, slots=True)
class Raced:
    """What came of one way to hold a limit of one."""

    title: str
    bursts: int
    broken: int
    """Bursts after which not exactly one session was open."""
    least: int
    most: int
    """How many sessions were open after a burst."""
    milliseconds: float
    """How long all the sign-ins of a burst took together: the median over the bursts."""


def measure(
    database: Mapping[str, Any], *, bursts: int, processes: int, progress: Callable[[str], None]
) -> list[Raced]:
    """Each way in turn, on one PostgreSQL database."""
    connection = _connect(database)
    connection.execute("CREATE TABLE open_session (id serial PRIMARY KEY, username text)")
    found = []
    for title, way in (
        ("check, then create", "plain"),
        ("the same inside `atomic()`", "atomic"),
        ("one statement with a lock inside", "cte"),
        ("**Sojourn**", "sojourn"),
    ):
        progress(f"race: {title}")

        def count(burst: int, way: str = way) -> int:
            if way == "sojourn":
                sql = "SELECT COUNT(*) FROM sojourn_session WHERE subject = %s AND state = 'open'"
            else:
                sql = _OPEN
            return int(connection.execute(sql, (f"{way} {burst}",)).fetchone()[0])

        if way == "sojourn":
            _migrate(database)
        report = race(
            "benchmarks.race:contender",
            {"database": dict(database), "way": way},
            count=count,
            bursts=bursts,
            processes=processes,
        )
        slowest = [
            max(report.durations[start : start + processes]) for start in range(0, len(report.durations), processes)
        ]
        ends = report.survivors
        found.append(Raced(title, bursts, len(report.violations), min(ends), max(ends), statistics.median(slowest)))
    connection.close()
    return found


def contender(number: int, database: Mapping[str, Any], way: str) -> Contend:
    """One process: a worker of a site with a connection of its own."""
    if way == "sojourn":
        return _sojourn(database)
    connection = _connect(database)

    def plain(burst: int) -> None:
        user = (f"{way} {burst}",)
        if connection.execute(_OPEN, user).fetchone()[0] < 1:
            connection.execute(_CREATE, user)

    def atomic(burst: int) -> None:
        with connection.transaction():
            plain(burst)

    def cte(burst: int) -> None:
        connection.execute(_LOCKED_CTE, (f"{way} {burst}",) * 3)

    connection.execute("SELECT 1")
    return {"plain": plain, "atomic": atomic, "cte": cte}[way]


def _sojourn(database: Mapping[str, Any]) -> Contend:
    _django(database)
    from sojourn import Arrival, Limit, Policy, SessionControl
    from sojourn.contrib.django.database import DjangoDatabase
    from sojourn.core.timeouts import MINUTE, Timeouts
    from sojourn.stores.sql import SQLStore

    store = DjangoDatabase()
    store.query("SELECT 1")
    control = SessionControl(SQLStore(store), Policy((Limit(1),), Timeouts(inactivity=30 * MINUTE)))
    return lambda burst: control.start(Arrival(f"sojourn {burst}")) and None


def _migrate(database: Mapping[str, Any]) -> None:
    import subprocess
    import sys

    subprocess.run([sys.executable, "-m", "django", "migrate", "-v", "0"], env=_environment(database), check=True)


def _environment(database: Mapping[str, Any]) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.site.settings",
        "SOJOURN_BENCH_CONTENDER": "sojourn",
        "SOJOURN_BENCH_DATABASE": json.dumps({**database, "CONN_MAX_AGE": None}),
    }


def _django(database: Mapping[str, Any]) -> None:
    os.environ.update(_environment(database))
    import django

    django.setup()


def _connect(database: Mapping[str, Any]) -> Any:
    import psycopg

    return psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"],
        dbname=database["NAME"],
        autocommit=True,
    )
