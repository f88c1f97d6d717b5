"""`manage.py sojourn doctor` finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.models import OutboxEvent, Session
from sojourn.contrib.django.operations import examined_database
from sojourn.contrib.django.operations.symptoms import Patient
from sojourn.core.records import Arrival, EndReason
from sojourn.core.timeouts import DAY, HOUR
from tests.django.commands import run

pytestmark = pytest.mark.django_db


def examined() -> tuple[dict[str, Any], bool]:
    """What the doctor found, and whether the command ended well."""
    out = StringIO()
    try:
        call_command("sojourn", "doctor", "--json", stdout=out)
    except CommandError:
        return json.loads(out.getvalue()), False
    return json.loads(out.getvalue()), True


def found() -> set[str]:
    """The ids of what the doctor found."""
    return {each["id"] for each in examined()[0]["findings"]}


@pytest.fixture(autouse=True)
def _well_set(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    links = {"SITE_URL": "https://app.example", "PASSWORD_RESET_URL": "/reset/"}
    settings.SOJOURN = {**settings.SOJOURN, **links}


def test_a_healthy_site_is_told_so():
    body, well = examined()
    assert body["findings"] == []
    assert body["healthy"] is well is True
    assert body["facts"]["migrations_missing"] == []
    assert body["facts"]["database"]
    assert "Nothing is wrong" in run("doctor")


def test_errors_make_the_exit_status_one_and_warnings_do_not():
    with override_settings(SESSION_COOKIE_SECURE=False):
        body, well = examined()
        assert well
        assert [each["level"] for each in body["findings"]] == ["warning"]
    with override_settings(SOJOURN={"LIMITS": [{"max_sessions": 1, "overflow": "refuse"}]}):
        body, well = examined()
        assert not well
        assert body["healthy"] is False
        assert "INACTIVITY_TIMEOUT" in body["findings"][0]["hint"]


def test_every_system_check_is_run_those_of_deployment_too():
    with override_settings(SOJOURN={"ENABLED": False}):
        assert "sojourn.W041" in found()
    with override_settings(MIDDLEWARE=[]):
        assert "sojourn.E014" in found()


def test_settings_that_cannot_be_used_stop_only_what_needs_them():
    with override_settings(SOJOURN={"LIMIT": 3}):
        body, well = examined()
    assert not well
    assert body["findings"][0]["id"] == "sojourn.E001"
    assert "Write LIMITS" in body["findings"][0]["hint"]


def test_a_database_that_is_away_is_found(monkeypatch):
    def away() -> None:
        raise OperationalError("could not connect with password=hush")

    monkeypatch.setattr(connection, "ensure_connection", away)
    body, well = examined()
    assert not well
    assert body["findings"][0]["id"] == "doctor.database"
    assert "migrations_missing" not in body["facts"]
    assert "hush" not in json.dumps(body)


def test_migrations_that_are_missing_are_named():
    MigrationRecorder(connection).migration_qs.filter(app="sojourn").exclude(name__startswith="0001").delete()
    body, well = examined()
    assert not well
    assert body["facts"]["migrations_missing"]
    (finding,) = [each for each in body["findings"] if each["id"] == "doctor.migrations"]
    assert "migrate sojourn" in finding["hint"]


def test_what_comes_of_missing_migrations_is_not_told_as_well():
    MigrationRecorder(connection).migration_qs.filter(app="sojourn").delete()
    body, _ = examined()
    assert [each["id"] for each in body["findings"]] == ["doctor.migrations"]
    assert "sessions_live" not in body["facts"]


def test_a_table_of_django_s_sessions_that_is_missing_is_told_with_what_to_run(monkeypatch):
    def missing(*_: object) -> bool:
        raise OperationalError("no such table: django_session")

    monkeypatch.setattr(SessionStore, "exists", missing)
    body, well = examined()
    assert not well
    (finding,) = body["findings"]
    assert finding["id"] == "doctor.engine"
    assert "manage.py migrate`" in finding["hint"]


def test_a_purge_that_does_not_run_is_noticed(clock):
    control().start(Arrival("ann"))
    clock.advance(HOUR + 3 * DAY)
    body, well = examined()
    assert well
    assert {each["id"] for each in body["findings"]} == {"doctor.purge"}
    assert body["facts"]["longest_overdue_seconds"] > 3 * 24 * 3600
    clock.advance(30 * DAY)
    assert found() == {"doctor.purge", "doctor.outbox"}
    run("purge")
    assert found() == set()


def test_an_epoch_that_is_still_to_come_is_an_error(clock):
    control().store.begin_epoch(clock() + HOUR)
    assert found() == {"doctor.epoch"}
    clock.advance(HOUR)
    assert found() == set()


@pytest.mark.parametrize(
    ("backend", "finding"),
    [
        ("dummy.DummyCache", {"doctor.engine"}),
        ("locmem.LocMemCache", {"doctor.engine"}),
        ("filebased.FileBasedCache", set()),
    ],
)
def test_a_session_cache_that_forgets_is_found(settings, tmp_path, backend, finding):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": str(tmp_path)}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    assert found() == finding


def test_one_address_for_everybody_is_a_proxys():
    for number in range(12):
        control().start(Arrival(f"subject-{number}", address="10.0.0.1"))
    assert found() == {"doctor.addresses"}
    control().start(Arrival("somebody", address="192.0.2.7"))
    assert found() == set()


def test_clocks_that_differ_are_noticed(monkeypatch):
    class Cursor:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def execute(self, statement: str) -> None:
            assert "epoch" in statement

        def fetchone(self) -> tuple[float]:
            return (1_000_000.0,)

    monkeypatch.setattr(
        examined_database, "connections", {"default": type("C", (), {"vendor": "postgresql", "cursor": Cursor})}
    )
    (finding,) = examined_database.clocks(Patient(), "default")
    assert finding.id == "doctor.clocks"
    assert "NTP" in finding.hint


@pytest.mark.parametrize("server", ["postgres_server", "mariadb_server"])
def test_the_questions_are_answered_by_real_servers(server, request, monkeypatch, django_db_blocker):
    from django.db.utils import ConnectionHandler

    there = ConnectionHandler({"default": request.getfixturevalue(server).database()})
    monkeypatch.setattr(examined_database, "connections", there)
    patient = Patient()
    assert list(examined_database.reach(patient, "default")) == []
    assert list(examined_database.clocks(patient, "default")) == []
    assert patient.facts["isolation"] in {"read committed", "repeatable read"}
    assert abs(patient.facts["clock_skew_ms"]) < 10_000
    there["default"].close()


def test_it_changes_nothing(clock):
    control().start(Arrival("ann"))
    control().end("ann", None, EndReason.LOGOUT)
    clock.advance(40 * DAY)
    before = list(Session.objects.values()), list(OutboxEvent.objects.values())
    examined()
    assert (list(Session.objects.values()), list(OutboxEvent.objects.values())) == before
