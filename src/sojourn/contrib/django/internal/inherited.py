"""After a fork, no worker reads on the database connection of the process that it was forked from.

A server that loads the site before it forks (gunicorn's `--preload`, uWSGI without `lazy-apps`) hands its workers the
connections that are open by then, such as for a session that was begun while the site was loaded. Workers that share
one read each other's answers: somebody's session would be taken for somebody else's. Python's hook after a fork would
not do, since uWSGI does not call it.
"""

import os

from django.core.signals import request_started
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from sojourn.contrib.django.settings import current

_process = 0
_left: list[object] = []
"""What was inherited: kept, for to close it, or to forget it, would close it for all who have it."""


def connect() -> None:
    """From now on, notice when this process is another one."""
    global _process  # noqa: PLW0603  # of the process, as the connections are
    _process = os.getpid()
    request_started.connect(_part, dispatch_uid="sojourn.inherited")


def _part(**_: object) -> None:
    """Leave what this process has inherited, before its first request asks anything by it."""
    global _process  # noqa: PLW0603  # as above
    if _process == os.getpid():
        return
    _process = os.getpid()
    for alias in {current().STORE, current().MOVE_TO}:
        if isinstance(alias, str) and _is_shared(connections[alias]):
            _left.append(connections[alias].connection)
            connections[alias].connection = None


def _is_shared(connection: BaseDatabaseWrapper) -> bool:
    """Whether it leads to where its other owners write as well, and nobody here is in the middle of something."""
    in_memory = connection.vendor == "sqlite" and getattr(connection, "is_in_memory_db", lambda: False)()
    return connection.connection is not None and not connection.in_atomic_block and not in_memory
