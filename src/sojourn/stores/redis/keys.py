"""Which keys there are: for each of the 256 routes a handful of containers, all of them in one slot of a cluster.

What belongs to one subject is in the containers of their route (`sojourn.core.tokens.route_of`), and tokens, sids and
tickets carry it. So every key that a script touches is known before it is sent, and nothing expires by itself.
"""

from functools import cache

from sojourn.core.tokens import ROUTES, sid_route

PREFIX = "sojourn"


@cache
def key(prefix: str, route: int, container: str) -> str:
    """The key of a container. The braces are what a cluster hashes."""
    return f"{prefix}:{{{route:02x}}}:{container}"


def every_route() -> range:
    """All routes there are."""
    return range(ROUTES)


def route_of_sid(sid: str) -> int | None:
    """The route that a public session id carries; None for a text that cannot be one."""
    try:
        return sid_route(sid)
    except ValueError:
        return None
