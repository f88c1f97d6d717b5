"""Delivery on the SQL store: in how many statements, by which indexes, past damaged letters, whatever the isolation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError
from sojourn.core.outbox import BATCH_MAX, Failing
from sojourn.stores.sql import SQLStore
from sojourn.testing.clock import START
from sojourn.testing.conformance.letters import LATER, claim, give_up, happen, ids, settle, started
from sojourn.testing.conformance.setup import wanted
from sojourn.testing.races import race
from tests.stores import sql_site
from tests.stores.test_sql_races import strict
from tests.stores.test_sql_statements import scans

HERE = "tests.stores.test_sql_outbox"
CROWD = 20_000


def open_store(alias: str) -> SQLStore:
    from sojourn.contrib.django.database import DjangoDatabase

    return SQLStore(DjangoDatabase(alias), wanted=wanted)


@pytest.fixture
def store(alias: str) -> SQLStore:
    return open_store(alias)


def sent(alias: str, act: Callable[[], object]) -> list[str]:
    """The statements that `act` sends, but for those that begin and end transactions."""
    with sql_site.captured(alias) as statements:
        act()
    return [text for text in statements if text.split()[0] not in ("BEGIN", "START", "COMMIT", "SET")]


def verbs(statements: list[str]) -> list[str]:
    return [text.split()[0] for text in statements]


# How many statements --------------------------------------------------------------------------------------------


def test_nothing_to_do_is_one_plain_read(alias: str, store: SQLStore) -> None:
    assert verbs(sent(alias, lambda: store.claim("a worker", START, LATER))) == ["SELECT"]


def test_a_claim_is_four_statements_and_no_transaction(alias: str, store: SQLStore) -> None:
    happen(store, "ann", START, START)
    with sql_site.captured(alias) as statements:
        claim(store)
    assert verbs(statements) == ["SELECT", "INSERT", "SELECT", "SELECT"]


def test_a_settlement_is_one_statement_and_one_for_each_letter(alias: str, store: SQLStore) -> None:
    happen(store, "ann", START, START, START)
    batch = claim(store)
    assert verbs(sent(alias, lambda: settle(store, batch, batch.letters[:2]))) == ["UPDATE"] * 3


def test_that_an_event_is_wanted_costs_no_statement(alias: str, store: SQLStore) -> None:
    event = started("ann", START)
    statements = sent(alias, lambda: store.transact("ann", lambda _: Decision(None, events=(event,))))
    assert verbs(statements) == ["INSERT", "SELECT", "INSERT"]


# By which indexes -----------------------------------------------------------------------------------------------


def crowd(alias: str, count: int, *, waiting: int, subjects: int, dead: int = 0) -> None:
    """`count` events: the newest `waiting` wait, the oldest `dead` were given up, the rest was delivered."""
    from django.db import connections, transaction

    facts = {"v": 1, "type": "x", "previous": "x" * 500}
    progress = json.dumps({"mail": ["dead", 5, 0, "", "refused"]})

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(count):
            at, subject = START + number, f"person {number % subjects}"
            payload = json.dumps({**facts, "id": f"event {number}", "subject": subject, "at": at})
            due = at if number >= count - waiting else None
            yield (
                number + 1,
                f"event {number}",
                subject,
                at,
                payload,
                due,
                progress,
                number + 1 if number < dead else None,
            )

    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        insert = (
            "INSERT INTO sojourn_event (id, event, route, subject, type, at, payload, due, progress, dead)"
            " VALUES (%s, %s, 0, %s, 'x', %s, %s, %s, %s, %s)"
        )
        cursor.executemany(insert, list(rows()))
        cursor.executemany(
            "INSERT INTO sojourn_lease (subject, worker, until, told, used) VALUES (%s, '', 0, '{}', %s)",
            [(f"person {number}", START + number) for number in range(0, count, 2)],
        )
    if connections[alias].vendor != "sqlite":  # nobody analyzes a site's file
        for table in ("sojourn_event", "sojourn_lease"):
            sql_site.run(alias, f"ANALYZE {'TABLE ' if connections[alias].vendor == 'mysql' else ''}{table}")


@pytest.mark.parametrize("waiting", [10, CROWD], ids=["few wait", "all wait"])
def test_delivery_reads_no_whole_table(alias: str, store: SQLStore, waiting: int) -> None:
    crowd(alias, CROWD, waiting=waiting, subjects=CROWD // 20, dead=20)
    now = START + CROWD

    def act() -> None:
        batch = claim(store, now=now, until=now + 9)
        assert store.settle(batch.lease, batch.letters[:1], {"mail": now}, until=now + 9) is not None
        store.more(batch.lease.subject, batch.letters[0].id)
        give_up(store, batch, batch.letters[:1])
        assert store.claim("a worker", now, now + 9, "person 99") is not None or waiting < CROWD
        assert len(store.dead_letters(5)) == 5
        assert store.revive(["event 0"], now) == 1
        assert store.shed(10 * CROWD, 5) == 0

    statements = sent(alias, act)
    explained = [text for text in statements if text.split()[0] in ("SELECT", "UPDATE", "DELETE")]
    assert {text: found for text in explained if (found := scans(alias, text))} == {}
    if alias == "store_postgresql":
        ((plan,),) = [  # in the order of the index, so that it stops at the first few
            [row["QUERY PLAN"] for row in sql_site.run(alias, f"EXPLAIN {explained[0]}") if "Sort" in row["QUERY PLAN"]]
            or ["no sort"]
        ]
        assert plan == "no sort"


@pytest.mark.parametrize("entry", ["sqlite"], indirect=True)
def test_a_subject_with_thousands_of_letters_holds_nobody_up_while_it_is_leased(alias: str, store: SQLStore) -> None:
    happen(store, "ann", *([START] * (20 * BATCH_MAX)))
    happen(store, "bob", START + 1)
    assert claim(store, now=START + 1).lease.subject == "ann"
    assert claim(store, worker="another", now=START + 1).lease.subject == "bob"


# Damage ---------------------------------------------------------------------------------------------------------


DAMAGE = [
    "payload = '['",
    "payload = '[]'",
    "payload = '{}'",
    """payload = '{"id": 7, "subject": "ann", "type": "x", "at": 1}'""",
    """payload = '{"id": "x", "subject": "ann", "type": "x", "at": "now"}'""",
    "progress = '['",
    "progress = '[]'",
    """progress = '{"mail": ["gone", 1, 0, "", ""]}'""",
    """progress = '{"mail": ["waiting", "1", 0, "", ""]}'""",
    """progress = '{"mail": ["waiting", 1]}'""",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_letter_holds_no_other_up_and_is_counted(alias: str, store: SQLStore, damage: str) -> None:
    first, second, third = happen(store, "ann", START, START, START)
    run(alias, f"UPDATE sojourn_event SET {damage} WHERE event = %s", second.id)
    batch = claim(store)
    assert ids(batch.letters) == [first.id, third.id]
    assert store.census(START).dead == 1
    assert store.census(START).outbox == 2
    settle(store, batch, [])
    give_up(store, claim(store), batch.letters[1:])
    assert ids(store.dead_letters(1)) == [third.id], "it is passed over"
    assert store.revive([second.id, third.id], LATER) == 1
    ((kept,),) = [run(alias, "SELECT event FROM sojourn_event WHERE event = %s", second.id)]
    assert kept["event"] == second.id


def test_a_subject_of_whom_all_is_damaged_holds_nobody_up(alias: str, store: SQLStore) -> None:
    happen(store, "ann", START)
    happen(store, "bob", START + 1)
    run(alias, "UPDATE sojourn_event SET payload = '' WHERE subject = 'ann'")
    assert claim(store, now=START + 1).lease.subject == "bob"
    assert store.claim("another", START + 1, LATER) is None


def test_a_lease_whose_memory_is_damaged_is_taken_all_the_same(alias: str, store: SQLStore) -> None:
    happen(store, "ann", START)
    settle(store, claim(store), [])
    run(alias, "UPDATE sojourn_lease SET told = '['")
    assert claim(store).lease.told == {}


def test_a_failing_sink_that_cannot_be_read_is_an_error(alias: str, store: SQLStore) -> None:
    store.note_failing("mail", Failing(START))
    if alias != "store_sqlite":
        run(alias, "UPDATE sojourn_sink SET name = %s", "")
        assert list(store.failing()) == [""]
        return
    run(alias, "UPDATE sojourn_sink SET since = 'now'")
    with pytest.raises(RecordFormatError):
        store.failing()


def run(alias: str, sql: str, *params: object) -> list[dict[str, Any]]:
    return sql_site.run(alias, sql, params)


# What others do meanwhile ---------------------------------------------------------------------------------------


def connect(number: int, entry: dict[str, Any]) -> Callable[[int], str]:
    """A worker of a race: claims as long as there is anything, and tells whom it got."""
    sql_site.configure(alone=True)
    store = open_store(sql_site.add("race", entry))
    store.roster("warm up")

    def work(burst: int) -> str:
        had = []
        while (batch := store.claim(f"worker {number}", burst_time(burst), burst_time(burst) + 500)) is not None:
            had.append(batch.lease.subject)
        return " ".join(had)

    return work


def burst_time(burst: int) -> int:
    return START + 1000 * burst


def run_race(entry: dict[str, Any], alias: str, processes: int, bursts: int) -> Any:
    store = open_store(alias)
    for burst in range(bursts):
        for number in range(6):
            happen(store, f"person-{burst}-{number}", burst_time(burst))
    return race(
        f"{HERE}:connect",
        {"entry": entry},
        count=lambda _: store.census(START).outbox,
        expected=6 * bursts,
        processes=processes,
        bursts=bursts,
    )


def got(results: Any) -> list[str]:
    """Who was claimed in a burst, each as often as they were."""
    return sorted(name for (names,) in results for name in names.split())


@pytest.mark.races
def test_of_many_processes_one_gets_each_subject(
    entry: dict[str, Any], alias: str, race_processes: int, race_bursts: int
) -> None:
    began = time.monotonic()
    report = run_race(entry, alias, min(race_processes, 8), race_bursts)
    assert not report.violations, report
    for burst, results in enumerate(report.results):
        fresh = [name for name in got(results) if name.startswith(f"person-{burst}-")]
        assert fresh == [f"person-{burst}-{number}" for number in range(6)], time.monotonic() - began


@pytest.mark.races
@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mariadb, id="mariadb"),
    ],
    indirect=True,
)
def test_under_repeatable_read_one_gets_each_subject_too(
    entry: dict[str, Any], alias: str, race_processes: int, race_bursts: int
) -> None:
    report = run_race(strict(entry), alias, min(race_processes, 8), race_bursts)
    for burst, results in enumerate(report.results):
        fresh = [name for name in got(results) if name.startswith(f"person-{burst}-")]
        assert fresh == [f"person-{burst}-{number}" for number in range(6)]


@pytest.mark.parametrize("entry", [pytest.param("mysql", marks=pytest.mark.mariadb, id="mariadb")], indirect=True)
def test_a_first_lease_does_not_wait_for_another_first_lease(entry: dict[str, Any], alias: str) -> None:
    """MariaDB locks the gap where a row is looked for in vain; two that do so and then insert would deadlock."""
    from django.db import connections, transaction

    other = sql_site.add("gap", entry)
    take = "INSERT INTO sojourn_lease (subject, worker, until, told, used) VALUES ('bob', 'other', 1, '', 1)"
    store = open_store(alias)
    happen(store, "ann", START)
    sql_site.run(alias, "SET innodb_lock_wait_timeout = 1")
    try:
        with transaction.atomic(using=other):
            sql_site.run(other, take)
            assert claim(store).lease.subject == "ann"
    finally:
        connections[other].close()
        sql_site.run(alias, "SET innodb_lock_wait_timeout = DEFAULT")
