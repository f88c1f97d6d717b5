"""From what people write in a settings file to what the settings hold: one function for each kind of value.

Each raises ConfigurationError, saying what is wrong, for anything it cannot use.
"""

from collections.abc import Mapping
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from reprlib import Repr
from urllib.parse import urlsplit

from django.utils.timezone import get_default_timezone, is_aware, make_aware

from sojourn.core.errors import ConfigurationError
from sojourn.core.policy import Policy
from sojourn.core.presets import preset
from sojourn.core.records import clean_text
from sojourn.core.timeouts import MINUTE, SECOND, parse_duration
from sojourn.notify.notices import Channel, Kind, Notices
from sojourn.stores.redis.address import Address

MAX_HOPS = 16
MAX_STREAMS = 100_000
_FEWEST, _MOST = 1000, 1_000_000_000
_DIRECTIVES = {
    "*",
    "cache",
    "clientHints",
    "cookies",
    "executionContexts",
    "prefetchCache",
    "prerenderCache",
    "storage",
}
"""What W3C Clear-Site-Data and its drafts know; anything else would be sent in vain, or break the header."""

_LIBRARIES = {"prometheus": "prometheus_client", "opentelemetry": "opentelemetry.metrics"}
"""What METRICS can name, and the module that each needs."""

ADDRESSES = ("full", "network", "none")
"""How much of an address a message may show."""
_WEB = {"http", "https"}

_repr = Repr()
_repr.maxstring = _repr.maxother = 80


def shown(value: object) -> str:
    """`value` for a message: short, however long it is."""
    return _repr.repr(value)


def flag(value: object) -> bool:
    """True or False, and nothing that merely counts as one: "False" from an environment variable is a text."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{shown(value)} is neither True nor False.")
    return value


def text(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ConfigurationError(f"{shown(value)} is not a text.")
    return value


def place(value: object) -> str | Address:
    """Where records are kept: the alias of a database, or an address that begins with a scheme, such as redis://."""
    written = text(value)
    return Address.parse(written) if "://" in written else written


def client(value: object) -> str:
    """An application's name, in the form in which sessions are counted under it."""
    name = text(value)
    if clean_text(name) != name:
        raise ConfigurationError(f"{shown(name)} is too long, or has control characters or blanks to spare.")
    return name


def texts(value: object) -> tuple[str, ...]:
    """Texts, none of them empty."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
        raise ConfigurationError(f"{shown(value)} is not a list of texts.")
    return tuple(value)


def directives(value: object) -> tuple[str, ...]:
    """Types of data that a browser can be asked to clear."""
    found = texts(value)
    for item in found:
        if item not in _DIRECTIVES:
            raise ConfigurationError(f"{shown(item)} is not one of: {', '.join(sorted(_DIRECTIVES))}.")
    return found


def metrics(value: object) -> tuple[str, ...]:
    """Names of metrics libraries that are installed."""
    found = texts(value)
    for item in found:
        if item not in _LIBRARIES:
            raise ConfigurationError(f"{shown(item)} is not one of: {', '.join(_LIBRARIES)}.")
        if not _importable(_LIBRARIES[item]):
            raise ConfigurationError(f"{shown(item)} is not installed. Run: pip install 'sojourn[{item}]'")
    return tuple(dict.fromkeys(found))


def databases(value: object) -> tuple[str, ...]:
    """Paths of databases of addresses, where what reads them is installed."""
    if isinstance(value, list | tuple):
        value = [str(item) if isinstance(item, Path) else item for item in value]
    found = texts(value)
    if found and not _importable("maxminddb"):
        raise ConfigurationError("What reads such databases is not installed. Run: pip install 'sojourn[geoip]'")
    return found


def _importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it is in
        return False


def prefixes(value: object) -> tuple[str, ...]:
    """Beginnings of paths, but not the beginning of all paths: then nothing would be activity."""
    found = texts(value)
    for item in found:
        if not item.startswith("/"):
            raise ConfigurationError(f"{shown(item)} is not the beginning of a path; it must start with '/'.")
        if item == "/":
            raise ConfigurationError("'/' begins every path, so that no request would be activity.")
    return found


def hops(value: object) -> int:
    """A number of proxies."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_HOPS:
        raise ConfigurationError(f"{shown(value)} is not a whole number from 0 to {MAX_HOPS}.")
    return value


