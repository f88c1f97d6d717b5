"""Where an address is, by databases in MaxMind's format (the extra `geoip`). A guess for notices, never a proof.

GeoLite2 and GeoIP2 City, Country and ASN, and what others write in the same form. Read by `maxminddb` alone: the
package `geoip2` adds a client for a paid web service to it, and what that needs.
"""

import ipaddress
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.core.errors import InvalidInput
from sojourn.core.records import Location

if TYPE_CHECKING:
    from maxminddb import Reader

LOG = logging.getLogger("sojourn.places")
LOOK_EVERY = 10.0
"""Seconds after which a file is looked at again: it is replaced once a week or so."""
PRECISE_KM = 200
"""Coordinates of which a database says that they may be wrong by more are not used: they are the middle of a country
or of a region."""


class Places:
    """Where addresses are, by all the databases at `paths` together. Thread-safe; opened once, and again when changed.

    Never fails: a database that is missing or damaged is logged, and knows nothing. `language`: of countries' names,
    such as "de" or "pt-BR"; English where there are none in it. Replace a database by moving a new file over it, as
    `geoipupdate` does: one that is written into while it is being read is damaged.
    """

    def __init__(
        self, paths: Iterable[str | Path], language: str = "en", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._databases = [_Database(Path(path), clock) for path in paths]
        self._languages = (language, language.partition("-")[0], "en")
        self._countries: dict[str, str] = {}

    def locate(self, address: str) -> Location:
        """Where `address` is; an empty location for one that is private, unknown, or no address."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return Location()
        if not self._databases or not parsed.is_global:
            return Location()
        facts: dict[str, Any] = {}
        for database in self._databases:
            for name, value in database.record(str(parsed)).items():
                facts.setdefault(name, value)
        try:
            return self._location(facts)
        except (
            AttributeError,
            IndexError,
            KeyError,
            TypeError,
            ValueError,
            InvalidInput,
        ):  # of another kind, or damaged
            return Location()

    def text(self, location: Location) -> str:
        """A place as people read it, such as "Zürich, Switzerland"; empty if neither city nor country is known."""
        country = self._countries.get(location.country, location.country)
        return ", ".join(part for part in (location.city or location.region, country) if part)

    def _location(self, facts: Mapping[str, Any]) -> Location:
        country, point = facts.get("country", {}), facts.get("location", {})
        code = country.get("iso_code", "")
        if code and country.get("names"):
            self._countries[code] = self._named(country)
        regions = facts.get("subdivisions") or [{}]
        number, owner = facts.get("autonomous_system_number"), facts.get("autonomous_system_organization", "")
        network = f"AS{number} {owner}" if number else owner
        at: tuple[float | None, float | None] = (point.get("latitude"), point.get("longitude"))
        if None in at or point.get("accuracy_radius", 0) > PRECISE_KM:
            at = (None, None)
        return Location(code, self._named(regions[0]), self._named(facts.get("city", {})), *at, network)

    def _named(self, record: Mapping[str, Any]) -> str:
        names: Mapping[str, str] = record.get("names", {})
        return next((str(names[language]) for language in self._languages if language in names), "")


def _opened(path: Path) -> "Reader":
    """By the reader that is written in Python: the one in C is faster, and ends the process at some damaged files."""
    import maxminddb

    return maxminddb.open_database(path, maxminddb.MODE_MMAP)


def fault_of(path: str | Path) -> str:
    """Why the database at `path` cannot be read, in a few words; "" if it can."""
    import maxminddb

    try:
        with _opened(Path(path)):
            return ""
    except FileNotFoundError:
        return "there is no such file"
    except PermissionError:
        return "permission denied"
    except (OSError, TypeError, KeyError, ValueError, maxminddb.InvalidDatabaseError):
        return "it is no database of addresses"


class _Database:
    """One file, and the reader of it as it was when it was last looked at."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._state: tuple[int, int, int] | None = None
        self._reader: Reader | None = None

    def record(self, address: str) -> Mapping[str, Any]:
        """What the file says of an address; nothing if it cannot be read."""
        reader = self._current()
        if reader is None:
            return {}
        try:
            found = reader.get(address)
        except Exception as error:  # noqa: BLE001  # whatever is in the file: a sign-in never fails for it
            LOG.warning("%s cannot be read: %s", self._path, error)
            return {}
        return found if isinstance(found, dict) else {}

    def _current(self) -> "Reader | None":
        now = self._clock()
        with self._lock:
            if self._looked is None or now - self._looked >= LOOK_EVERY:
                self._looked = now
                self._look()
            return self._reader

    def _look(self) -> None:
        """Open the file again if it is another one. The reader before is closed once nobody reads by it any more."""
        try:
            stat = self._path.stat()
            state = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if state != self._state:
                self._reader = _opened(self._path)
                self._state = state
        except Exception as error:  # noqa: BLE001  # as above; the extra may be missing, too
            # One that was open goes on until there is a better one.
            LOG.warning("%s cannot be opened: %s", self._path, error)
