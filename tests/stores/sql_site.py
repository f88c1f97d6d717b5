"""Django, as little of it as the SQL store needs, on any database: for tests and for the processes of a race."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

OF_SUBJECTS = ("sojourn_subject", "sojourn_session", "sojourn_ticket", "sojourn_event", "sojourn_lease")
TABLES = (*OF_SUBJECTS, "sojourn_sink", "sojourn_epoch", "sojourn_move")


def configure(*, alone: bool = False) -> None:
    """Make Django ready, unless a test that ran before has done so. `alone`: in a race's process, do it anyhow."""
    import django
    from django.conf import settings

    if alone or not (settings.configured or "DJANGO_SETTINGS_MODULE" in os.environ):
        settings.configure(
            SECRET_KEY="for tests only",
            USE_TZ=True,
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "sojourn.contrib.django"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        )
    django.setup()


def add(alias: str, entry: Mapping[str, Any]) -> str:
    """Give Django a database that the settings do not name, and return its alias."""
    from django.db import connections

    entry = json.loads(json.dumps(entry))
    connections.settings[alias] = connections.configure_settings({"default": {}, alias: entry})[alias]
    return alias


def migrate(alias: str) -> None:
    """Make the store's tables."""
    from django.core.management import call_command

    call_command("migrate", "sojourn", database=alias, verbosity=0)


def sqlite(path: object, **options: Any) -> dict[str, Any]:
    """An entry for a file of SQLite."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {"timeout": 30, **options}}


def run(alias: str, sql: str, params: Any = ()) -> list[dict[str, Any]]:
    """One statement past the store; the rows, if it has any, with text as text."""
    from django.db import connections

    with connections[alias].cursor() as cursor:
        cursor.execute(sql, params)
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, (_text(value) for value in row), strict=True)) for row in cursor.fetchall()]


def empty(alias: str) -> None:
    """Delete every row of the store's."""
    for table in TABLES:
        run(alias, f"DELETE FROM {table}")


@contextmanager
def captured(alias: str) -> Iterator[list[str]]:
    """The statements that are sent within the block, filled when it ends."""
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    statements: list[str] = []
    with CaptureQueriesContext(connections[alias]) as context:
        yield statements
    statements += [query["sql"] or "" for query in context.captured_queries]


class SQLReader:
    """Reads the tables by plain SQL."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def session_rows(self, subject: str) -> list[dict[str, Any]]:
        return run(self.alias, "SELECT * FROM sojourn_session WHERE subject = %s", (subject,))

    def events(self, subject: str) -> list[Mapping[str, Any]]:
        rows = run(self.alias, "SELECT payload FROM sojourn_event WHERE subject = %s ORDER BY id", (subject,))
        return [json.loads(row["payload"]) for row in rows]

    def remains(self, subject: str) -> list[Any]:
        return [row for table in OF_SUBJECTS for row in run(self.alias, *_of(table, subject))]


def _of(table: str, subject: str) -> tuple[str, tuple[str]]:
    return f"SELECT * FROM {table} WHERE subject = %s ORDER BY 1", (subject,)


def _text(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value
