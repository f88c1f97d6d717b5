"""What the SQL store needs of a database: five things, so that any connection can be put behind them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sojourn.stores.rows import Row, Value


class Database(Protocol):
    """One database, always its primary. Every call uses the calling thread's own connection.

    `query` and `execute` raise StoreContention when somebody else was faster (deadlock, serialization failure, lock
    timeout, a locked file), StoreUnavailable when the database cannot be reached or does not answer as it should, and
    StoreError for a record that is there already. When that happens inside a transaction of the caller's, the whole
    of that transaction must be unable to commit: half of a decision must never be written.
    """

    @property
    def vendor(self) -> str:
        """The kind of database: "sqlite", "postgresql" or "mysql" (MariaDB as well)."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether the caller has a transaction open on this connection already."""
        ...

    def atomic(self) -> AbstractContextManager[None]:
        """A transaction: committed at the end of the block, rolled back when the block raises.

        If the caller has one open already, the block takes part in it and ends nothing: no savepoint, no commit, and
        an error of the block's own (not the database's) leaves the caller's transaction usable.
        """
        ...

    def query(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """All rows of a statement; `%s` stands for a parameter."""
        ...

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement and return how many rows it matched (not: how many it changed)."""
        ...
