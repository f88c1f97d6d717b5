"""Which errors of a database driver mean that somebody else was faster, and that trying again may help.

Drivers are recognised by what their errors carry, so that none has to be imported.
"""

import sqlite3

# PostgreSQL, SQLSTATE: serialization_failure, deadlock_detected, lock_not_available.
_POSTGRESQL = {"40001", "40P01", "55P03"}
# MariaDB and MySQL: record changed since last read, lock wait timeout, deadlock, lock not available (NOWAIT).
_MYSQL = {1020, 1205, 1213, 3572}
# SQLite: the file, or a table in a shared cache, is locked. The low byte of the extended codes.
_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def contended(vendor: str, error: BaseException | None) -> bool:
    """Whether `error`, as the driver raised it, says that another transaction was in the way."""
    if error is None:
        return False
    if vendor == "postgresql":
        # psycopg 3 calls it sqlstate, psycopg2 pgcode.
        return (getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)) in _POSTGRESQL
    if vendor == "mysql":
        return bool(error.args) and error.args[0] in _MYSQL
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _SQLITE
