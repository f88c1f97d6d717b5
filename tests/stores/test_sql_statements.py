"""What the SQL store sends: how many statements, by which indexes, and what it never writes down."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest

from sojourn import Admitted, Arrival, Authenticated, ChoiceRequired, Limit, Policy, SessionControl
from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError
from sojourn.core.events import SessionStarted, StartRefused
from sojourn.core.outbox import Failing
from sojourn.core.policy import Overflow
from sojourn.core.records import Profile, SignIn
from sojourn.core.timeouts import MINUTE, Timeouts
from sojourn.stores import rows
from sojourn.stores.sql import Beside, SQLStore
from sojourn.testing.clock import START, FakeClock
from sojourn.testing.conformance.setup import keep, names, open_sids, session, update
from sojourn.testing.samples import ANN, digest, ended, ticket
from tests.stores import sql_site


@pytest.fixture
def store(alias: str) -> SQLStore:
    from sojourn.contrib.django.database import DjangoDatabase

    return SQLStore(DjangoDatabase(alias))


# How many statements --------------------------------------------------------------------------------------------


def test_a_request_costs_one_look_up_and_a_due_touch_one_write(
    alias: str, store: SQLStore, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock()
    control = SessionControl(store, Policy((Limit(1),), Timeouts(inactivity=30 * MINUTE)), clock=clock)
    with sql_site.captured(alias) as start:
        admitted = control.start(Arrival("ann"))
    clock.advance(MINUTE)
    with sql_site.captured(alias) as evict:
        admitted = control.start(Arrival("ann"))
    assert isinstance(admitted, Admitted)
    assert admitted.token is not None
    with sql_site.captured(alias) as look_up:
        assert isinstance(control.authenticate(admitted.token), Authenticated)
    clock.advance(MINUTE)
    with sql_site.captured(alias) as touch:
        assert isinstance(control.authenticate(admitted.token), Authenticated)
    assert [statement.split()[0] for statement in look_up] == ["SELECT"]
    assert [statement.split()[0] for statement in touch] == ["SELECT", "UPDATE"]
    verbs = [[statement.split()[0] for statement in statements] for statements in (start, evict)]
    inner = [[verb for verb in some if verb not in ("BEGIN", "START", "COMMIT", "SET")] for some in verbs]
    # Of the updates, the last is what is remembered of the subject: their last sign-in, devices and places.
    assert inner == [
        ["INSERT", "SELECT", "INSERT", "UPDATE", "INSERT"],
        ["INSERT", "SELECT", "UPDATE", "INSERT", "UPDATE", "INSERT"],
    ]
    with capsys.disabled():
        print(f"\n{alias}: a start sends {verbs[0]}, one that evicts {verbs[1]}")


def test_a_hundred_events_are_one_statement(alias: str, store: SQLStore) -> None:
    events = [SessionStarted(subject="ann", at=START, session=session("a")) for _ in range(100)]
    with sql_site.captured(alias) as statements:
        store.restore(Decision(None, events=tuple(events)))
    assert len([statement for statement in statements if statement.startswith("INSERT")]) == 1
    assert len(sql_site.run(alias, "SELECT id FROM sojourn_event")) == 100


# By which indexes -----------------------------------------------------------------------------------------------


def fill(alias: str, count: int) -> None:
    """`count` open and `count` ended sessions of many subjects, tickets and events, written past the store."""
    from django.db import connections, transaction

    open_row, ended_row = session("x", expires=START), ended(session("x"), START)
    columns = (*rows.SESSION, "deadline")
    places = ", ".join(["%s"] * len(columns))
    values = []
    for number in range(2 * count):
        of = open_row if number % 2 else ended_row
        row: dict[str, Any] = {**rows.session_values(of), "deadline": rows.deadline_value(of)}
        row |= {"sid": f"sid {number}", "subject": f"subject {number // 4}", "digest": digest(f"{number}").hex()}
        moment = "deadline" if of.open else "ended"
        values.append(
            [{**row, moment: START + number, "predecessor": digest(f"{number} before").hex()}[c] for c in columns]
        )
    tickets = [rows.ticket_values(ticket(f"{number}", expires=START + number)) for number in range(count)]
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        subjects = [(f"subject {number}",) for number in range(count)]
        cursor.executemany("INSERT INTO sojourn_subject (subject, version) VALUES (%s, 1)", subjects)
        cursor.executemany(f"INSERT INTO sojourn_session ({', '.join(columns)}) VALUES ({places})", values)
        cursor.executemany(
            f"INSERT INTO sojourn_ticket ({', '.join(rows.TICKET)}) VALUES ({', '.join(['%s'] * len(rows.TICKET))})",
            [[one[name] for name in rows.TICKET] for one in tickets],
        )
        cursor.executemany(
            "INSERT INTO sojourn_event (event, route, subject, type, at, payload) VALUES (%s, 0, 'x', 'x', %s, '{}')",
            [(f"{number}", START + number) for number in range(count)],
        )
        cursor.executemany(
            "INSERT INTO sojourn_lease (subject, worker, until, told, used) VALUES (%s, '', 0, '{}', %s)",
            [(f"subject {number}", START + number) for number in range(count)],
        )
    for table in sql_site.TABLES:
        if connections[alias].vendor == "mysql":
            sql_site.run(alias, f"ANALYZE TABLE {table}")
        else:
            sql_site.run(alias, f"ANALYZE {table}")


TICKET_BESIDE = Beside(
    "other.digest, other.expires", 2, "sojourn_ticket other", "other.digest = %s", (digest("7").hex(),)
)


def scans(alias: str, statement: str) -> list[str]:
    """The parts of the plan of `statement` that read a whole table of ours; that of the epoch has one row."""
    from django.db import connections

    vendor = connections[alias].vendor
    plan = sql_site.run(alias, ("EXPLAIN QUERY PLAN " if vendor == "sqlite" else "EXPLAIN ") + statement, None)
    if vendor == "sqlite":
        return [row["detail"] for row in plan if row["detail"].startswith("SCAN sojourn_")]
    if vendor == "postgresql":
        lines = [str(row["QUERY PLAN"]) for row in plan]
        return [line for line in lines if "Seq Scan on sojourn_" in line and "sojourn_epoch" not in line]
    return [str(row) for row in plan if row["type"] == "ALL" and not str(row["table"]).startswith("<")]


def test_nothing_reads_a_whole_table_but_a_read_that_means_to(alias: str, store: SQLStore) -> None:
    fill(alias, 2000)
    with sql_site.captured(alias) as statements:
        assert store.lookup(digest("7"), ANN) is not None
        assert store.lookup(digest("9 before"), ANN) is not None
        assert store.lookup_beside(digest("11"), TICKET_BESIDE)[1] is not None
        found = store.find("sid 7")
        assert found is not None
        assert len(store.roster("subject 7").sessions) == 2
        assert len(store.history("subject 7", 9)) == 2
        assert store.ticket(digest("7"), ANN) is not None
        assert len(store.overdue(START + 9, 5)) == 5
        assert store.touch(found, START, None) is True
        store.transact("subject 7", lambda roster: Decision(None, update=(ended(roster.sessions[0], 1),)), digest("7"))
        assert store.purge(START + 9, 3) == 3 + 3 + 3
        assert store.forget_addresses(START + 9) == store.fade(START + 9, 5) == 0
    explained = [text for text in statements if text.split()[0] in ("SELECT", "UPDATE", "DELETE")]
    assert len(explained) >= 14
    assert {text: found for text in explained if (found := scans(alias, text))} == {}
    assert scans(alias, "SELECT * FROM sojourn_session WHERE place = 'nowhere'"), "a scan is seen where there is one"


def test_what_has_no_address_any_more_is_not_read_again(alias: str, store: SQLStore) -> None:
    facts = {"device": "Firefox", "address": "192.0.2.1", "place": 'an "address": "192.0.2.1'}
    happened = StartRefused(subject="ann", at=START, arrival=facts, limit="one", contact="ann@example.org")
    last = Profile(last_sign_in=SignIn(START, "Firefox", "192.0.2.1", facts["place"]))
    kept = session("a", address="192.0.2.1", place=facts["place"])
    store.transact("ann", lambda _: Decision(None, insert=kept, events=(happened,), profile=last))
    store.transact("ann", lambda _: Decision(None, update=(ended(kept, START + 1),)))
    assert store.forget_addresses(START + 5) == 1
    with sql_site.captured(alias) as statements:
        assert store.forget_addresses(START + 5) == 0
    assert [statement.split()[0] for statement in statements] == ["SELECT"] * 3
    assert [row for text in statements for row in sql_site.run(alias, text)] == []


# Along with a row of somebody else's -----------------------------------------------------------------------------


def test_a_look_up_brings_a_row_along_if_both_are_there(alias: str, store: SQLStore) -> None:
    fill(alias, 10)
    nobody = replace(TICKET_BESIDE, params=("nobody",))
    with sql_site.captured(alias) as statements:
        found, row = store.lookup_beside(digest("3"), TICKET_BESIDE)
    assert len(statements) == 1
    assert found == store.lookup(digest("3"), ANN)
    assert row is not None
    assert row[1] == START + 7
    assert store.lookup_beside(digest("3"), nobody) == (found, None)
    assert store.lookup_beside(digest("3 before"), nobody) == (found, None)
    assert store.lookup_beside(digest("no such"), TICKET_BESIDE) == (None, None)


def test_two_sessions_with_one_token_are_none_along_with_a_row_either(alias: str, store: SQLStore) -> None:
    fill(alias, 10)
    sql_site.run(alias, f"UPDATE sojourn_session SET predecessor = '{digest('3 before').hex()}' WHERE sid = 'sid 5'")
    with pytest.raises(RecordFormatError):
        store.lookup_beside(digest("3 before"), TICKET_BESIDE)


# What is never written down -------------------------------------------------------------------------------------


def test_no_table_holds_a_token_or_the_secret_of_a_ticket(alias: str) -> None:
    from sojourn.contrib.django.database import DjangoDatabase

    store = SQLStore(DjangoDatabase(alias), wanted=lambda _: True)
    control = SessionControl(store, Policy((Limit(1, Overflow.ASK),)))
    secrets: list[str] = []
    first = control.start(Arrival("ann"), browser="browser")
    asked = control.start(Arrival("ann"), browser="browser", context={"next": "/"})
    assert isinstance(first, Admitted)
    assert isinstance(asked, ChoiceRequired)
    rotated = control.rotate(first.session)
    still_asked = control.start(Arrival("ann"), browser="another")
    assert asked.ticket is not None
    chosen = control.choose(asked.ticket, [first.session.sid], browser="browser")
    assert isinstance(chosen, Admitted)
    assert isinstance(still_asked, ChoiceRequired)
    assert rotated is not None
    for secret in (first.token, asked.ticket, rotated[1], still_asked.ticket, chosen.token):
        assert secret is not None
        secrets.append(secret.reveal())
    control.name_device("ann", chosen.session.sid, "my laptop")
    store.begin_epoch(1)
    assert store.claim("a worker", 1 << 50, 1 << 51) is not None
    store.note_failing("mail", Failing(START, "a timeout"))
    store.moves.begin_move("a move")
    tables = {table: sql_site.run(alias, f"SELECT * FROM {table}") for table in sql_site.TABLES}
    dump = repr(tables)
    assert all(tables.values()), "there is something in every table"
    assert chosen.session.digest.hex() in dump, "what is there is seen"
    assert still_asked.ticket is not None
    assert still_asked.ticket.digest().hex() in dump
    for text in secrets:
        assert text not in dump
        assert text.split("_", 1)[1][2:] not in dump


# What is the same, and what is not ------------------------------------------------------------------------------


def test_subjects_are_the_same_only_if_every_byte_is(store: SQLStore) -> None:
    composed, taken_apart = unicodedata.normalize("NFC", "Zoë"), unicodedata.normalize("NFD", "Zoë")
    subjects = ["zoe", "Zoe", "zoe ", " zoe", composed, taken_apart, "ss", "ß", "I", "i", "\u0131"]
    for number, subject in enumerate(subjects):
        keep(store, session(f"{number}", subject))
    for number, subject in enumerate(subjects):
        assert open_sids(store, subject) == [f"{number}"]


@pytest.mark.parametrize("nonsense", ["\x00", "\ud800", "x" * 1000])
def test_what_no_database_can_hold_is_not_found(store: SQLStore, nonsense: str) -> None:
    assert store.find(nonsense) is None
    assert store.roster(nonsense).sessions == ()
    assert store.history(nonsense, 5) == ()


# Damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["format = 2", "amr = '['", "device_kind = 'toaster'", "end_reason = 'logout'"])
def test_a_damaged_or_newer_session_authenticates_nobody_and_lets_nobody_past_the_limit(
    alias: str, store: SQLStore, damage: str
) -> None:
    control = SessionControl(store, Policy((Limit(1),)))
    admitted = control.start(Arrival("ann"))
    assert isinstance(admitted, Admitted)
    assert admitted.token is not None
    keep(store, session("b", "bob", expires=START + 1))
    sql_site.run(alias, f"UPDATE sojourn_session SET deadline = 1, {damage} WHERE subject = 'ann'")
    with pytest.raises(RecordFormatError):
        control.authenticate(admitted.token)
    with pytest.raises(RecordFormatError):
        control.start(Arrival("ann"))
    assert len(sql_site.run(alias, "SELECT sid FROM sojourn_session WHERE subject = 'ann'")) == 1
    assert names(store.overdue(START + 9, 5)) == ["b"], "one damaged record does not stop the sweep"


@pytest.mark.parametrize("damage", ["format = 2", "arrival = '{}'", "context = '[1]'"])
def test_a_damaged_or_newer_ticket_admits_nobody(alias: str, store: SQLStore, damage: str) -> None:
    keep(store, tickets=[ticket("t")])
    sql_site.run(alias, f"UPDATE sojourn_ticket SET {damage}")
    with pytest.raises(RecordFormatError):
        store.ticket(digest("t"), ANN)
    with pytest.raises(RecordFormatError):
        store.transact("ann", lambda roster: Decision(None, session("a")), digest("t"))
    assert open_sids(store) == []


# Purging --------------------------------------------------------------------------------------------------------


def test_purge_forgets_subjects_of_whom_nothing_is_remembered_and_no_other(alias: str, store: SQLStore) -> None:
    keep(store, session("a", "gone"), session("b", "open"), session("c", "open"), session("d", "later"))
    update(store, ended(session("a", "gone"), START), subject="gone")
    update(store, ended(session("b", "open"), START), subject="open")
    update(store, ended(session("d", "later"), START + 9), subject="later")
    assert store.purge(START + 5, 100) == 2
    subjects = [row["subject"] for row in sql_site.run(alias, "SELECT subject FROM sojourn_subject ORDER BY subject")]
    assert subjects == ["later", "open"]
    keep(store, session("e", "gone"))
    assert open_sids(store, "gone") == ["e"]


def test_purge_deletes_many_in_transactions_of_a_few(alias: str, store: SQLStore) -> None:
    fill(alias, 450)
    with sql_site.captured(alias) as statements:
        assert store.purge(START + 10_000, 1000) == 450 + 450 + 450
    deletes = [text for text in statements if text.startswith("DELETE FROM sojourn_session")]
    assert len(deletes) == 3
    assert len(sql_site.run(alias, "SELECT sid FROM sojourn_session")) == 450


# The tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["sqlite"], indirect=True)
def test_the_models_have_a_migration(alias: str) -> None:
    from django.core.management import CommandError, call_command

    try:
        call_command("makemigrations", "sojourn", check=True, dry_run=True, verbosity=0)
    except (CommandError, SystemExit):
        pytest.fail(
            "The models differ from the migrations. Run `django-admin makemigrations sojourn --name <what changed>` "
            "with the settings of tests.django_site, read what it wrote, and commit it with the change. "
            "A migration that has been released is never edited."
        )


@pytest.mark.parametrize("entry", ["sqlite"], indirect=True)
def test_every_column_that_is_written_is_in_the_models_and_as_wide(alias: str) -> None:
    from sojourn.contrib.django import models

    written = {
        models.Session: (*rows.SESSION, "deadline"),
        models.Ticket: rows.TICKET,
        models.OutboxEvent: ("id", *rows.EVENT, "progress", "dead"),
    }
    for model, columns in written.items():
        fields = {field.column: field for field in model._meta.concrete_fields}
        assert set(fields) == set(columns)
        for name, width in rows.WIDTHS.items():
            if name in fields:
                assert fields[name].max_length == width, f"{model.__name__}.{name}"
