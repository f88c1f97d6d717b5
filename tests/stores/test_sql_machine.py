"""The SQL store in lock-step with the memory store: long stories, the same in both after every step."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.stores.sql import SQLStore
from sojourn.testing.conformance import wanted
from sojourn.testing.machine import lockstep
from sojourn.testing.scripted import Candidate
from tests.stores import sql_site

EXAMPLES = {"sqlite": 40, "postgresql": 12, "mysql": 12}


def test_long_stories_end_as_they_do_in_memory(request: pytest.FixtureRequest, alias: str) -> None:
    from sojourn.contrib.django.database import DjangoDatabase

    def candidates() -> list[Candidate]:
        sql_site.empty(alias)
        return [Candidate(alias, SQLStore(DjangoDatabase(alias), wanted=wanted), sql_site.SQLReader(alias))]

    if alias == "store_sqlite":  # what a crash would lose is no part of the story, and each commit waits for the disk
        sql_site.run(alias, "PRAGMA synchronous = OFF")
    vendor: Any = request.node.callspec.params["entry"]
    case = lockstep(candidates, examples=EXAMPLES[vendor], steps=25)
    case("runTest").debug()
