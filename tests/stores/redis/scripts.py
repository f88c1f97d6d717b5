"""Small scripts for what is tested of the way to the servers, whatever the real ones do."""

from __future__ import annotations

import hashlib

from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.keys import key
from sojourn.stores.redis.scripts import Script

_SOURCES = {
    "put": "return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])",
    "get": "return redis.call('HGET', KEYS[1], ARGV[1])",
    "where": "return KEYS[1]",
    "broken": "local record = nil; return record.field",
    "slow": "local ends = redis.call('TIME')[1] + 2; while redis.call('TIME')[1] + 0 < ends do end; return 1",
    "large": "return string.rep('x', ARGV[1])",
}


def scripts(name: str) -> Script:
    """The script of a name; `get/1` and the like are the same script under another digest."""
    source = f"{_SOURCES[name.partition('/')[0]]} -- {name}"
    return Script(name, source, ("box",), hashlib.sha1(source.encode()).hexdigest())


def box(route: int, prefix: str = "sojourn") -> str:
    """The one key of these scripts."""
    return key(prefix, route, "box")


def put(route: int, field: str, value: str | int, *, confirmed: bool = False) -> Call:
    return Call("put", route, (field, value), confirmed)


def get(route: int, field: str) -> Call:
    return Call("get", route, (field,))
