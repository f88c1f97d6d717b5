"""Real processes sign one subject in at the same moment: the limit holds on every database, and the broken store's not.

Each burst has a subject of its own, so it races for that subject's first sessions too. The bursts take turns with what
happens at the limit, inside and outside of a transaction of the caller's.
"""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from sojourn import Admitted, Arrival, ChoiceRequired, SessionControl
from sojourn.core.policy import Overflow
from sojourn.core.store import Store
from sojourn.core.tokens import TicketSecret
from sojourn.testing.broken import CheckThenActStore
from sojourn.testing.races import race
from tests.stores import sql_site
from tests.stores.racing import Worker, assert_a_ticket_admits_once, assert_as_promised, open_of, policies, sender

HERE = "tests.stores.test_sql_races"
MAX = 2
POLICIES = policies(MAX)
TURNS = list(itertools.product(Overflow, (False, True)))

pytestmark = pytest.mark.races


def turn(burst: int) -> tuple[Overflow, bool]:
    """What happens at the limit in this burst, and whether the caller has a transaction open."""
    return TURNS[burst % len(TURNS)]


def open_store(alias: str) -> Store:
    from sojourn.contrib.django.database import DjangoDatabase
    from sojourn.stores.sql import SQLStore

    return SQLStore(DjangoDatabase(alias))


def connect(number: int, entry: dict[str, Any], broken: bool) -> tuple[Worker, Worker]:
    """A worker: signs in, and if it is asked what to end, answers together with all the others."""
    sql_site.configure(alone=True)
    from django.db import transaction

    aliases = {False: sql_site.add("race", entry), True: sql_site.add("race_inside", inside_entry(entry))}
    asked: list[tuple[SessionControl, TicketSecret, str]] = []

    def control(burst: int) -> SessionControl:
        overflow, inside = turn(burst)
        store = open_store(aliases[inside])
        return SessionControl(CheckThenActStore(store) if broken else store, POLICIES[overflow])

    def transaction_of(burst: int) -> AbstractContextManager[Any]:
        return transaction.atomic(using=aliases[True]) if turn(burst)[1] else nullcontext()

    def sign_in(burst: int) -> str:
        asked.clear()
        with transaction_of(burst):
            outcome = control(burst).start(Arrival(f"user-{burst}"), browser=f"browser {number}")
        if isinstance(outcome, ChoiceRequired):
            assert outcome.ticket is not None
            asked.append((control(burst), outcome.ticket, min(session.sid for session in outcome.open)))
        return type(outcome).__name__

    def choose(burst: int) -> str:
        if not asked:
            return ""
        chooser, ticket, sid = asked[0]
        with transaction_of(burst):
            return type(chooser.choose(ticket, [sid], browser=f"browser {number}")).__name__

    for alias in aliases.values():
        open_store(alias).roster("warm up")
    return sign_in, choose


def inside_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """SQLite locks nobody out who reads first and writes then only if the transaction says at once that it will."""
    if not entry["ENGINE"].endswith("sqlite3"):
        return entry
    return {**entry, "OPTIONS": {**entry["OPTIONS"], "transaction_mode": "IMMEDIATE"}}


def run(entry: dict[str, Any], alias: str, processes: int, bursts: int, *, broken: bool = False) -> Any:
    return race(
        f"{HERE}:connect",
        {"entry": entry, "broken": broken},
        count=open_of(open_store(alias)),
        expected=MAX,
        processes=processes,
        bursts=bursts,
    )


def test_the_limit_holds_however_many_processes_sign_in_at_once(
    entry: dict[str, Any], alias: str, race_processes: int, race_bursts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run(entry, alias, race_processes, race_bursts * len(TURNS))
    with capsys.disabled():
        print(f"\n{alias}: {report}")
    assert not report.violations, report
    for burst, results in enumerate(report.results):
        assert_as_promised(turn(burst)[0], MAX, results)


def strict(entry: dict[str, Any]) -> dict[str, Any]:
    if entry["ENGINE"].endswith("postgresql"):
        from psycopg import IsolationLevel

        level: Any = int(IsolationLevel.REPEATABLE_READ)
    else:
        level = "repeatable read"
    return {**entry, "OPTIONS": {**entry["OPTIONS"], "isolation_level": level}}


def connect_strictly(number: int, entry: dict[str, Any]) -> Worker:
    """A worker whose connections are REPEATABLE READ, without a transaction of its own."""
    sql_site.configure(alone=True)
    store = open_store(sql_site.add("race", entry))
    store.roster("warm up")
    control = SessionControl(store, POLICIES[Overflow.END_EXISTING])
    return lambda burst: type(control.start(Arrival(f"user-{burst}"))).__name__


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mariadb, id="mariadb"),
    ],
    indirect=True,
)
def test_under_repeatable_read_the_limit_holds_and_everybody_gets_an_answer(
    entry: dict[str, Any], alias: str, race_processes: int, race_bursts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    report = race(
        f"{HERE}:connect_strictly",
        {"entry": strict(entry)},
        count=open_of(open_store(alias)),
        expected=MAX,
        processes=race_processes,
        bursts=race_bursts,
    )
    with capsys.disabled():
        print(f"\n{alias}, REPEATABLE READ: {report}")
    assert not report.violations, report
    assert {outcome for burst in report.results for (outcome,) in burst} == {Admitted.__name__}


def test_the_broken_store_is_found_out(entry: dict[str, Any], alias: str, race_processes: int) -> None:
    report = run(entry, alias, min(race_processes, 8), len(TURNS), broken=True)
    assert report.violations, report


def connect_to_choose(number: int, entry: dict[str, Any], tickets: list[str]) -> Worker:
    sql_site.configure(alone=True)
    return sender(open_store(sql_site.add("race", entry)), MAX, tickets)


def test_a_ticket_admits_once_however_often_it_is_sent(
    entry: dict[str, Any], alias: str, race_processes: int, race_bursts: int
) -> None:
    worker, processes = f"{HERE}:connect_to_choose", min(race_processes, 8)
    assert_a_ticket_admits_once(
        open_store(alias), MAX, worker, {"entry": entry}, processes=processes, bursts=race_bursts
    )
