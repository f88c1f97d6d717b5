"""The SQL store keeps every promise of a store, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import pytest

from sojourn.core.store import Store
from sojourn.testing.conformance import Reader, StoreConformance
from tests.stores.sql_site import SQLReader


class TestSQLStore(StoreConformance):
    @pytest.fixture
    def store(self, alias: str) -> Store:
        from sojourn.contrib.django.database import DjangoDatabase
        from sojourn.stores.sql import SQLStore

        self.alias = alias
        return SQLStore(DjangoDatabase(alias))

    def make_reader(self) -> Reader:
        return SQLReader(self.alias)

    def leave_thread(self) -> None:
        from django.db import connections

        connections[self.alias].close()
