"""What letting somebody in costs the database, beside the least that any write costs: one commit.

As a program, for one database: `python -m benchmarks.admission TIMES` says one line.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.children import Child, hold, say

TITLES = {
    "commit": "one bare commit (one row updated)",
    "first": "Sojourn: a user's first session",
    "evicting": "Sojourn: a session that ends the oldest one",
    "refused": "Sojourn: a sign-in that is refused",
    "hash": "for comparison: one password hash (PBKDF2, Django's default)",
}


def measure(database: Mapping[str, Any], times: int, *, core: int) -> dict[str, float]:
    """Microseconds of each of TITLES, interleaved."""
    child = Child("benchmarks.admission", "sojourn", database, core, str(times))
    try:
        found: dict[str, float] = child.answer()
    finally:
        child.stop()
    return found


def main() -> None:
    """Measure, and say it."""
    import django

    django.setup()
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.core.management import call_command
    from django.db import connection

    from sojourn import Arrival, Limit, Policy, SessionControl
    from sojourn.contrib.django.database import DjangoDatabase
    from sojourn.core.policy import Overflow
    from sojourn.core.timeouts import MINUTE, Timeouts
    from sojourn.stores.sql import SQLStore

    call_command("migrate", verbosity=0)
    store, idle = SQLStore(DjangoDatabase()), Timeouts(inactivity=30 * MINUTE)
    ending = SessionControl(store, Policy((Limit(1, Overflow.END_EXISTING),), idle))
    refusing = SessionControl(store, Policy((Limit(1),), idle))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id integer PRIMARY KEY, n integer)")
        cursor.execute("INSERT INTO bare (id, n) VALUES (1, 0)")
    ending.start(Arrival("full"))
    numbers, hasher = itertools.count(), PBKDF2PasswordHasher()

    def commit() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE bare SET n = n + 1 WHERE id = 1")

    ways: dict[str, Callable[[], object]] = {
        "commit": commit,
        "first": lambda: ending.start(Arrival(f"new {next(numbers)}")),
        "evicting": lambda: ending.start(Arrival("always the same")),
        "refused": lambda: refusing.start(Arrival("full")),
    }
    hold()
    took: dict[str, list[int]] = {name: [] for name in (*ways, "hash")}
    for number in range(int(sys.argv[1]) + 10):
        for name, way in ways.items():
            began = time.perf_counter_ns()
            way()
            if number >= 10:
                took[name].append(time.perf_counter_ns() - began)
    for _ in range(3):
        began = time.perf_counter_ns()
        hasher.encode("correct horse battery staple", "saltsaltsaltsaltsaltsa")
        took["hash"].append(time.perf_counter_ns() - began)
    say({name: statistics.median(some) / 1000 for name, some in took.items()})


if __name__ == "__main__":
    main()
