"""Where the races take place: for each test its own and empty, on servers that all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.races import databases

FIXTURES = {"postgresql": "postgres_server", "mariadb": "mariadb_server", "valkey": "postgres_server"}


@pytest.fixture
def new_place(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any
) -> Iterator[Callable[..., databases.Place]]:
    """Makes an empty place of the kind named; skips the test where there is none. Keywords are OPTIONS of Django."""

    def make(name: str, **options: Any) -> databases.Place:
        if name == "sqlite":
            return databases.sqlite_in(tmp_path)()
        store = request.getfixturevalue("valkey_server") if name == "valkey" else None
        return databases.place(request.getfixturevalue(FIXTURES[name]), store, **options)

    with django_db_blocker.unblock():
        yield make
