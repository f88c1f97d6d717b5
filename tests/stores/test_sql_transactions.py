"""What the SQL store does inside and outside of transactions, when others are in the way, and when nobody answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sojourn import Admitted, Arrival, ChoiceRequired, Limit, Policy, SessionControl
from sojourn.core.decisions import Decision
from sojourn.core.errors import (
    InvalidSubject,
    InvalidTicket,
    SojournError,
    StoreContention,
    StoreError,
    StoreUnavailable,
)
from sojourn.core.policy import Overflow
from sojourn.core.records import Roster
from sojourn.core.timeouts import MINUTE
from sojourn.stores.sql import SQLStore
from sojourn.stores.sql.database import Database, Row, Value
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import keep, names, open_sids, session, update
from sojourn.testing.samples import ANN, digest, ended, sid, ticket
from tests.stores import sql_site


def database(alias: str) -> Database:
    from sojourn.contrib.django.database import DjangoDatabase

    return DjangoDatabase(alias)


@pytest.fixture
def store(alias: str) -> SQLStore:
    return SQLStore(database(alias))


def atomic(alias: str) -> AbstractContextManager[Any]:
    from django.db import transaction

    return transaction.atomic(using=alias)


@contextmanager
def rolled_back(alias: str) -> Iterator[None]:
    """A transaction of the caller's that does not come to its end."""
    from django.db import transaction

    with atomic(alias):
        yield
        transaction.set_rollback(True, using=alias)


# The caller's transaction ---------------------------------------------------------------------------------------


def test_a_rollback_of_the_callers_undoes_everything_and_restore_brings_ticket_and_events_back(
    alias: str, store: SQLStore
) -> None:
    control = SessionControl(store, Policy((Limit(1, Overflow.ASK),)))
    first = control.start(Arrival("ann"))
    assert isinstance(first, Admitted)
    sql_site.run(alias, "DELETE FROM sojourn_event")
    attempt = control.begin(Arrival("ann"), "browser", {"next": "/"})
    with rolled_back(alias):
        control.start(Arrival("bob"))
        asked = attempt.conclude(store.transact("ann", attempt))
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    assert open_sids(store, "bob") == []
    assert sql_site.run(alias, "SELECT * FROM sojourn_event") == []
    assert store.ticket(asked.ticket.digest(), ANN) is None
    assert attempt.decision is not None
    store.restore(attempt.decision)
    store.restore(attempt.decision)
    assert [row["type"] for row in sql_site.run(alias, "SELECT type FROM sojourn_event")] == ["choice.offered"]
    chosen = control.choose(asked.ticket, [first.session.sid], browser="browser")
    assert isinstance(chosen, Admitted)


def test_inside_the_callers_transaction_there_is_neither_savepoint_nor_commit(alias: str, store: SQLStore) -> None:
    with atomic(alias), sql_site.captured(alias) as statements:
        keep(store, session("a"))
        store.touch(session("a"), START + 1, None)
    verbs = [statement.split()[0].upper() for statement in statements]
    assert verbs == ["INSERT", "SELECT", "INSERT", "UPDATE"]
    assert not [statement for statement in statements if "synchronous_commit" in statement]


