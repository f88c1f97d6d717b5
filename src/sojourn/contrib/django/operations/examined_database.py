"""What `doctor` looks at where a database of Django's keeps the records: is it there, migrated, and on time."""

import time
from collections.abc import Iterator

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from sojourn.contrib.django.operations.symptoms import Level, Patient, Symptom
from sojourn.core.timeouts import SECOND

SKEW = 2 * SECOND
"""How far the clocks of the application and of the database may be apart."""


def reach(patient: Patient, alias: str) -> Iterator[Symptom]:
    """Reachable, and what it is."""
    connection = connections[alias]
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Symptom(
            Level.ERROR,
            "doctor.database",
            f"The database '{alias}' cannot be reached: {type(error).__name__}. Until then, every request that carries "
            "a session is answered with 503.",
            "Start it, and compare HOST, PORT, USER and PASSWORD in DATABASES.",
        )
        return
    patient.reached = True
    patient.facts["database"] = f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"
    patient.facts["isolation"] = _isolation(connection)


def _isolation(connection: BaseDatabaseWrapper) -> str:
    statements = {"postgresql": "SHOW transaction_isolation", "mysql": "SELECT @@tx_isolation"}
    if connection.vendor not in statements:
        return "serializable"
    with connection.cursor() as cursor:
        cursor.execute(statements[connection.vendor])
        return str(cursor.fetchone()[0]).lower().replace("-", " ")


def migrations(patient: Patient, alias: str) -> Iterator[Symptom]:
    """Whether the store's tables are as this version needs them."""
    executor = MigrationExecutor(connections[alias])
    wanted = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "sojourn"]
    missing = [str(migration) for migration, _ in executor.migration_plan(wanted)]
    patient.facts["migrations_missing"] = missing
    if missing:
        yield Symptom(
            Level.ERROR,
            "doctor.migrations",
            f"Migrations are not applied: {', '.join(missing)}.",
            "Run `python manage.py migrate sojourn" + (f" --database {alias}`." if alias != "default" else "`."),
        )


def clocks(patient: Patient, alias: str) -> Iterator[Symptom]:
    """All processes go by their own clock: those of several machines must agree. The database's is one to compare."""
    connection = connections[alias]
    statements = {
        "postgresql": "SELECT extract(epoch FROM clock_timestamp()) * 1000",
        "mysql": "SELECT UNIX_TIMESTAMP(SYSDATE(3)) * 1000",
    }
    if connection.vendor not in statements:
        return  # it has no clock of its own
    with connection.cursor() as cursor:
        before = time.time() * 1000
        cursor.execute(statements[connection.vendor])
        skew = round(float(cursor.fetchone()[0]) - (before + time.time() * 1000) / 2)
    patient.facts["clock_skew_ms"] = skew
    if abs(skew) > SKEW:
        yield Symptom(
            Level.WARNING,
            "doctor.clocks",
            f"The clocks of this machine and of the database are {abs(skew) / 1000:.1f} seconds apart: if several "
            "machines serve the site, sessions end early or late by as much.",
            "Let all machines keep time by NTP.",
        )
