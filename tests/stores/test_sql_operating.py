"""What operators ask of the SQL store: in how many statements, by which indexes, and past damaged records."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.core.errors import RecordFormatError
from sojourn.core.records import DeviceClass, EndReason
from sojourn.core.search import EventQuery, SessionQuery, Standing
from sojourn.core.timeouts import DAY, HOUR
from sojourn.stores.sql import SQLStore
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import keep, update
from sojourn.testing.populate import Crowd, populate
from sojourn.testing.samples import ANN, ended, session
from tests.stores import sql_site
from tests.stores.test_sql_statements import scans


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


# How many statements --------------------------------------------------------------------------------------------


QUERIES = [
    (SessionQuery(), 1),
    (SessionQuery(Standing.LIVE), 1),
    (SessionQuery(Standing.OVER, since=START - DAY), 1),
    (SessionQuery(subjects=tuple(f"person {number}" for number in range(1000)), device="fire"), 1),
    (SessionQuery(device="netscape"), 1),
    (SessionQuery(device="firefox"), 2),
    (SessionQuery(device="firefox", since=START - DAY), 1),
    (SessionQuery(address="10.7."), 2),
    (SessionQuery(address="192."), 1),
    (SessionQuery(address="10.", reason=EndReason.OPERATOR, after=(START, "x")), 3),
]


@pytest.mark.parametrize(("query", "pages"), QUERIES, ids=[f"query {number}" for number in range(len(QUERIES))])
def test_a_page_and_a_count_are_a_few_statements_however_many_sessions_there_are(
    alias: str, store: SQLStore, query: SessionQuery, pages: int
) -> None:
    crowded(store, 12_000)
    assert len(reads(alias, lambda: store.search(query, START))) == pages
    assert len(reads(alias, lambda: store.count(query, START, 1000))) <= 2


def test_what_counts_is_three_statements_and_the_journal_one(alias: str, store: SQLStore) -> None:
    crowded(store, 2000)
    assert len(reads(alias, lambda: store.census(START))) == 3
    assert len(reads(alias, lambda: store.tally(START - 30 * DAY, HOUR, 720))) == 3
    assert len(reads(alias, lambda: store.journal(EventQuery(subject="person 1", types=("start.refused",))))) == 1
    assert len(reads(alias, lambda: store.overdue(START, 500))) == 1


def test_an_epoch_is_one_write_however_many_sessions_it_ends(alias: str, store: SQLStore) -> None:
    crowded(store, 2000)
    with sql_site.captured(alias) as statements:
        store.begin_epoch(START + 1)
    assert [statement.split()[0] for statement in statements] == ["INSERT"]
    assert store.count(SessionQuery(Standing.LIVE), START + 1, 9) == 0


def test_nobody_who_is_not_asked_for_is_paid_for(store: SQLStore) -> None:
    crowded(store, 2000)
    assert store.search(SessionQuery(subjects=()), START).sessions == ()
    assert store.count(SessionQuery(subjects=("nobody",)), START, 9) == 0


# By which indexes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statistics", [True, False], ids=["analyzed", "as it is"])
def test_what_an_index_can_find_is_found_by_it(alias: str, store: SQLStore, statistics: bool) -> None:
    crowded(store)
    if not statistics and alias == "store_sqlite":  # nobody analyzes a site's file
        sql_site.run(alias, "DROP TABLE sqlite_stat1")
        sql_site.run(alias, "ANALYZE sqlite_schema")
    few = [SessionQuery(standing, subjects=("person 1", "person 2")) for standing in Standing]
    few += [SessionQuery(standing, address="10.7.1.") for standing in Standing]
    pages = [SessionQuery(standing, oldest_first=oldest) for standing in Standing for oldest in (False, True)]
    statements = reads(
        alias,
        lambda: [
            *(store.search(query, START) for query in (*few, *pages)),
            *(store.count(query, START, 100) for query in few),
            store.overdue(START, 100),
            store.lookup(bytes(32), ANN),
            store.roster("person 1"),
            store.journal(EventQuery(subject="person 1")),
            store.tally(START - HOUR, HOUR, 1),
        ],
    )
    assert {text: found for text in statements if (found := scans(alias, text))} == {}


# Damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["format = 2", "amr = '['", "device_kind = 'toaster'", "end_reason = 'logout'"])
def test_a_damaged_session_is_passed_over_by_a_search_and_hides_no_other(
    alias: str, store: SQLStore, damage: str
) -> None:
    keep(store, *(session(name, created=START + at) for at, name in enumerate("abcd")))
    sql_site.run(alias, f"UPDATE sojourn_session SET {damage} WHERE sid IN ('b', 'd')")
    first = store.search(SessionQuery(limit=3), START)
    assert [one.sid for one in first.sessions] == ["c"]
    second = store.search(SessionQuery(limit=3, after=first.cursor), START)
    assert [one.sid for one in second.sessions] == ["a"]
    assert second.cursor is None
    assert store.census(START).sessions == 4, "a damaged session takes up room all the same"


def test_a_page_of_nothing_but_damage_leads_on_to_the_next(alias: str, store: SQLStore) -> None:
    keep(store, *(session(name, created=START + at) for at, name in enumerate("abc")))
    sql_site.run(alias, "UPDATE sojourn_session SET format = 2 WHERE sid IN ('b', 'c')")
    first = store.search(SessionQuery(limit=2), START)
    assert first.sessions == ()
    assert [one.sid for one in store.search(SessionQuery(limit=2, after=first.cursor), START).sessions] == ["a"]


@pytest.mark.parametrize("damage", ["", "[", "[]", "7", "null"])
def test_a_damaged_event_is_not_left_out_of_a_journal_unseen(alias: str, store: SQLStore, damage: str) -> None:
    crowded(store, 30)
    sql_site.run(alias, "UPDATE sojourn_event SET payload = %s WHERE subject = 'person 3'", (damage,))
    with pytest.raises(RecordFormatError):
        store.journal(EventQuery())
    assert len(store.journal(EventQuery(subject="person 4"))) == 3


@pytest.mark.parametrize("damage", ["", "[", "[]", "{}", '{"format": 2}'])
def test_a_damaged_profile_lets_nobody_in_and_is_not_forgotten(alias: str, store: SQLStore, damage: str) -> None:
    keep(store, session("a"), session("b", "bob"))
    update(store, ended(session("a"), START))
    sql_site.run(alias, "UPDATE sojourn_subject SET profile = %s WHERE subject = 'ann'", (damage,))
    for call in (lambda: keep(store, session("c")), lambda: store.roster("ann")):
        with pytest.raises(RecordFormatError):
            call()
    assert store.purge(START + 9, 10) == 1
    assert sql_site.run(alias, "SELECT profile FROM sojourn_subject WHERE subject = 'ann'") == [{"profile": damage}]
    assert store.find("c") is None
    assert store.erase("ann") == 0
    assert store.roster("ann").sessions == ()


# What others do meanwhile ---------------------------------------------------------------------------------------


def test_a_subject_who_signs_in_while_they_are_forgotten_is_not(alias: str, store: SQLStore) -> None:
    keep(store, session("a"))
    update(store, ended(session("a"), START))
    sql_site.run(alias, "DELETE FROM sojourn_session")
    ((version, _),) = store._query(store._sql.idle_subject, ("ann",))
    keep(store, session("b"))
    sql_site.run(alias, "DELETE FROM sojourn_session")  # as a statement does not see it that began before
    assert store._execute(store._sql.forget_subject, ("ann", version)) == 0
    assert len(sql_site.run(alias, "SELECT subject FROM sojourn_subject")) == 1


# The tables -----------------------------------------------------------------------------------------------------


def test_the_version_before_goes_on_working_on_the_new_tables(alias: str, store: SQLStore) -> None:
    """It knows nothing of the new columns, and its rows are read by this version."""
    keep(store, session("a"))
    sql_site.run(alias, "UPDATE sojourn_session SET end_note = NULL, privileges = NULL")
    sql_site.run(alias, "UPDATE sojourn_subject SET profile = NULL")
    assert store.find("a") == session("a")
    assert store.roster("ann").sessions == (session("a"),)
    update(store, ended(session("a"), START, EndReason.OPERATOR, by="somebody", note="stolen"))
    found = store.find("a")
    assert found is not None
    assert found.end_note == "stolen"


@pytest.mark.parametrize("entry", ["sqlite"], indirect=True)
def test_the_migrations_can_be_taken_back_and_made_again(entry: dict[str, Any], tmp_path: Any, alias: str) -> None:
    from django.core.management import call_command
    from django.db import connections

    other = sql_site.add("back_and_forth", sql_site.sqlite(tmp_path / "back.sqlite3"))
    for target in ("0003", "0001", "0003"):
        call_command("migrate", "sojourn", target, database=other, verbosity=0)
    assert len(sql_site.run(other, "SELECT name FROM sqlite_master WHERE name = 'sojourn_session_started'")) == 1
    connections[other].close()