@pytest.mark.parametrize("entry", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_only_a_touch_does_not_wait_for_the_disk_and_only_for_itself(alias: str, store: SQLStore) -> None:
    sql_site.run(alias, "SET synchronous_commit TO on")
    with sql_site.captured(alias) as written:
        keep(store, session("a"))
        update(store, ended(session("a"), START))
    with sql_site.captured(alias) as touched:
        store.touch(session("a"), START + 1, None)
    assert "'off'" not in " ".join(written)
    assert "set_config('synchronous_commit', 'off', true)" in " ".join(touched)
    assert sql_site.run(alias, "SHOW synchronous_commit") == [{"synchronous_commit": "on"}]


def test_a_decision_that_raises_leaves_the_callers_transaction_usable(alias: str, store: SQLStore) -> None:
    def decide(_: Roster) -> Decision[None]:
        raise InvalidTicket

    with atomic(alias):
        keep(store, session("a"))
        with pytest.raises(InvalidTicket):
            store.transact("ann", decide)
        keep(store, session("b"))
    assert open_sids(store) == ["a", "b"]


def test_a_bad_subject_is_refused_before_any_statement(alias: str, store: SQLStore) -> None:
    with sql_site.captured(alias) as statements, pytest.raises(InvalidSubject):
        keep(store, session("a", "a" * 256))
    assert statements == []


def test_half_a_decision_cannot_be_committed_by_a_caller_who_swallows_the_error(alias: str, store: SQLStore) -> None:
    keep(store, session("a"), session("b"))
    same_token = session("c", digest=digest("b"))
    with atomic(alias), pytest.raises(StoreError):
        store.transact("ann", lambda _: Decision(None, same_token, (ended(session("a"), START),)))
    assert open_sids(store) == ["a", "b"]


def test_half_a_decision_is_undone_in_the_stores_own_transaction(store: SQLStore) -> None:
    keep(store, session("a"), session("b"))
    same_token = session("c", digest=digest("b"))
    with pytest.raises(StoreError):
        store.transact("ann", lambda _: Decision(None, same_token, (ended(session("a"), START),)))
    assert open_sids(store) == ["a", "b"]


def test_what_cannot_be_stored_is_found_before_anything_is_written(alias: str, store: SQLStore) -> None:
    keep(store, session("a"))
    with atomic(alias):
        with pytest.raises(SojournError):
            store.transact("ann", lambda _: Decision(None, session("b", acr="\x00"), (ended(session("a"), START),)))
        keep(store, session("c"))
    assert open_sids(store) == ["a", "c"]


# What happens between the roster and the update -----------------------------------------------------------------


def test_activity_recorded_while_a_decision_is_made_is_not_undone_by_it(alias: str, store: SQLStore) -> None:
    before = session("a", inactivity_timeout=10 * MINUTE, carrier_expires=START + 5 * MINUTE)
    keep(store, before)

    def decide(roster: Roster) -> Decision[None]:
        assert store.touch(before, START + MINUTE, START + 20 * MINUTE)
        return Decision(None, update=(replace(roster.sessions[0], acr="gold", expires=START + 30 * MINUTE),))

    store.transact("ann", decide)
    assert store.find(sid("a")) == replace(
        before, acr="gold", last_seen=START + MINUTE, carrier_expires=START + 20 * MINUTE, expires=START + 30 * MINUTE
    )
    assert store.overdue(START + 11 * MINUTE - 1, 9) == []
    assert names(store.overdue(START + 11 * MINUTE, 9)) == ["a"]


def test_a_session_that_somebody_ended_past_the_lock_is_not_changed(alias: str, store: SQLStore) -> None:
    keep(store, session("a"))

    def decide(roster: Roster) -> Decision[None]:
        sql_site.run(
            alias,
            "UPDATE sojourn_session SET state = 'ended', end_reason = 'operator', ended = 7, deadline = NULL"
            f" WHERE sid = '{sid('a')}'",
        )
        return Decision(None, update=(replace(roster.sessions[0], digest=digest("fresh")),))

    store.transact("ann", decide)
    assert store.lookup(digest("fresh"), ANN) is None
    assert open_sids(store) == []


def test_an_update_that_changes_nothing_sends_nothing(alias: str, store: SQLStore) -> None:
    keep(store, session("a"))
    with sql_site.captured(alias) as statements:
        update(store, session("a"))
    assert not [statement for statement in statements if statement.startswith("UPDATE")]


# Others in the way ----------------------------------------------------------------------------------------------


class Obstructed:
    """A database in which others are in the way of the first few statements; all else is real."""

    def __init__(self, database: Database, times: int) -> None:
        self._database = database
        self.left = times

    @property
    def vendor(self) -> str:
        return self._database.vendor

    @property
    def in_transaction(self) -> bool:
        return self._database.in_transaction

    def atomic(self) -> AbstractContextManager[None]:
        return self._database.atomic()

    def query(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        return self._database.query(sql, params)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        if self.left and not sql.startswith("SET"):
            self.left -= 1
            raise StoreContention
        return self._database.execute(sql, params)


def test_what_others_were_in_the_way_of_is_tried_again_a_little_later(alias: str) -> None:
    pauses: list[float] = []
    store = SQLStore(Obstructed(database(alias), 3), sleep=pauses.append)
    keep(store, session("a"))
    assert open_sids(store) == ["a"]
    assert len(pauses) == 3
    assert all(0 <= pause < 0.1 for pause in pauses)


def test_contention_that_does_not_end_is_reported_and_nothing_is_written(alias: str) -> None:
    pauses: list[float] = []
    store = SQLStore(Obstructed(database(alias), 1000), sleep=pauses.append)
    with pytest.raises(StoreContention):
        keep(store, session("a"))
    with pytest.raises(StoreContention):
        store.touch(session("a"), START, None)
    assert 3 < len(pauses) < 40
    assert open_sids(store) == []


def test_inside_the_callers_transaction_nothing_is_tried_again(alias: str) -> None:
    pauses: list[float] = []
    obstructed = Obstructed(database(alias), 1)
    store = SQLStore(obstructed, sleep=pauses.append)
    with pytest.raises(StoreContention), atomic(alias):
        keep(store, session("a"))
    assert pauses == []
    assert obstructed.left == 0


@pytest.mark.parametrize("entry", ["sqlite"], indirect=True)
def test_a_locked_file_is_contention(entry: dict[str, Any], alias: str, store: SQLStore, request: Any) -> None:
    from django.db import connections

    hasty = sql_site.add("hasty", {**entry, "OPTIONS": {"timeout": 0}})
    other = SQLStore(database(hasty), sleep=lambda _: None)
    try:
        with atomic(alias):
            keep(store, session("a"))
            with pytest.raises(StoreContention):
                keep(other, session("b"))
            with pytest.raises(StoreContention):
                other.touch(session("a"), START, None)
        keep(other, session("b"))
    finally:
        connections[hasty].close()
    assert open_sids(store) == ["a", "b"]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mariadb, id="mariadb"),
    ],
    indirect=True,
)
def test_a_subject_that_somebody_holds_too_long_is_contention(
    entry: dict[str, Any], alias: str, store: SQLStore
) -> None:
    from django.db import connections

    hasty = sql_site.add(f"{alias}_hasty", entry)
    postgres = connections[hasty].vendor == "postgresql"
    try:
        sql_site.run(hasty, "SET lock_timeout = '50ms'" if postgres else "SET innodb_lock_wait_timeout = 1")
        with atomic(alias):
            # Names of their own: MariaDB locks the gap around a deleted row of the same key that it has not purged.
            keep(store, session("held 1", "held"))
            with atomic(hasty), pytest.raises(StoreContention):
                keep(SQLStore(database(hasty)), session("held 2", "held"))
            keep(SQLStore(database(hasty)), session("free 1", "free"))
    finally:
        connections[hasty].close()
    assert open_sids(store, "held") == ["held 1"]
    assert open_sids(store, "free") == ["free 1"]


