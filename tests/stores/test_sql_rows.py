"""Records to columns and back: everything comes back, and whatever else is found there is a RecordFormatError.

And the rest of the SQL store that needs no database: the statements' parameters, and which errors are contention.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.core.errors import ConfigurationError, InvalidInput, RecordFormatError
from sojourn.core.records import FORMAT_VERSION, Location, Session
from sojourn.stores import rows
from sojourn.stores.sql.faults import contended
from sojourn.stores.sql.statements import DIALECTS, Statements
from sojourn.testing.clock import START
from sojourn.testing.samples import ended, full_session, session, ticket


def session_row(of: Session) -> list[Any]:
    return [*(rows.session_values(of)[name] for name in rows.SESSION), of.voided]


def ticket_row() -> list[Any]:
    return [rows.ticket_values(ticket("t"))[name] for name in rows.TICKET]


def damaged(row: list[Any], columns: tuple[str, ...], name: str, value: Any) -> tuple[Any, ...]:
    return tuple(value if column == name else old for column, old in zip(columns, row, strict=True))


@pytest.mark.parametrize(
    "of", [session("a"), full_session("a"), ended(full_session("a"), START + 9, by="b")], ids=["bare", "full", "ended"]
)
def test_a_session_comes_back_from_its_row_as_text_or_as_bytes(of: Session) -> None:
    row = session_row(of)
    assert rows.session_of(tuple(row)) == of
    assert rows.session_of(tuple(value.encode() if isinstance(value, str) else value for value in row)) == of


def test_a_ticket_comes_back_from_its_row() -> None:
    assert rows.ticket_of(tuple(ticket_row())) == ticket("t")


def test_what_the_version_before_wrote_is_read_with_nothing_in_the_fields_it_did_not_know() -> None:
    row = damaged(session_row(full_session("a")), rows.SEEN, "privileges", None)
    assert rows.session_of(damaged(list(row), rows.SEEN, "end_note", None)) == full_session("a", privileges="")
    arrival = json.dumps({name: value for name, value in ARRIVAL.items() if name in REQUIRED})
    waiting = rows.ticket_of(damaged(ticket_row(), rows.TICKET, "arrival", arrival))
    assert waiting.arrival == replace(ticket("t").arrival, privileges="", location=Location())


@pytest.mark.parametrize(("created", "void"), [(START - 1, True), (START, False), (START + 1, False)])
def test_an_epoch_makes_open_sessions_void_that_began_before_it(created: int, void: bool) -> None:
    row = session_row(session("a", created=created))
    assert rows.session_of((*row[:-1], START)).voided == (START if void else None)
    over = session_row(ended(session("a", created=created), START + 1))
    assert rows.session_of((*over[:-1], START)).voided is None


SESSION_DAMAGE: list[tuple[str, Any]] = [
    ("sid", None),
    ("sid", 7),
    ("subject", b"\xff"),
    ("digest", "00"),
    ("digest", "zz" * 32),
    ("digest", "0 " * 32),
    ("digest", None),
    ("predecessor", ""),
    ("predecessor_until", None),
    ("generation", "1"),
    ("created", 1.5),
    ("last_seen", True),
    ("inactivity_timeout", "30m"),
    ("expires", "never"),
    ("carrier_expires", 1.0),
    ("persistent", 2),
    ("persistent", "yes"),
    ("device_kind", "toaster"),
    ("device_family", None),
    ("amr", ""),
    ("amr", "{}"),
    ("amr", "[1]"),
    ("amr", "[" * 100_000),
    ("amr", "null"),
    ("state", "revived"),
    ("state", "ended"),
    ("end_reason", "logout"),
    ("end_reason", "because"),
    ("ended", "now"),
    ("end_note", 5),
    ("privileges", b"\xff"),
    ("epoch", "1"),
    ("epoch", True),
    ("format", None),
    ("format", 0),
    ("format", "1"),
    ("format", FORMAT_VERSION + 1),
]


@pytest.mark.parametrize(("name", "value"), SESSION_DAMAGE)
def test_a_damaged_or_newer_session_is_a_record_format_error(name: str, value: Any) -> None:
    with pytest.raises(RecordFormatError):
        rows.session_of(damaged(session_row(full_session("a")), rows.SEEN, name, value))


ARRIVAL = json.loads(rows.ticket_values(ticket("t"))["arrival"])  # type: ignore[arg-type]
REQUIRED = ARRIVAL.keys() - {"privileges", "location"}
TICKET_DAMAGE: list[tuple[str, Any]] = [
    ("digest", "x"),
    ("subject", None),
    ("created", "1"),
    ("expires", None),
    ("browser", 5),
    ("context", "[]"),
    ("context", '{"a": 1}'),
    ("context", "[" * 100_000),
    ("format", FORMAT_VERSION + 1),
    ("arrival", ""),
    ("arrival", "[]"),
    ("arrival", "{}"),
    *(("arrival", json.dumps({key: value for key, value in ARRIVAL.items() if key != name})) for name in REQUIRED),
    *(("arrival", json.dumps({**ARRIVAL, name: 1.5})) for name in ARRIVAL),
    ("arrival", json.dumps({**ARRIVAL, "groups": ["a", 1]})),
    ("arrival", json.dumps({**ARRIVAL, "is_admin": True})),
    ("arrival", json.dumps({**ARRIVAL, "device": ["toaster", "", "", ""]})),
]


@pytest.mark.parametrize(("name", "value"), TICKET_DAMAGE)
def test_a_damaged_or_newer_ticket_is_a_record_format_error(name: str, value: Any) -> None:
    with pytest.raises(RecordFormatError):
        rows.ticket_of(damaged(ticket_row(), rows.TICKET, name, value))


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary())


@given(st.data())
def test_no_row_whatever_raises_anything_else(data: st.DataObject) -> None:
    row = session_row(full_session("a"))
    for at in data.draw(st.sets(st.integers(0, len(row) - 1), min_size=1)):
        row[at] = data.draw(ANYTHING)
    try:
        found = rows.session_of(tuple(row))
    except RecordFormatError:
        return
    try:
        again = session_row(found)
    except InvalidInput:
        return  # what no database keeps, and so none gives back
    assert rows.session_of(tuple(again)) == found


@pytest.mark.parametrize("length", [0, len(rows.SEEN) - 1, len(rows.SEEN) + 1])
def test_a_row_of_another_shape_is_a_record_format_error(length: int) -> None:
    with pytest.raises(RecordFormatError):
        rows.session_of(tuple([*session_row(session("a")), None][:length]))


@pytest.mark.parametrize(
    "fields",
    [
        {"acr": "x" * 256},
        {"client": "a\x00b"},
        {"place": "\ud800"},
        {"credential": "c" * 256},
        {"created": 1 << 63},
        {"inactivity_timeout": -(1 << 62)},
    ],
    ids=["too long", "NUL", "half a surrogate", "too long a credential", "beyond 64 bits", "far below zero"],
)
def test_what_a_database_would_not_give_back_as_it_is_is_refused_before_anything_is_written(
    fields: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput):
        rows.session_values(session("a", **fields))


def test_the_deadline_is_the_soonest_bound_far_away_without_one_and_none_once_ended() -> None:
    bounded = session("a", inactivity_timeout=30, expires=START + 20, carrier_expires=START + 25)
    assert rows.deadline_value(bounded) == START + 20
    assert rows.deadline_value(session("a")) == rows.NEVER
    assert rows.deadline_value(ended(bounded, START)) is None


def test_a_database_of_another_kind_is_a_configuration_error_that_names_those_it_runs_on() -> None:
    with pytest.raises(ConfigurationError, match="'oracle'; it runs on mysql, postgresql, sqlite"):
        Statements("oracle")


@pytest.mark.parametrize("vendor", DIALECTS)
def test_a_change_names_its_parameters_in_the_order_in_which_they_are_written(vendor: str) -> None:
    sql, order = Statements(vendor).change(["last_seen", "expires"], ended=False)
    assert order == ["last_seen", "expires", "last_seen", "expires", "sid"]
    assert sql.count("%s") == len(order)
    assert sql.endswith("WHERE sid = %s AND state = 'open'")


def raised(**facts: Any) -> Any:
    return SimpleNamespace(args=(), **facts)


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("vendor", "error", "expected"),
    [
        ("postgresql", raised(sqlstate="40001"), True),
        ("postgresql", raised(sqlstate="40P01"), True),
        ("postgresql", raised(pgcode="55P03"), True),
        ("postgresql", raised(sqlstate="57P01"), False),
        ("postgresql", raised(sqlstate=None), False),
        ("mysql", ValueError(1213, "Deadlock found"), True),
        ("mysql", ValueError(1205, "Lock wait timeout exceeded"), True),
        ("mysql", ValueError(1020, "Record has changed since last read"), True),
        ("mysql", ValueError(2006, "Server has gone away"), False),
        ("mysql", ValueError(), False),
        ("sqlite", sqlite_error(sqlite3.SQLITE_BUSY), True),
        ("sqlite", sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        ("sqlite", sqlite_error(sqlite3.SQLITE_LOCKED), True),
        ("sqlite", sqlite_error(sqlite3.SQLITE_FULL), False),
        ("sqlite", ValueError("database is locked"), False),
        ("sqlite", None, False),
    ],
)
def test_what_may_help_to_try_again_is_told_from_what_does_not(vendor: str, error: Any, expected: bool) -> None:
    assert contended(vendor, error) is expected
