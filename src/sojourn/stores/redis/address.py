"""Where the servers are, and how they are spoken to: a URL, and the checked values that are made of it. Pure.

    redis://[user:password@]host[:6379][/database]          one server
    rediss://...                                            the same, over TLS
    unix://[user:password@]/path/to/socket                  one server, on this machine
    redis+cluster://host:port,host:port                     a Cluster, by some of its nodes
    redis+sentinel://host[:26379],host/NAME[/database]      the master that Sentinels call NAME
    rediss+cluster://, rediss+sentinel://                   these over TLS, the Sentinels as well

A user or password with characters such as `/` or `@` is percent-encoded. Options follow as `?timeout=0.5&prefix=shop`:
`OPTIONS` has them all; those that redis-py knows as well have its names.

A user (ACL) needs `~sojourn:*` (the prefix), `+eval +evalsha` and what the scripts call, and no more on one server. In
a database other than 0 also `+select`, on a Cluster `+cluster|slots +asking`, with `replicas=all` `+wait
+role`, and at Sentinels `+sentinel|masters`. What `doctor` shows of the servers takes `+info +time +config|get`, and
`+cluster|info` on a Cluster.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote

from sojourn.core.errors import ConfigurationError
from sojourn.stores.redis.keys import PREFIX

DATABASES_MAX = 1 << 16
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/\s]+)(?::(?P<port>[0-9]{1,5}))?")
_SCHEMES = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel")


DEADLINE_MAX = 60
"""Seconds; `commit.lua` remembers twice as long what it has done, for whoever sends it again."""


class Node(NamedTuple):
    """One server: host and port, or the path of a unix socket and 0. Sentinels have a password of their own."""

    host: str
    port: int
    sentinel: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else self.host


@dataclass(frozen=True, slots=True)
class Tls:
    """How servers prove who they are, and how we do. Paths of PEM files."""

    ca: str | None = None
    """Whose signature is trusted; None for those that the system trusts."""
    cert: str | None = None
    """Our own certificate, where servers ask for one, with its key or beside `key`."""
    key: str | None = None
    verify: bool = True
    """False: encrypted, and with whom is anybody's guess."""


