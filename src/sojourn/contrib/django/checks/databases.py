"""Checks of the database that holds Sojourn's records. They look at its settings and never connect."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from sojourn.contrib.django.checks.findings import present, when_enabled
from sojourn.stores.sql.statements import DIALECTS

_STRICTER = re.compile(r"default_transaction_isolation\s*=\s*['\"]?(repeatable|serializable)", re.IGNORECASE)


def _store(setting: str = "STORE") -> tuple[str, BaseDatabaseWrapper | None]:
    """What to call the database, and the connection (not opened) if there is one of this alias."""
    alias = getattr(present(), setting)
    if not isinstance(alias, str):
        return str(alias), None  # it is no database: see `servers`
    return f"DATABASES['{alias}']", connections[alias] if alias in set(connections) else None


@when_enabled
def check_store() -> Iterator[CheckMessage]:
    """The database is there, is one that the store runs on, and commits what it is told to commit."""
    name, connection = _store()
    if connection is None and isinstance(present().STORE, str):
        # The value is not shown: it may be a whole address, with a password.
        yield Error(
            "SOJOURN['STORE'] is neither an alias in DATABASES nor an address.",
            hint=f"Write one of: {', '.join(sorted(connections))}; or an address such as redis://localhost:6379/0; or "
            "leave STORE out for 'default'.",
            id="sojourn.E020",
        )
    elif connection is None:
        return
    elif connection.vendor not in DIALECTS:
        yield Error(
            f"{name} is a database that Sojourn does not run on: {connection.vendor}.",
            hint="Write in SOJOURN['STORE'] the alias of an SQLite, PostgreSQL or MariaDB database.",
            id="sojourn.E021",
        )
    elif not connection.settings_dict.get("AUTOCOMMIT", True):
        yield Error(
            f"{name} has AUTOCOMMIT off: sessions that were ended would live until something commits.",
            hint=f"Leave AUTOCOMMIT out of {name}, or write True.",
            id="sojourn.E022",
        )


@when_enabled
def check_move() -> Iterator[CheckMessage]:
    """Where the records move to is another place, and one that there is."""
    place = present().MOVE_TO
    if place is None:
        return
    if place == present().STORE:
        yield Error(
            "SOJOURN['MOVE_TO'] is the same as SOJOURN['STORE']: nothing can move.",
            hint="Leave MOVE_TO out, or write in STORE where the records are until they have moved.",
            id="sojourn.E027",
        )
    elif isinstance(place, str) and place not in set(connections):
        yield Error(
            "SOJOURN['MOVE_TO'] is neither an alias in DATABASES nor an address.",
            hint=f"Write one of: {', '.join(sorted(connections))}; or an address such as redis://localhost:6379/0.",
            id="sojourn.E028",
        )


@when_enabled
def check_sqlite() -> Iterator[CheckMessage]:
    """A transaction around every request goes together with SQLite's locks."""
    name, connection = _store()
    if connection is None or connection.vendor != "sqlite" or not connection.settings_dict.get("ATOMIC_REQUESTS"):
        return
    mode = str(connection.settings_dict["OPTIONS"].get("transaction_mode") or "DEFERRED").upper()
    if mode == "DEFERRED":
        yield Error(
            f"{name} has ATOMIC_REQUESTS, and its transactions begin without a lock: requests at the same moment "
            "fail with 'database is locked'.",
            hint=f'Leave out ATOMIC_REQUESTS or, if you need it, set "transaction_mode": "IMMEDIATE" in the OPTIONS '
            f"of {name}.",
            id="sojourn.E023",
        )
    else:
        yield Caution(
            f"{name} has ATOMIC_REQUESTS, and its transactions begin with a lock: requests wait for one another, "
            "even those that only read.",
            hint=f"Leave ATOMIC_REQUESTS out of {name}; Sojourn does not need it.",
            id="sojourn.W020",
        )


def _stricter_isolation(options: dict[str, Any]) -> bool:
    level = options.get("isolation_level")
    if level is not None:
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        return level in (IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE)
    return _STRICTER.search(str(options.get("options", ""))) is not None


@when_enabled
def check_isolation() -> Iterator[CheckMessage]:
    """On PostgreSQL, racing sign-ins see what the one before them has written."""
    for name, connection in (_store(), _store("MOVE_TO")):
        if connection is None or connection.vendor != "postgresql":
            continue
        if not _stricter_isolation(connection.settings_dict["OPTIONS"]):
            continue
        yield Caution(
            f"{name} is stricter than READ COMMITTED: the limit holds, but of several sign-ins of one user at the "
            "same moment inside transactions of your own, most fail with a 503 and must be tried again.",
            hint=f"Leave the isolation level out of the OPTIONS of {name}; PostgreSQL's own is READ COMMITTED.",
            id="sojourn.W021",
        )


@when_enabled
def check_router() -> Iterator[CheckMessage]:
    """The site's database routers agree on where Sojourn's tables are."""
    alias, (name, connection) = present().STORE, _store()
    if connection is None or not isinstance(alias, str) or not router.routers:
        return
    for model in apps.get_app_config("sojourn").get_models():
        if not router.allow_migrate_model(alias, model):
            wrong = f"do not let {model._meta.label} be created in {name}, where Sojourn keeps its records"
        elif (elsewhere := _chosen(model)) not in (None, alias):
            wrong = f"send {model._meta.label} to '{elsewhere}', but Sojourn keeps its records in {name}"
        else:
            continue
        yield Error(
            f"DATABASE_ROUTERS {wrong}.",
            hint=f"Let them answer '{alias}' for the models of the application 'sojourn', or set SOJOURN['STORE'] to "
            "the database that they choose.",
            id="sojourn.E024",
        )


def _chosen(model: type) -> str | None:
    """What a router of the site says about writing `model`; None if none of them has an opinion."""
    for each in router.routers:
        method = getattr(each, "db_for_write", None)
        chosen: str | None = method(model) if method is not None else None
        if chosen:
            return chosen
    return None
