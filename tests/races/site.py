"""The test site in one process of a race, and where it keeps things seen from outside: set-up, people, raw readers."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.races.browser import Application

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)
SETTINGS = "tests.django_site.settings"
_store = "default"


class Place(NamedTuple):
    """Where one race takes place: the site's database, an entry of DATABASES, and what SOJOURN["STORE"] says."""

    database: Mapping[str, Any]
    store: str = "default"

    def plain(self) -> dict[str, Any]:
        """As arguments for a contender in another process."""
        return {"database": dict(self.database), "store": self.store}


def sqlite(path: object) -> dict[str, Any]:
    """A DATABASES entry for a file of SQLite, as Sojourn's checks want it."""
    options = {"timeout": 30, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}


def serve(database: Mapping[str, Any], store: str) -> Application:
    """Make Django ready in this process, with a connection of its own that stays open, and return the site."""
    global _store  # one process has one site
    _store = store
    os.environ["SOJOURN_TEST_DATABASE"] = json.dumps({**database, "CONN_MAX_AGE": None})
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    from django.core.wsgi import get_wsgi_application

    application: Application = get_wsgi_application()
    return application


def configure(overflow: str, *, atomic: bool, max_sessions: int = 1) -> None:
    """Change what this process's site does at the limit, and whether its views run in a transaction."""
    from django.conf import settings
    from django.core.signals import setting_changed
    from django.db import connections

    limit = {"max_sessions": max_sessions, "overflow": overflow}
    timeouts = {"INACTIVITY_TIMEOUT": "30m", "ABSOLUTE_TIMEOUT": "12h"}
    settings.SOJOURN = {"STORE": _store, "LIMITS": [limit], **timeouts}
    setting_changed.send(sender=None, setting="SOJOURN", value=settings.SOJOURN, enter=True)
    connections.settings["default"]["ATOMIC_REQUESTS"] = atomic


class Outside:
    """The database as its operator sees it: plain SQL, past the store, in the process that holds the race."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        """Give this process's Django the database, and create the site's tables in it."""
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
        from django.core.management import call_command

        from tests.stores import sql_site

        sql_site.configure()
        self.alias = sql_site.add(f"outside_{next(_numbers)}", {**database, "CONN_MAX_AGE": None})
        call_command("migrate", database=self.alias, verbosity=0)

    def close(self) -> None:
        """Close the connection, and let Django forget the database."""
        from django.db import connections

        connections[self.alias].close()
        del connections[self.alias]
        del connections.settings[self.alias]

    def run(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """One statement; its rows, if it has any."""
        from django.db import connections

        with connections[self.alias].cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall()) if cursor.description else []

    def people(self, names: Sequence[str]) -> dict[str, int]:
        """Create users with one password; their keys."""
        from django.contrib.auth.hashers import make_password
        from django.contrib.auth.models import User

        password = make_password(PASSWORD)
        User.objects.using(self.alias).bulk_create([User(username=name, password=password) for name in names])
        return dict(User.objects.using(self.alias).filter(username__in=names).values_list("username", "pk"))

    def open_sessions(self, key: int) -> int:
        """How many sessions of a user are open and alive."""
        sql = "SELECT COUNT(*) FROM sojourn_session WHERE subject LIKE %s AND state = 'open' AND deadline > %s"
        return int(self.run(sql, (f"auth.user|{key}|%", _now()))[0][0])

    def end_sessions(self, key: int) -> None:
        """End all sessions of a user behind the store's back: their subject's row stays."""
        sql = (
            "UPDATE sojourn_session SET state = 'ended', end_reason = 'logout', ended = %s, deadline = NULL"
            " WHERE subject LIKE %s AND state = 'open'"
        )
        self.run(sql, (_now(), f"auth.user|{key}|%"))

    def rows(self, key: int) -> list[tuple[Any, ...]]:
        """Every row there is of a user, Django's own of them included."""
        found = self.run("SELECT * FROM auth_user WHERE id = %s", (key,))
        for table in ("subject", "session", "ticket", "event"):
            sql = f"SELECT * FROM sojourn_{table} WHERE subject LIKE %s ORDER BY 1"
            found += self.run(sql, (f"auth.user|{key}|%",))
        return found

    def deadlocks(self) -> int | None:
        """How many deadlocks the server has resolved so far in this database; None where it does not say."""
        from django.db import connections

        vendor = connections[self.alias].vendor
        if vendor == "postgresql":
            self.run("SELECT pg_stat_clear_snapshot()")
            sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            return int(self.run(sql)[0][0])
        if vendor == "mysql":
            return int(self.run("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")[0][1])
        return None


class OutsideValkey(Outside):
    """The same where the sessions are on a Valkey: plain commands, past the store."""

    def __init__(self, place: Place) -> None:
        """As `Outside` does; and connect to the other server."""
        import redis

        from tests.stores.redis.site import RedisReader

        super().__init__(place.database)
        self._client = redis.Redis.from_url(place.store)
        self._reader = RedisReader(self._client)

    def close(self) -> None:
        """Close both connections."""
        self._client.close()
        super().close()

    def open_sessions(self, key: int) -> int:
        """See `Outside`. No race is as long as a timeout."""
        return sum(row["state"] == "open" for row in self._reader.session_rows(self._subject(key)))

    def end_sessions(self, key: int) -> None:
        """Lose the records of all open sessions of a user, as if somebody had deleted them: their entry stays."""
        from sojourn.core.tokens import route_of
        from sojourn.stores.redis.keys import PREFIX
        from sojourn.stores.redis.keys import key as name

        subject = self._subject(key)
        for row in self._reader.session_rows(subject):
            if row["state"] == "open":
                self._client.hdel(name(PREFIX, route_of(subject), "sessions"), row["sid"])

    def _subject(self, key: int) -> str:
        from django.contrib.auth.models import User

        from sojourn.contrib.django.adapter import adapter

        return adapter().subject(User.objects.using(self.alias).get(pk=key))


def outside(place: Place) -> Outside:
    """A place of races as its operator sees it."""
    return Outside(place.database) if place.store == "default" else OutsideValkey(place)


def _now() -> int:
    return time.time_ns() // 1_000_000
