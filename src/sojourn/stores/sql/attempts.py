"""One change in one transaction, made again when somebody else's was in the way."""

import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from sojourn.core.errors import StoreContention
from sojourn.stores.sql.database import Database
from sojourn.stores.sql.statements import DIALECTS

T = TypeVar("T")
_TRIES = 10
_PATIENCE = 10.0  # seconds: after that a caller is better served by a 503 than by more waiting


def attempt(
    database: Database, work: Callable[[], T], *, atomic: bool = True, sleep: Callable[[float], None] = time.sleep
) -> T:
    """Run `work` in a transaction, and again if somebody else was in the way.

    In a transaction of the caller's it runs once, as a part of that: what was done there before cannot be repeated
    from here. `atomic`: whether it needs a transaction at all; one statement does not. Raises StoreContention when
    somebody was in the way every time, and whatever `work` raises.
    """
    if database.in_transaction:
        with database.atomic():
            return work()
    began = time.monotonic()
    for number in range(1, _TRIES + 1):
        try:
            if not atomic:
                return work()
            with database.atomic():
                if number > 1 and DIALECTS[database.vendor].newest:
                    database.execute(DIALECTS[database.vendor].newest)
                return work()
        except StoreContention:
            if number == _TRIES or time.monotonic() - began > _PATIENCE:
                raise
        # Racers that met once must not meet again: each waits a little, and not the same.
        sleep(secrets.randbelow(1 << min(number, 6)) / 1000)
    raise StoreContention
