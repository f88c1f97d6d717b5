"""What a sign-in must know, while more and more sessions are stored: ours, and the loop that is widely copied.

As a program, for one database: `python -m benchmarks.growth SIZE` stores as many, and then measures what it is asked.
"""

from __future__ import annotations

import itertools
import json
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks.children import Child, hold, say

_SESSIONS_EACH = 3


@dataclass(frozen=True, slots=True)
class Grown:
    """What the check took with so many sessions stored, in milliseconds."""

    size: int
    ours: float
    loop: float | None
    """None where it was not run: it takes too long."""


def measure(
    new_database: Callable[[], Mapping[str, Any]],
    sizes: Sequence[int],
    loop_up_to: int,
    *,
    rounds: int,
    core: int,
    progress: Callable[[str], None],
) -> list[Grown]:
    """A database for each of `sizes`, all there at once: they take turns, so that all see the same machine."""
    children: list[Child] = []
    try:
        for size in sizes:
            children.append(Child("benchmarks.growth", "sojourn", new_database(), core, str(size)))
            progress(f"sign-in check: storing {size:,} sessions")
            children[-1].answer()
        took: list[list[float]] = [[] for _ in sizes]
        for number in range(rounds):
            progress(f"sign-in check: round {number + 1} of {rounds}")
            for child, found in zip(children, took, strict=True):
                found.append(child.answer({"ours": 30}))
        loops: list[float | None] = []
        for size, child in zip(sizes, children, strict=True):
            progress(f"sign-in check: the loop over {size:,} sessions")
            loops.append(child.answer({"loop": 1 if size > 10_000 else 5}) if size <= loop_up_to else None)
    finally:
        for child in children:
            child.stop()
    return [Grown(size, statistics.median(ours), loop) for size, ours, loop in zip(sizes, took, loops, strict=True)]


def the_loop(user_key: str) -> int:
    """How many sessions a user has open, as it is copied from answer to answer: every session is decoded."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    count = 0
    for session in Session.objects.filter(expire_date__gte=timezone.now()):
        data = session.get_decoded()
        if data.get("_auth_user_id") == user_key:
            count += 1
    return count


class Tables:
    """Django's sessions and ours, filled side by side, past all code that would take its time."""

    def __init__(self) -> None:
        from django.contrib.sessions.backends.db import SessionStore
        from django.db import connection
        from django.utils import timezone

        from sojourn import Admitted, Arrival
        from sojourn.contrib.django.internal.wiring import control
        from sojourn.core.records import Device, DeviceClass

        self.connection = connection
        device = Device(DeviceClass.COMPUTER, "Firefox", "Linux", "a device")
        made = control().start(Arrival("auth.user|0|0", device=device, address="192.0.2.1"))
        assert isinstance(made, Admitted)
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM sojourn_session")
            self.columns = [column[0] for column in cursor.description]
            self.like = dict(zip(self.columns, cursor.fetchall()[0], strict=True))
        self.expires = timezone.now() + timedelta(days=14)
        store = SessionStore()
        # Decoding costs the same whoever's it is, so a thousand different texts do.
        self.texts = [
            store.encode(
                {
                    "_auth_user_id": str(number),
                    "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                    "_auth_user_hash": secrets.token_hex(32),
                    "cart": [number, number + 1],
                }
            )
            for number in range(1000)
        ]

    def grow(self, size: int) -> None:
        """Store `size` sessions in each."""
        numbers = range(size)
        rows = ((secrets.token_hex(16), self.texts[n % len(self.texts)], self.expires) for n in numbers)
        self._insert("django_session", ["session_key", "session_data", "expire_date"], rows)
        self._insert("sojourn_session", self.columns, (self._row(n) for n in numbers))
        subjects = range(1, size // _SESSIONS_EACH + 2)
        self._insert("sojourn_subject", ["subject", "version"], ((self._subject(n), 1) for n in subjects))
        with self.connection.cursor() as cursor:
            for table in ("django_session", "sojourn_session", "sojourn_subject"):
                cursor.execute(f"ANALYZE {table}")

    @staticmethod
    def _subject(number: int) -> str:
        return f"auth.user|{number}|0"

    def _row(self, number: int) -> list[Any]:
        moved = {
            "sid": secrets.token_urlsafe(17),
            "subject": self._subject(number // _SESSIONS_EACH + 1),
            "digest": secrets.token_hex(32),
            "created": self.like["created"] - number,
            "last_seen": self.like["last_seen"] - number % 60_000,
        }
        return [moved.get(name, self.like[name]) for name in self.columns]

    def _insert(self, table: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
        named = ", ".join(columns)
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                return
            cursor.execute("BEGIN")
            insert = f"INSERT INTO {table} ({named}) VALUES ({', '.join(['%s'] * len(columns))})"
            for batch in _batches(rows, 5000):
                cursor.executemany(insert, batch)
            cursor.execute("COMMIT")


def _batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _median_ms(ask: Callable[[int], object], times: int) -> float:
    took = []
    for number in range(times):
        began = time.perf_counter_ns()
        ask(number)
        took.append(time.perf_counter_ns() - began)
    return statistics.median(took) / 1e6


def main() -> None:
    """Store so many sessions, say so, and measure whatever is asked for."""
    import django

    django.setup()
    from django.core.management import call_command

    from sojourn import Arrival
    from sojourn.contrib.django.internal.wiring import control

    call_command("migrate", verbosity=0)
    size = int(sys.argv[1])
    Tables().grow(size)
    hold()

    def ours(_: int) -> object:
        return control().explain(Arrival(f"auth.user|{1 + secrets.randbelow(size // _SESSIONS_EACH)}|0"))

    # What any process does the first time is not what is measured.
    _median_ms(ours, 200)
    say("ready")
    for line in sys.stdin:
        wanted = json.loads(line)
        if "ours" in wanted:
            say(_median_ms(ours, wanted["ours"]))
        else:
            say(_median_ms(lambda _: the_loop("7"), wanted["loop"]))


if __name__ == "__main__":
    main()
