"""The admin over a million sessions: every page in a bounded number of queries, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stores import sql_site

SESSIONS = 1_000_000
QUERIES = 12
MORE = {
    "ending one": 20,
    "ending all of a user": 20,
    "pausing": 20,
    "resuming": 20,
    "ending fifty, asked": 60,  # one for each that is checked, of which there are no more than a page has
}
"""Acts write down what they did, and who; pages only look."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    if request.param == "sqlite":
        return sql_site.sqlite(tmp_path / "million.sqlite3", transaction_mode="IMMEDIATE")
    entry: dict[str, Any] = request.getfixturevalue("postgres_server").new_database()
    return entry


def test_every_page_answers_in_a_bounded_number_of_queries(database: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.django.million", str(SESSIONS)],
        env={**os.environ, "SOJOURN_TEST_DATABASE": json.dumps(database)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cost = json.loads(done.stdout)
    print(json.dumps(cost, indent=1))  # pytest shows it if there is too much of it
    assert len(cost) > 20
    assert {name: each["queries"] for name, each in cost.items() if each["queries"] > MORE.get(name, QUERIES)} == {}
