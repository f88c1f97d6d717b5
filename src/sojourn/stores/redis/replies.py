"""What an error that a server answers means: send the source, go elsewhere, try again, or give up. Pure.

Errors are judged by their first word, which is their code; only some of the code ERR need more. What a server says is
never passed on as it is: it may repeat what it was sent.
"""

import re
from enum import Enum
from typing import NamedTuple

from sojourn.core.errors import ConfigurationError, RecordFormatError, SojournError, StoreUnavailable
from sojourn.stores.redis.address import Node
from sojourn.stores.redis.connecting import MISSING

try:
    from redis import exceptions
except ImportError:
    raise ConfigurationError(MISSING) from None


class Meaning(Enum):
    """What to do with a call that was answered by an error."""

    SOURCE = "send the script itself, which the server then knows"
    MOVED = "ask the node that is named, now and later"
    ASK = "ask the node that is named, this once"
    LOOK = "try again after a pause, and look first who is the master by now"
    AGAIN = "try again after a pause"
    GIVE_UP = "it will be the same in a moment"


class Lost(Exception):
    """A server did not answer. The message says which, and holds no secret. What it did of it is unknown."""


class Refused(Exception):
    """An error reply as it stands among replies; what it says begins with its code."""


_CODES: dict[type[Exception], str] = {
    exceptions.NoScriptError: "NOSCRIPT",
    exceptions.MovedError: "MOVED",  # before ASK, of which it is a kind
    exceptions.AskError: "ASK",
    exceptions.TryAgainError: "TRYAGAIN",
    exceptions.BusyLoadingError: "LOADING",
    exceptions.MasterDownError: "MASTERDOWN",  # before CLUSTERDOWN, likewise
    exceptions.ClusterDownError: "CLUSTERDOWN",
    exceptions.ReadOnlyError: "READONLY",
    exceptions.OutOfMemoryError: "OOM",
    exceptions.NoPermissionError: "NOPERM",
}
_MEANINGS = {
    "NOSCRIPT": Meaning.SOURCE,
    "MOVED": Meaning.MOVED,
    "ASK": Meaning.ASK,
    "READONLY": Meaning.LOOK,
    "CLUSTERDOWN": Meaning.LOOK,
    "MASTERDOWN": Meaning.LOOK,
    "TRYAGAIN": Meaning.AGAIN,
    "LOADING": Meaning.AGAIN,
    "BUSY": Meaning.AGAIN,
    "NOREPLICAS": Meaning.AGAIN,
    "UNBLOCKED": Meaning.LOOK,
}
_SAYS = {
    "READONLY": "is a replica, and no master was found in time",
    "CLUSTERDOWN": "says that its Cluster is down",
    "MASTERDOWN": "is a replica that has lost its master",
    "MOVED": "sends us to another node and that one back",
    "ASK": "sends us to another node and that one back",
    "TRYAGAIN": "is giving the slot away to another node",
    "LOADING": "is still reading its data",
    "BUSY": "is busy with a long script",
    "NOREPLICAS": "has fewer replicas than its min-replicas-to-write asks for",
    "OOM": "is full: raise its maxmemory, and let sojourn purge run",
    "MISCONF": "cannot write to its disk, and therefore refuses to change anything",
    "NOAUTH": "asks for a password: write redis://:password@host",
    "WRONGPASS": "refuses the user or the password",
    "NOPERM": "does not let this user do what is needed: see its ACL LOG",
    "DENIED": "accepts no connections from elsewhere without a password (protected mode)",
    "NOSCRIPT": "knows no script even after it was sent",
    "NOGOODSLAVE": "has no replica that could take over",
}
_ADDRESS = re.compile(r"(?P<slot>[0-9]{1,5}) (?P<host>.*):(?P<port>[0-9]{1,5})")
_CODE = re.compile(r"[A-Z]{3,}\b")
_FROM_A_SCRIPT = "user_script"


class Redirection(NamedTuple):
    """Where a Cluster's node sends us: for which slot, and to whom."""

    slot: int
    node: Node


def meaning(text: str) -> Meaning:
    """What to do about an error reply."""
    code, _, rest = text.partition(" ")
    if code == "ERR" and rest.startswith("max number of clients"):
        return Meaning.AGAIN
    return _MEANINGS.get(code, Meaning.GIVE_UP)


def redirection(text: str, asked: Node) -> Redirection:
    """Where MOVED or ASK leads; a host that is left out is that of the node that was asked."""
    found = _ADDRESS.fullmatch(text.partition(" ")[2])
    if found is None:
        raise StoreUnavailable(f"{asked} sends us to another node, and to none that is one.")
    return Redirection(int(found["slot"]), Node(found["host"] or asked.host, int(found["port"])))


def error_of(text: str, node: Node) -> SojournError:
    """The error for callers, for what was given up or has not ended in time."""
    code, _, rest = text.partition(" ")
    if code == "WRONGTYPE":
        return RecordFormatError(f"A key of Sojourn's on {node} holds something else: choose another prefix.")
    if code in _SAYS:
        return StoreUnavailable(f"{node} {_SAYS[code]}.")
    if "without any password" in rest or "no password is set" in rest:
        return StoreUnavailable(f"{node} asks for no password: leave it out of the address.")
    if _FROM_A_SCRIPT in rest:
        return RecordFormatError(f"A script failed on {node}: a record is damaged, or from another version of Sojourn.")
    if rest.startswith("DB index"):
        return ConfigurationError(f"{node} does not have this database: write one that it has, such as /0.")
    if "cluster support disabled" in rest:
        return ConfigurationError(f"{node} is no Cluster: write redis:// and one server.")
    if rest.startswith("unknown command"):
        return StoreUnavailable(f"{node} does not know a command that is needed, such as EVALSHA: was it renamed?")
    if rest.startswith(("max number of clients", "No such master")):
        return StoreUnavailable(f"{node} says: {rest[:40]}.")
    return StoreUnavailable(f"{node} answered with the error {code[:40]}.")


def refused(error: exceptions.ResponseError) -> Refused:
    """An error reply with its code, which redis-py has taken off where it knows it."""
    text = str(error)
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
    if code is None:
        code = "" if _CODE.match(text) else "ERR"
    return Refused(f"{code} {text}".lstrip())


def lost(error: BaseException, node: Node) -> Lost:
    """What it means that redis-py could not connect or lost its connection. Raises what will not change."""
    text = str(error)
    if isinstance(error, exceptions.AuthenticationError):
        code = "NOAUTH" if text.startswith("Authentication required") else "WRONGPASS"
        raise error_of(text if "password" in text and "AUTH" in text else code, node) from None
    if isinstance(error, exceptions.ResponseError):
        raise error_of(str(refused(error)), node) from None
    if isinstance(error, exceptions.BusyLoadingError):
        return Lost(str(error_of("LOADING", node)))
    if isinstance(error, exceptions.InvalidResponse):
        return Lost(f"What answers at {node} is no Valkey or Redis server.")
    return Lost(f"{node} does not answer: {text}")
