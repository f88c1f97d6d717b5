"""The SQL store keeps every promise of a store, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sojourn.core.store import Store
from sojourn.testing.conformance import Reader, StoreConformance, wanted
from tests.services.database import DatabaseServer
from tests.stores import sql_site
from tests.stores.sql_site import SQLReader

Entries = dict[str, dict[str, Any]]


class TestSQLStore(StoreConformance):
    @pytest.fixture
    def store(self, alias: str) -> Store:
        from sojourn.contrib.django.database import DjangoDatabase
        from sojourn.stores.sql import SQLStore

        self.alias = alias
        return SQLStore(DjangoDatabase(alias), wanted=wanted)

    def make_reader(self) -> Reader:
        return SQLReader(self.alias)

    def leave_thread(self) -> None:
        from django.db import connections

        connections[self.alias].close()


@pytest.mark.postgres
class TestSQLStoreWithPreparedStatements(TestSQLStore):
    """What a site may ask of Django: values sent apart from the statement, which is planned once for a connection."""

    @pytest.fixture
    def alias(self, postgres_server: DatabaseServer, entries: Entries, django_db_blocker: Any) -> Iterator[str]:
        name = "store_postgresql_prepared"
        with django_db_blocker.unblock():
            if name not in entries:
                sql_site.configure()
                made = postgres_server.new_database()
                prepared = {**made.get("OPTIONS", {}), "server_side_binding": True, "prepare_threshold": 0}
                entries[name] = {**made, "OPTIONS": prepared}
                sql_site.migrate(sql_site.add(name, entries[name]))
            sql_site.empty(name)
            yield name
            from django.db import connections

            connections[name].close()
