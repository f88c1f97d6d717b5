"""What stores are tested on: databases and servers, each made once a run, and emptied before each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sojourn.stores.redis.servers import Servers
from tests.services import valkey
from tests.stores import sql_site
from tests.stores.places import Place

VENDORS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("mysql", marks=pytest.mark.mariadb, id="mariadb"),
]
SERVERS = [pytest.param(product, marks=pytest.mark.redis) for product in valkey.PRODUCTS]


@pytest.fixture(scope="session")
def entries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The DATABASES entries made so far, by vendor."""
    return {"sqlite": sql_site.sqlite(tmp_path_factory.mktemp("sqlite") / "store.sqlite3")}


@pytest.fixture(params=VENDORS)
def entry(request: pytest.FixtureRequest, entries: dict[str, dict[str, Any]], django_db_blocker: Any) -> dict[str, Any]:
    """A DATABASES entry for each kind of database, with the store's tables in it."""
    return _made(request.param, request, entries, django_db_blocker)


def _made(vendor: str, request: pytest.FixtureRequest, entries: dict[str, Any], blocker: Any) -> dict[str, Any]:
    if vendor not in entries:
        server = request.getfixturevalue({"postgresql": "postgres_server", "mysql": "mariadb_server"}[vendor])
        entries[vendor] = server.new_database()
    made: dict[str, Any] = entries[vendor]
    with blocker.unblock():
        sql_site.configure()
        from django.db import connections

        if f"store_{vendor}" not in connections.settings:
            sql_site.migrate(sql_site.add(f"store_{vendor}", made))
    return made


@pytest.fixture
def alias(request: pytest.FixtureRequest, entry: dict[str, Any], django_db_blocker: Any) -> Iterator[str]:
    """The alias of an empty database of each kind."""
    from django.db import connections

    name = f"store_{request.node.callspec.params['entry']}"
    with django_db_blocker.unblock():
        sql_site.empty(name)
        yield name
        connections[name].close()


@pytest.fixture(params=[*VENDORS, *SERVERS])
def place(request: pytest.FixtureRequest, place_of: Callable[[str], Place]) -> Place:
    """Where an empty store of each kind is."""
    return place_of(request.param)


@pytest.fixture
def place_of(
    request: pytest.FixtureRequest, entries: dict[str, Any], django_db_blocker: Any
) -> Iterator[Callable[[str], Place]]:
    """Where an empty store of some kind is."""

    def find(kind: str) -> Place:
        if kind in valkey.PRODUCTS:
            server = request.getfixturevalue(f"{kind}_server")
            server.flush()
            return Place(kind, url=server.url())
        found = Place(f"store_{kind}", _made(kind, request, entries, django_db_blocker))
        sql_site.empty(found.name)
        return found

    with django_db_blocker.unblock():
        sql_site.configure()
        from django.db import connections

        yield find
        connections.close_all()


@pytest.fixture(autouse=True)
def no_connection_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test opens to a Valkey or Redis is closed with it: what is left would be found in somebody else's."""
    opened: list[Servers] = []
    begin = Servers.__init__

    def remembered(servers: Servers, *args: Any, **options: Any) -> None:
        begin(servers, *args, **options)
        opened.append(servers)

    monkeypatch.setattr(Servers, "__init__", remembered)
    yield
    for servers in opened:
        servers.close()