@dataclass(frozen=True, slots=True)
class Sentinels:
    """What Sentinels are asked for, and by whom."""

    name: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the servers are, and how they are spoken to. Raises ConfigurationError, which says what to write."""

    hosts: tuple[Node, ...]
    cluster: bool = False
    sentinel: Sentinels | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0
    tls: Tls | None = None
    prefix: str = PREFIX
    timeout: float = 1.0
    deadline: float = 3.0
    retries: int = 3
    connections: int = 32
    replicas: int | Literal["all"] = 0
    replica_timeout: float = 0.5

    def __post_init__(self) -> None:
        if not self.hosts:
            raise ConfigurationError("Name a server: redis://localhost:6379/0")
        if self.cluster and self.database:
            raise ConfigurationError("A Cluster has only database 0: leave the database out of the address.")
        if not 0 <= self.database <= DATABASES_MAX:
            raise ConfigurationError(f"Write a database as in redis://localhost/0, from 0 on, not {self.database}.")
        if not _PREFIX.fullmatch(self.prefix):
            raise ConfigurationError(
                "prefix: write at most 64 letters, digits and . _ : - such as prefix=shop (braces would move the keys)."
            )
        if self.user is not None and self.password is None:
            raise ConfigurationError("A user needs a password: redis://user:password@host")
        _within("timeout", self.timeout, 0.01, 60)
        _within("deadline", self.deadline, self.timeout, DEADLINE_MAX)
        _within("retries", self.retries, 0, 100)
        _within("connections", self.connections, 1, 10_000)
        if self.replicas != "all":
            _within("replicas", self.replicas, 0, 100)
        if self.replicas:
            _within("replica_timeout", self.replica_timeout, 0.001, self.timeout / 2)

    @classmethod
    def parse(cls, url: str) -> "Address":
        """The address that a URL writes. Raises ConfigurationError; no message repeats a user or password."""
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in _SCHEMES:
            known = ", ".join(f"{each}://" for each in _SCHEMES)
            raise ConfigurationError(f"Begin the address with one of {known} as in redis://localhost:6379/0")
        rest, _, query = rest.partition("?")
        where, options = rest.rpartition("@")[2], _options(query)
        values: dict[str, Any] = {name: options[name] for name in _FIELDS if name in options}
        values["user"], values["password"] = _credentials(rest.rpartition("@")[0])
        secured, kind = scheme.startswith("rediss"), scheme.partition("+")[2]
        tls = {field: options[name] for name, field in _TLS.items() if name in options}
        if tls and not secured:
            raise ConfigurationError("ssl_... options are for rediss:// addresses: write rediss, with two s.")
        values["tls"] = Tls(**tls) if secured else None
        if scheme == "unix":
            if not where.startswith("/") or where == "/":
                raise ConfigurationError("Write the whole path of the socket: unix:///run/valkey/valkey.sock")
            return cls(hosts=(Node(unquote(where), 0),), database=options.get("db", 0), **values)
        if "db" in options:
            raise ConfigurationError("Write the database behind the host: redis://localhost/1 (?db= is for unix://).")
        hosts, *path = where.split("/")
        if kind == "sentinel":
            name, *path = path or [""]
            if not name:
                raise ConfigurationError("Write what the Sentinels call the master: redis+sentinel://host,host/NAME")
            user, password = options.get("sentinel_user"), options.get("sentinel_password")
            values["sentinel"] = Sentinels(unquote(name), user, password)
        elif "sentinel_user" in options or "sentinel_password" in options:
            raise ConfigurationError("sentinel_user and sentinel_password are for redis+sentinel:// addresses.")
        return cls(hosts=_hosts(hosts, kind), cluster=kind == "cluster", database=_database(path), **values)

    def __str__(self) -> str:
        """The address without user, password and options, for messages."""
        scheme = "unix" if not self.hosts[0].port else "rediss" if self.tls else "redis"
        kind = "+cluster" if self.cluster else "+sentinel" if self.sentinel else ""
        name = f"/{self.sentinel.name}" if self.sentinel else ""
        return f"{scheme}{kind}://{','.join(map(str, self.hosts))}{name}"


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"{name}: write seconds, such as {name}=0.5") from None


def _count(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ConfigurationError(f"{name}: write a number, such as {name}=3")
    return int(text)


def _replicas(name: str, text: str) -> int | str:
    return "all" if text == "all" else _count(name, text)


def _text(name: str, text: str) -> str:
    if not text:
        raise ConfigurationError(f"{name}: write a value, or leave it out.")
    return text


def _required(name: str, text: str) -> bool:
    if text not in ("required", "none"):
        raise ConfigurationError(f"{name}: write {name}=required or {name}=none")
    return text == "required"


class Option(NamedTuple):
    """What may follow an address: how it is read, and what it means."""

    read: Callable[[str, str], Any]
    means: str


OPTIONS = {
    "timeout": Option(_number, "Seconds for one answer, a connection included. Default 1."),
    "deadline": Option(
        _number, "Seconds for each step of an operation, with everything that is tried again. Default 3."
    ),
    "retries": Option(_count, "How often something is tried again after a pause, within the deadline. Default 3."),
    "connections": Option(_count, "Connections to each server from one process, at most. Default 32."),
    "prefix": Option(_text, "What every key begins with. Default sojourn."),
    "replicas": Option(_replicas, "How many replicas must confirm ends and admissions: a number, or all. Default 0."),
    "replica_timeout": Option(_number, "Seconds that replicas have for it, at most half of timeout. Default 0.5."),
    "ssl_ca_certs": Option(_text, "PEM file of whose signature is trusted. Default: what the system trusts."),
    "ssl_certfile": Option(_text, "PEM file of our own certificate, where servers ask for one."),
    "ssl_keyfile": Option(_text, "PEM file of its key, where it is not in the same file."),
    "ssl_cert_reqs": Option(_required, "none: whoever answers is taken for the server. Default required."),
    "sentinel_user": Option(_text, "Who we are to the Sentinels. Default: nobody."),
    "sentinel_password": Option(_text, "Our password at the Sentinels, which is not that at the servers."),
    "db": Option(_count, "The database, for unix:// only: elsewhere it stands behind the host. Default 0."),
}
"""Everything that may follow an address, by name."""
_FIELDS = ("timeout", "deadline", "retries", "connections", "prefix", "replicas", "replica_timeout")
_TLS = {"ssl_ca_certs": "ca", "ssl_certfile": "cert", "ssl_keyfile": "key", "ssl_cert_reqs": "verify"}


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ConfigurationError(f"{name}: write {least:g} to {most:g}, not {value:g}.")


def _options(query: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise ConfigurationError("Write options as ?timeout=0.5&prefix=shop") from None
    for name, text in pairs:
        if name not in OPTIONS:
            raise ConfigurationError(f"There is no option of this name; there are {', '.join(OPTIONS)}.")
        if name in read:
            raise ConfigurationError(f"{name} is written twice.")
        read[name] = OPTIONS[name].read(name, text)
    return read


def _credentials(written: str) -> tuple[str | None, str | None]:
    user, separator, password = written.partition(":")
    if not separator and user:
        raise ConfigurationError("A user needs a password: redis://user:password@host, or redis://:password@host")
    return unquote(user) or None, unquote(password) or None


def _hosts(written: str, kind: str) -> tuple[Node, ...]:
    found = [_HOST.fullmatch(host) for host in written.split(",")]
    ports = [int(host["port"] or (26379 if kind == "sentinel" else 6379)) for host in found if host]
    if len(ports) != len(found) or not all(0 < port < 1 << 16 for port in ports):
        raise ConfigurationError(
            "Write each server as host or host:port, an IPv6 address in brackets. In a user or password, "
            "percent-encode what is not a letter or digit, such as %2F for a slash."
        )
    if len(found) > 1 and not kind:
        raise ConfigurationError("For several servers write redis+cluster://a:6379,b:6379 or redis+sentinel://a,b/NAME")
    return tuple(
        Node(host["host"].strip("[]"), port, kind == "sentinel")
        for host, port in zip(found, ports, strict=True)
        if host
    )


def _database(path: list[str]) -> int:
    written = "/".join(path)
    if not re.fullmatch(r"[0-9]{0,5}", written):
        raise ConfigurationError("A database is a number: redis://localhost:6379/0")
    return int(written or 0)
