"""What operators ask of the SQL store: in how many statements, by which indexes, and past damaged records."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.core.records import DeviceClass, EndReason
from sojourn.core.search import EventQuery, SessionQuery, Standing
from sojourn.core.timeouts import DAY
from sojourn.stores.sql import SQLStore
from sojourn.testing.clock import START
from sojourn.testing.populate import Crowd, populate
from tests.stores import sql_site


@pytest.fixture
def store(alias: str) -> SQLStore:
    from sojourn.contrib.django.database import DjangoDatabase

    return SQLStore(DjangoDatabase(alias))


def crowded(store: SQLStore, sessions: int = 60_000) -> None:
    populate(store._db, Crowd(sessions, sessions // 3), now=START)


def reads(alias: str, ask: Any) -> list[str]:
    """The statements that `ask` sends, all of which must be plain reads."""
    with sql_site.captured(alias) as statements:
        ask()
    assert all(statement.startswith("SELECT") for statement in statements)
    return statements


def test_a_crowd_is_sessions_that_the_store_can_read_one_and_all(store: SQLStore) -> None:
    crowded(store, 3000)
    found, after = [], None
    while True:
        page = store.search(SessionQuery(after=after, limit=500), START)
        found += page.sessions
        if page.cursor is None:
            break
        after = page.cursor
    assert len({one.sid for one in found}) == 3000
    assert len({one.digest for one in found}) == 3000
    assert len({one.subject for one in found}) == 1000
    assert {one.end_reason for one in found} >= {None, EndReason.LOGOUT, EndReason.EVICTED}
    assert {one.device.kind for one in found} >= {DeviceClass.COMPUTER, DeviceClass.PHONE, DeviceClass.BOT}
    assert all(START - 30 * DAY <= one.created <= one.last_seen <= START for one in found)
    assert store.census(START).sessions == store.count(SessionQuery(Standing.LIVE), START, 9999) > 1000
    assert len(store.overdue(START, 999)) > 30
    first, *_ = store.journal(EventQuery(types=("start.refused",)))
    assert (first["type"], first["subject"]) == ("start.refused", "person 1")
