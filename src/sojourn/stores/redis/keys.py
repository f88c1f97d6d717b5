"""Which keys there are: for each of the 256 routes a handful of containers, all of them in one slot of a cluster.

What belongs to one subject is in the containers of their route (`sojourn.core.tokens.route_of`), and tokens, sids and
tickets carry it. So every key that a script touches is known before it is sent, and nothing expires by itself.
"""

from functools import cache

from sojourn.core.tokens import ROUTES, sid_route

PREFIX = "sojourn"
"""With what keys begin, unless the address of the store says otherwise."""

CONTAINERS = {
    "meta": "hash: `epoch`, the moment before which sessions are void; `closed`, start and sid up to which none is "
    "open; `seq`, the last number of an event; `move`; `vanished`, the version of whoever has no entry; `again`",
    "sessions": "hash: sid -> record of a session (`texts.session_text`)",
    "tokens": "hash: SHA-256 of a token, 32 bytes -> sid; with `<` before it, if a newer token has replaced it",
    "subjects": "hash: subject -> version, sids of open sessions, tabs between, a newline, the profile as JSON",
    "commits": "sorted set: versions of late, by the second; a commit that is sent again is recognised by its own",
    "open": "sorted set: sid by the moment at which time ends it (`inf`: never)",
    "created": "sorted set: sid of every session, by its start",
    "ended": "sorted set: sid of every ended session, by its end",
    "history": "sorted set of texts: subject, NUL, 2^53 less its end in 16 digits, sid: the latest end first",
    "addressed": "sorted set: sid of ended sessions whose address is still known, by their end",
    "seen": "sorted set: subject by when the oldest of what is known of them was last of use",
    "signed_in": "sorted set: subject whose last sign-in has an address that is still known, by its time",
    "tickets": "hash: digest of a ticket, 32 bytes -> its record",
    "expiring": "sorted set: digest of a ticket by the moment at which it expires",
    "ticketed": "sorted set of texts: subject, NUL, digest of a ticket",
    "events": "hash: id of an event -> its record (`texts.event_text`)",
    "log": "sorted set: id of every event, by its number: in the order of recording",
    "moments": "sorted set: id of every event, by when it happened",
    "exposed": "sorted set: id of every event in whose record an address or a contact is, by when it happened",
    "told": "sorted set of texts: subject, NUL, number of an event in 16 digits, its id",
    "waiting": "sorted set of texts: as in `told`, of events that somebody waits for",
    "due": "sorted set of texts: subject, NUL, when a letter is due and its number, in 16 digits each, its id",
    "ready": "sorted set: subject on whom nobody has a lease, by when the first of their letters is due",
    "leases": "hash: subject -> until, name of the claim, worker; a newline, and when each sink told them, as JSON",
    "leased": "sorted set: subject on whom somebody has a lease, by its end; some whose lease is over",
    "used": "sorted set: subject by the latest end that a lease on them ever had",
    "dead": "sorted set: id of events that a sink has given up, or that cannot be read, by their number",
    "moved": "set: marks of the subjects that have come from another store, while a move goes on",
    "sinks": "hash, of the route 00 only: sink -> since when it fails, as JSON",
}
"""What each container holds. The key of one is `PREFIX:{ROUTE}:NAME`, the route in two hex digits."""


@cache
def key(prefix: str, route: int, container: str) -> str:
    """The key of a container. The braces are what a cluster hashes."""
    return f"{prefix}:{{{route:02x}}}:{container}"


EVERY_ROUTE = range(ROUTES)


def route_of_sid(sid: str) -> int | None:
    """The route that a public session id carries; None for a text that cannot be one."""
    try:
        return sid_route(sid)
    except ValueError:
        return None