@pytest.mark.parametrize("entry", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_under_repeatable_read_a_snapshot_older_than_the_lock_is_never_decided_by(
    entry: dict[str, Any], alias: str, store: SQLStore
) -> None:
    from django.db import connections
    from psycopg import IsolationLevel

    entry = {**entry, "OPTIONS": {"isolation_level": int(IsolationLevel.REPEATABLE_READ)}}
    strict = sql_site.add("repeatable", entry)
    other = SQLStore(database(strict), sleep=lambda _: None)
    try:
        with atomic(strict):
            assert sql_site.run(strict, "SELECT count(*) AS n FROM sojourn_session")[0]["n"] == 0
            keep(store, session("a"))
            with pytest.raises(StoreContention):
                other.transact("ann", lambda roster: Decision(None, session(f"{len(roster.sessions)} seen")))
        other.transact("ann", lambda roster: Decision(None, session(f"{len(roster.sessions)} seen")))
    finally:
        connections[strict].close()
    assert open_sids(store) == ["1 seen", "a"]


@pytest.mark.parametrize("entry", [pytest.param("mysql", marks=pytest.mark.mariadb, id="mariadb")], indirect=True)
def test_mariadb_reads_the_newest_roster_and_ticket_even_where_the_callers_snapshot_is_older(
    entry: dict[str, Any], alias: str, store: SQLStore
) -> None:
    from django.db import connections

    entry = {**entry, "OPTIONS": {**entry["OPTIONS"], "isolation_level": "repeatable read"}}
    strict = sql_site.add("repeatable_maria", entry)
    other = SQLStore(database(strict))
    try:
        with atomic(strict):
            assert sql_site.run(strict, "SELECT count(*) AS n FROM sojourn_session")[0]["n"] == 0
            keep(store, session("a"), tickets=[ticket("t")])
            seen = other.transact("ann", Decision, digest("t"))
            assert open_sids(other) == [], "a plain read shows the old snapshot"
    finally:
        connections[strict].close()
    assert isinstance(seen, Roster)
    assert names(seen.sessions) == ["a"]
    assert seen.ticket == ticket("t")


# Nobody answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "sqlite3"])
def test_a_database_that_cannot_be_reached_is_a_store_that_is_unavailable(
    engine: str, tmp_path: Path, django_db_blocker: Any
) -> None:
    pytest.importorskip({"postgresql": "psycopg", "mysql": "MySQLdb", "sqlite3": "sqlite3"}[engine])
    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        entry = {"ENGINE": f"django.db.backends.{engine}", "NAME": str(tmp_path / "no" / "file"), "OPTIONS": {}}
        if engine != "sqlite3":
            entry |= {"HOST": "127.0.0.1", "PORT": str(closed.getsockname()[1]), "USER": "u", "NAME": "n"}
        with django_db_blocker.unblock():
            sql_site.configure()
            store = SQLStore(database(sql_site.add(f"unreachable_{engine}", entry)))
            for call in (
                lambda: store.lookup(digest("a"), ANN),
                lambda: store.roster("ann"),
                lambda: store.touch(session("a"), START, None),
                lambda: keep(store, session("a")),
                lambda: store.purge(START, 5),
            ):
                with pytest.raises(StoreUnavailable):
                    call()


def test_missing_tables_are_a_store_that_is_unavailable_and_says_what_to_do(
    tmp_path: Path, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        sql_site.configure()
        store = SQLStore(database(sql_site.add("tableless", sql_site.sqlite(tmp_path / "empty.sqlite3"))))
        with pytest.raises(StoreUnavailable, match="migrations"):
            store.lookup(digest("a"), ANN)
        with pytest.raises(StoreUnavailable, match="migrations"):
            keep(store, session("a"))
        from django.db import connections

        connections["tableless"].close()


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mariadb, id="mariadb"),
    ],
    indirect=True,
)
@pytest.mark.parametrize("call", ["lookup", "transact"])
def test_a_connection_that_the_server_has_closed_is_replaced_by_the_next_call(
    entry: dict[str, Any], alias: str, store: SQLStore, call: str
) -> None:
    from django.db import connections

    keep(store, session("a"))
    if store._db.vendor == "postgresql":
        number = sql_site.run(alias, "SELECT pg_backend_pid() AS n")[0]["n"]
        end = f"SELECT pg_terminate_backend({number}, 5000)"
    else:
        end = f"KILL {sql_site.run(alias, 'SELECT connection_id() AS n')[0]['n']}"
    other = sql_site.add(f"{alias}_other", entry)
    sql_site.run(other, end)
    connections[other].close()
    with pytest.raises(StoreUnavailable):
        store.lookup(digest("a"), ANN) if call == "lookup" else keep(store, session("b"))
    assert store.lookup(digest("a"), ANN) == session("a")
    assert open_sids(store) == ["a"]
