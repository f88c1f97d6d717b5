"""The databases of the races, each test's own and empty, on servers that all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.races import databases

FIXTURES = {"postgresql": "postgres_server", "mariadb": "mariadb_server"}


@pytest.fixture
def new_database(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any
) -> Iterator[Callable[..., dict[str, Any]]]:
    """Makes an empty database of the kind named; skips the test where there is none. Keywords are OPTIONS of Django."""

    def make(name: str, **options: Any) -> dict[str, Any]:
        if name == "sqlite":
            return databases.sqlite_in(tmp_path)()
        entry: dict[str, Any] = request.getfixturevalue(FIXTURES[name]).new_database(**options)
        return entry

    with django_db_blocker.unblock():
        yield make
