"""The SQL store, for SQLite, PostgreSQL and MariaDB, on a database connection that somebody else supplies.

`statements` is pure; `database` says what a connection must offer; `faults` tells what is worth trying
again; `store` is the `Store`. The tables are made by the migrations of `sojourn.contrib.django`.
"""

from sojourn.stores.rows import Row, Value
from sojourn.stores.sql.database import Database
from sojourn.stores.sql.store import Beside, SQLStore

__all__ = ["Beside", "Database", "Row", "SQLStore", "Value"]
