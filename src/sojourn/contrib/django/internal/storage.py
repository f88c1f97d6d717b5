"""Where the records are, as SOJOURN["STORE"] has it, and what follows from it. Whoever needs to know asks here.

In one of Django's databases the store takes part in the transactions of the request, and may lock and read the user
along. On Valkey or Redis it does not: what is written there stands at once, whatever becomes of the request.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from sojourn.contrib.django.database import DjangoDatabase
from sojourn.contrib.django.settings import current
from sojourn.core.errors import ConfigurationError
from sojourn.core.events import Event
from sojourn.stores.movable import Movable
from sojourn.stores.moving import MovingStore
from sojourn.stores.redis.address import Address
from sojourn.stores.sql import SQLStore

if TYPE_CHECKING:
    from sojourn.stores.redis.servers import Servers

Committed = Callable[[Callable[[], None]], None]
"""Calls what it is given once all that was written so far is durable; never, if it is taken back."""


def database() -> str | None:
    """The alias of the database that holds the records; None where they are on Valkey or Redis."""
    place = current().STORE
    return place if isinstance(place, str) else None


def address() -> Address | None:
    """Where the servers are that hold the records; None where a database of Django's does."""
    place = current().STORE
    return None if isinstance(place, str) else place


def takes_part_in(alias: str) -> bool:
    """Whether all that the store writes stands or falls with the transactions of this database."""
    return {current().STORE, current().MOVE_TO} <= {alias, None}


def opened(wanted: Callable[[Event], bool]) -> tuple[Movable | MovingStore, Committed]:
    """The store, which nobody watches yet, and what tells when its writes are durable. Connects to nothing.

    `wanted` says of an event whether it is to be delivered. Raises ImproperlyConfigured.
    """
    settings = current()
    old, committed = _opened(settings.STORE, wanted)
    if settings.MOVE_TO is None:
        return old, committed
    new, committed_there = _opened(settings.MOVE_TO, wanted)
    # A transaction of the request may hold what happens in the one of them that is in a database.
    return MovingStore(old, new), committed_there if committed is _at_once else committed


def _opened(place: str | Address, wanted: Callable[[Event], bool]) -> tuple[Movable, Committed]:
    if isinstance(place, str):
        return _in_database(place, wanted)
    from sojourn.stores.redis.sync import RedisStore

    return RedisStore(servers(place), wanted=wanted), _at_once


@cache
def servers(where: Address) -> "Servers":
    """The connections of this process to these servers: the same ones however often the settings are read anew.

    Raises ImproperlyConfigured if the client is not installed, or a certificate cannot be used.
    """
    try:
        from sojourn.stores.redis.servers import Servers

        return Servers(where)
    except ConfigurationError as error:
        raise ImproperlyConfigured(f"SOJOURN['STORE']: {error}") from None


def let_go() -> None:
    """Leave the calling thread's connection as at the end of a request, for whoever asks outside of one."""
    alias = database()
    if alias is not None and not connections[alias].in_atomic_block:
        connections[alias].close_if_unusable_or_obsolete()


def _in_database(alias: str, wanted: Callable[[Event], bool]) -> tuple[Movable, Committed]:
    if alias not in connections.settings:
        # The value is not shown: it may be a whole address, with a password.
        raise ImproperlyConfigured("SOJOURN['STORE'] is no alias in DATABASES, nor the address of a Valkey or Redis.")
    kept = DjangoDatabase(alias)
    return SQLStore(kept, wanted=wanted), kept.when_committed


def _at_once(call: Callable[[], None]) -> None:
    call()
