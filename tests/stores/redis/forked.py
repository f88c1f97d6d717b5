"""A program of one thread that asks, forks, and asks on both sides: `python -m tests.stores.redis.forked URL`."""

from __future__ import annotations

import os
import sys

from sojourn.stores.redis.address import Address
from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.servers import Servers
from tests.stores.redis.scripts import box, scripts

TURNS = 300


def main(url: str) -> int:
    servers = Servers(Address.parse(url), scripts=scripts)
    servers.ask([Call("where", 0)])
    child = os.fork()
    routes = range(128) if child else range(128, 256)
    wrong = 0
    for turn in range(TURNS):
        route = routes[turn % len(routes)]
        # Had they one connection, each would be given what the other asked for.
        wrong += servers.ask([Call("where", route)]) != [box(route).encode()]
    connections = {connection.pid for pool in servers._pools.values() for connection in pool._connections}
    wrong += connections != {os.getpid()}
    if not child:
        os._exit(wrong != 0)
    _, status = os.waitpid(child, 0)
    servers.close()
    return int(wrong != 0 or status != 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
