"""The SQL store's `Database` on one of Django's connections, by plain cursors."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import (
    DataError,
    Error,
    IntegrityError,
    ProgrammingError,
    connections,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from sojourn.core.errors import InvalidInput, SojournError, StoreContention, StoreError, StoreUnavailable
from sojourn.stores.rows import Row, Value
from sojourn.stores.sql.faults import contended


class DjangoDatabase:
    """The database called `alias` in DATABASES, always itself: routers and replicas are never asked.

    Takes part in a transaction that is open on the alias (ATOMIC_REQUESTS, `atomic()`, a TestCase): the store's
    changes then stand or fall with it.
    """

    def __init__(self, alias: str = "default") -> None:
        self.alias = alias

    def __repr__(self) -> str:
        return f"DjangoDatabase({self.alias!r})"

    @property
    def connection(self) -> BaseDatabaseWrapper:
        """The connection of the calling thread."""
        return connections[self.alias]

    @property
    def vendor(self) -> str:
        """See `Database.vendor`."""
        return self.connection.vendor

    @property
    def in_transaction(self) -> bool:
        """See `Database.in_transaction`."""
        connection = self.connection
        # Autocommit that is off, but not by `atomic`, is a transaction that somebody manages by hand.
        return connection.in_atomic_block or (connection.connection is not None and not connection.autocommit)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """See `Database.atomic`."""
        if self.in_transaction:
            yield
            return
        with self.translated(), transaction.atomic(using=self.alias):
            yield

    def when_committed(self, call: Callable[[], None]) -> None:
        """Make the call once what was written so far is committed; never, if it is rolled back.

        In a transaction that somebody manages by hand nobody learns of the commit: the call is made at once.
        """
        if self.connection.in_atomic_block:
            transaction.on_commit(call, using=self.alias)
        else:
            call()

    def query(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """See `Database.query`."""
        connection = self.connection
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, params)
                rows: list[Row] = cursor.fetchall()
        except Error as error:
            raise self._failed(error) from error
        return rows

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """See `Database.execute`."""
        with self.translated(), self.connection.cursor() as cursor:
            cursor.execute(sql, params)
            matched: int = cursor.rowcount
            return matched

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the database's errors into the store's, and see to it that half a decision is never committed.

        Raises StoreContention when somebody else was in the way, and other StoreErrors.
        """
        try:
            yield
        except Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Error) -> SojournError:
        """The store's error for one of the database's, after which the transaction cannot be committed."""
        connection = self.connection
        if connection.in_atomic_block:
            # MariaDB has rolled back all of the caller's transaction on a deadlock, and would commit the rest of
            # it: whoever opened it must not get that far. (Our own is rolled back by the exception.)
            connection.set_rollback(True)
        else:
            # Let go of a connection that the server has closed: outside of requests nobody else does. (In a
            # transaction Django does it when the rollback fails.)
            connection.close_if_unusable_or_obsolete()
        return self._translation(error)

    def _translation(self, error: Error) -> SojournError:
        if contended(self.vendor, error.__cause__):
            return StoreContention()
        if isinstance(error, DataError):
            return InvalidInput("The database does not take a value of this record.")
        if isinstance(error, IntegrityError):
            return StoreError("The session store has a record like this already.")
        if isinstance(error, ProgrammingError) or "no such table" in str(error):
            return StoreUnavailable("The session store's tables do not answer: are the migrations applied?")
        return StoreUnavailable()