def count(value: object) -> int:
    """A number of things, at least a thousand."""
    if not isinstance(value, int) or isinstance(value, bool) or not _FEWEST <= value <= _MOST:
        raise ConfigurationError(f"{shown(value)} is not a whole number from {_FEWEST:,} to {_MOST:,}.")
    return value


def cookie_name(value: object) -> str:
    """A cookie's name. `__Host-` is put before it by Sojourn where it can be."""
    name = text(value)
    if not name.isascii() or not name.replace("_", "").replace("-", "").isalnum():
        raise ConfigurationError(f"{shown(name)} is not a name of letters, digits, '-' and '_'.")
    if name.startswith("__"):
        raise ConfigurationError(f"{shown(name)} begins with '__', which browsers keep for __Host- and __Secure-.")
    return name


def point_in_time(value: object) -> int:
    """A moment, in milliseconds since 1970 (UTC): "2027-03-01", "2027-03-01T06:00", with an offset, or as an object."""
    found: object = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
    elif isinstance(value, date) and not isinstance(value, datetime):
        found = datetime(value.year, value.month, value.day)  # noqa: DTZ001  # its zone follows
    if not isinstance(found, datetime) or not 1970 < found.year < 9000:
        raise ConfigurationError(f"{shown(value)} is neither a date, such as '2027-03-01', nor a moment.")
    aware = found if is_aware(found) else make_aware(found, get_default_timezone())
    return int(aware.timestamp()) * 1000


def page_address(value: object) -> str:
    """A page of this site by its path, or any page by its address; nothing that runs a script; "" for none."""
    address = text(value)
    own = address.startswith("/") and not address.startswith("//")
    if address and (not address.isprintable() or not (own or address.startswith(("https://", "http://")))):
        raise ConfigurationError(f"{shown(address)} is neither a path, such as '/help/', nor an https:// address.")
    return address


def origin(value: object) -> str:
    """Where a site is, such as "https://app.example": a scheme, a host, perhaps a port, and no more; "" for none."""
    address = text(value)
    try:
        parts = urlsplit(address)
        bare = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and parts.scheme in _WEB
    except ValueError:  # such as a port that is no number
        bare = False
    if address and (not bare or not address.isascii() or not address.isprintable() or " " in address):
        raise ConfigurationError(f"{shown(address)} is not the address of a site, such as 'https://app.example'.")
    if address and (parts.path not in {"", "/"} or parts.query or parts.fragment or address[-1] in "?#"):
        raise ConfigurationError(f"{shown(address)} goes on after the host; links are made from the host alone.")
    return f"{parts.scheme}://{parts.netloc}".lower() if address else ""


def named_policy(value: object) -> Policy:
    """The policy of this name."""
    return preset(text(value)[:80])  # longer than any name, short enough for a message


def notices(value: object) -> Notices:
    """By which channels each kind of notice goes; kinds that are not named keep theirs."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{shown(value)} is not a dict.")
    found: dict[str, frozenset[Channel]] = {}
    for kind, channels in value.items():
        if kind not in list(Kind):
            raise ConfigurationError(f"{shown(kind)} is not one of: {', '.join(Kind)}.")
        if not isinstance(channels, list | tuple) or not all(each in list(Channel) for each in channels):
            raise ConfigurationError(f"{shown(channels)} of {kind!r} is not a list out of: {', '.join(Channel)}.")
        found[str(kind)] = frozenset(Channel(each) for each in channels)
    return Notices(**found)


def address_precision(value: object) -> str:
    """How much of an address is shown."""
    if not isinstance(value, str) or value not in ADDRESSES:
        raise ConfigurationError(f"{shown(value)} is not one of: {', '.join(ADDRESSES)}.")
    return value


def live_mode(value: object) -> str:
    """How pages hear of news."""
    if value not in {"auto", "poll", "off"}:
        raise ConfigurationError(f"{shown(value)} is not one of: auto, poll, off.")
    return str(value)


def live_interval(value: object) -> int:
    """How often pages ask. Less would be a load for nothing, more would not be live."""
    found = parse_duration(value)
    if not SECOND <= found <= MINUTE:
        raise ConfigurationError(f"{shown(value)} is not between one second and one minute.")
    return found


def streams(value: object) -> int:
    """A number of connections."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_STREAMS:
        raise ConfigurationError(f"{shown(value)} is not a whole number from 0 to {MAX_STREAMS}.")
    return value
