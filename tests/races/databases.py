"""Where races take place: on a file of SQLite, and on servers that this run starts for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.races import site
from tests.races.site import Place
from tests.services import mariadb, postgres, valkey
from tests.services.availability import NotInstalled
from tests.services.database import DatabaseServer
from tests.services.valkey import ValkeyServer

ISOLATION = ("read committed", "repeatable read", "serializable")
SQL = ("sqlite", "postgresql", "mariadb")
NAMES = (*SQL, "valkey")
"""On Valkey are the sessions alone. The users are then on PostgreSQL: SQLite would let one racer in after the other."""
Make = Callable[[], Place]


@contextmanager
def makers(
    names: Sequence[str], missing: Callable[[str], object], isolation: str | None = None
) -> Iterator[dict[str, Make]]:
    """For each name, what makes an empty place of that kind. Says which are `missing`, with the reason.

    `isolation`: one of ISOLATION, for connections to the servers.
    """
    with ExitStack() as stack:
        found: dict[str, Make] = {}
        if "sqlite" in names:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="sojourn-races-")))
            found["sqlite"] = sqlite_in(folder)
        for name, service in (("postgresql", postgres), ("mariadb", mariadb), ("valkey", postgres)):
            if name in names:
                try:
                    server = service.start()
                    stack.callback(server.stop)
                    store = valkey.start() if name == "valkey" else None
                except NotInstalled as reason:
                    missing(f"{name}: {reason}")
                    continue
                if store is not None:
                    stack.callback(store.stop)
                found[name] = partial(place, server, store, **isolated(name, isolation))
        yield found


def place(server: DatabaseServer, store: ValkeyServer | None, **options: Any) -> Place:
    """A new database of this server, and nothing on the other one. Keywords are OPTIONS of Django."""
    if store is not None:
        store.flush()
    return Place(server.new_database(**options), "default" if store is None else store.url())


def isolated(name: str, isolation: str | None) -> dict[str, Any]:
    """The OPTIONS that give connections to this kind of database an isolation level."""
    if isolation is None:
        return {}
    # psycopg counts from READ UNCOMMITTED = 1; its enumeration cannot be sent to another process as plain data.
    return {"isolation_level": isolation if name == "mariadb" else ISOLATION.index(isolation) + 2}


def sqlite_in(folder: Path) -> Make:
    """What makes files of SQLite in a folder."""

    def make() -> Place:
        return Place(site.sqlite(folder / f"races-{len(list(folder.glob('*.sqlite3')))}.sqlite3"))

    return make
