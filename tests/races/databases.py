"""The databases that are raced on: a file of SQLite, and servers that this run starts for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.races import site
from tests.services import mariadb, postgres
from tests.services.availability import NotInstalled

ISOLATION = ("read committed", "repeatable read", "serializable")
NAMES = ("sqlite", "postgresql", "mariadb")
Make = Callable[[], dict[str, Any]]


@contextmanager
def makers(
    names: Sequence[str], missing: Callable[[str], object], isolation: str | None = None
) -> Iterator[dict[str, Make]]:
    """For each name, what makes an empty database of that kind. Says which are `missing`, with the reason.

    `isolation`: one of ISOLATION, for connections to the servers.
    """
    with ExitStack() as stack:
        found: dict[str, Make] = {}
        if "sqlite" in names:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="sojourn-races-")))
            found["sqlite"] = sqlite_in(folder)
        for name, service in (("postgresql", postgres), ("mariadb", mariadb)):
            if name in names:
                try:
                    server = service.start()
                except NotInstalled as reason:
                    missing(f"{name}: {reason}")
                    continue
                stack.callback(server.stop)
                found[name] = partial(server.new_database, **isolated(name, isolation))
        yield found


def isolated(name: str, isolation: str | None) -> dict[str, Any]:
    """The OPTIONS that give connections to this kind of database an isolation level."""
    if isolation is None:
        return {}
    # psycopg counts from READ UNCOMMITTED = 1; its enumeration cannot be sent to another process as plain data.
    return {"isolation_level": isolation if name == "mariadb" else ISOLATION.index(isolation) + 2}


def sqlite_in(folder: Path) -> Make:
    """What makes files of SQLite in a folder."""

    def make() -> dict[str, Any]:
        return site.sqlite(folder / f"races-{len(list(folder.glob('*.sqlite3')))}.sqlite3")

    return make
