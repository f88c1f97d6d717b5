"""The Lua scripts: read from their files, with the digest by which a server knows them, and the keys that they name.

Each is one atomic step on one route, compares and writes, and knows no policy. It says itself which keys it touches,
on the line `local sessions, tokens = unpack(KEYS)`. A line `-- with: record` puts `lua/with_record.lua` before it.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_KEYS = re.compile(r"^local (?P<names>[a-z_, ]+) = unpack\(KEYS\)$", re.MULTILINE)
_WITH = re.compile(r"^-- with: (?P<names>[a-z_, ]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A script as it is sent: `keys` are the names of the containers that it is given, in their order."""

    name: str
    source: str
    keys: tuple[str, ...]
    sha: str


@cache
def script(name: str) -> Script:
    """The script in `lua/NAME.lua`."""
    text = _read(name)
    keys = _KEYS.search(text)
    if keys is None:
        raise LookupError(f"lua/{name}.lua does not say which keys it touches.")
    shared = _WITH.search(text)
    parts = [_read(f"with_{part}") for part in _names(shared["names"])] if shared else []
    source = "\n".join([*parts, text])
    # SHA-1 is how servers name scripts; nothing is kept secret or authentic by it.
    sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
    return Script(name, source, tuple(_names(keys["names"])), sha)


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",")]


def _read(name: str) -> str:
    return (resources.files(__package__) / "lua" / f"{name}.lua").read_text(encoding="utf-8")
