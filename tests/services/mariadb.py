"""A real MariaDB for tests: the system's mariadbd on a data directory of its own.

In a script: `server = mariadb.start()`, then `server.database()` or `server.new_database()`, then `server.stop()`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from pathlib import Path
from typing import Any

from tests.services.availability import NotInstalled
from tests.services.database import DatabaseServer
from tests.services.process import DataDirectory, ServerProcess, free_port

USER = "sojourn"
DATABASE = "sojourn"
# A crash loses data with these, a test does not: nothing restarts the server on the same files.
RELAXED = ("--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite", "--sync-binlog=0")
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin")


def start(*, durable: bool = False) -> DatabaseServer:
    """Start a MariaDB server with one empty database, `sojourn`. Takes about three seconds.

    durable: keep MariaDB's own settings, for tests that kill the server. Otherwise nothing waits for the disk.
    Raises NotInstalled when the server or its driver is missing, ServerFailed when it does not start.
    """
    binary = _find("mariadbd", "mysqld")
    installer = _find("mariadb-install-db", "mysql_install_db")
    driver = _driver()
    directory = DataDirectory("sojourn-mariadb-")
    try:
        return _start(directory, binary, installer, driver, durable=durable)
    except BaseException:
        directory.remove()
        raise


def _start(directory: DataDirectory, binary: Path, installer: Path, driver: Any, *, durable: bool) -> DatabaseServer:
    data = directory.path / "data"
    directory.run(
        [installer, "--no-defaults", f"--datadir={data}", "--skip-test-db", "--auth-root-authentication-method=normal"]
    )
    password = secrets.token_hex(24)
    accounts = directory.path / "accounts.sql"
    accounts.touch(mode=0o600)
    accounts.write_text(
        f"CREATE DATABASE {DATABASE};\n"
        f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n"
        "DROP USER 'root'@'127.0.0.1', 'root'@'::1', 'root'@'localhost';\n"
    )
    directory.own(accounts)
    port = free_port()

    def execute(statement: str) -> str:
        connection = driver.connect(host="127.0.0.1", port=port, user=USER, password=password, connect_timeout=5)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone()
                return str(row[0]) if row else ""
        finally:
            connection.close()

    def ready() -> bool:
        try:
            return execute("SELECT 1") == "1"
        except driver.OperationalError:
            return False

    command = [
        binary,
        "--no-defaults",
        f"--datadir={data}",
        f"--init-file={accounts}",
        "--bind-address=127.0.0.1",
        f"--port={port}",
        f"--socket={directory.path / 's'}",
        f"--pid-file={directory.path / 'pid'}",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--max-connections=200",
        "--innodb-buffer-pool-size=64M",
        *(() if durable else RELAXED),
    ]
    process = ServerProcess(directory, command, ready, stop_signal=signal.SIGTERM)
    return DatabaseServer(
        engine="django.db.backends.mysql",
        host="127.0.0.1",
        port=port,
        user=USER,
        password=password,
        version=execute("SELECT version()"),
        options={"charset": "utf8mb4"},
        _process=process,
        _execute=execute,
    )


def _driver() -> Any:
    try:
        import MySQLdb
    except ImportError as error:
        raise NotInstalled(
            "MariaDB's driver is not installed: it needs MariaDB's headers and a compiler, then pip install mysqlclient"
        ) from error
    return MySQLdb


def _find(*names: str) -> Path:
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), *_PLACES))
    for name in names:
        found = shutil.which(name, path=places)
        if found is not None:
            return Path(found)
    raise NotInstalled(f"MariaDB is not installed: no {names[0]} (on Debian: apt-get install mariadb-server)")
