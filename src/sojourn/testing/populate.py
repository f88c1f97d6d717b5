"""A SQL store as full as a busy site's, in seconds: rows that the database itself makes, past every rule.

populate(DjangoDatabase("default"), Crowd(sessions=1_000_000, subjects=300_000), now=system_clock())
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sojourn.core.records import FORMAT_VERSION
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND
from sojourn.stores.rows import EVENT, SESSION
from sojourn.stores.sql.database import Database

_PRIME = 7_368_787  # its multiples, modulo how many there are, come in no order that an index would like
_LUCK = 1021
_MANY = 50_000
_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE INDEX \"sojourn%%'",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE 'CREATE INDEX sojourn%%'",
    "mysql": "SELECT 1, 1 FROM sojourn_session WHERE 1 = 0",  # there it would end the transaction
}
DEVICES = (
    ("computer", "Chrome", "Windows"),
    ("phone", "Safari", "iOS"),
    ("phone", "Chrome", "Android"),
    ("computer", "Firefox", "Windows"),
    ("computer", "Safari", "macOS"),
    ("computer", "Edge", "Windows"),
    ("tablet", "Safari", "iPadOS"),
    ("computer", "Firefox", "Linux"),
    ("bot", "curl", ""),
)
"""The commonest first; each is half as common as the one before."""
REASONS = ("inactivity_timeout", "logout", "evicted", "replaced", "absolute_timeout", "revoked", "operator")
"""The commonest first, as above."""
CLIENTS = ("web", "app", "api")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is there: how many sessions, of how many subjects.

    `prefix` and a number from `first` on make a subject, so `prefix="auth.user|"` makes those of Django's users.
    Sessions start in the `days` before now. Of a hundred, `live` are live and `late` are open but past their time,
    which nobody has noticed; the rest have ended, for one reason or another. With `events`, each start is recorded,
    and so is a refusal for each twenty of them.
    """

    sessions: int
    subjects: int
    prefix: str = "person "
    first: int = 1
    days: int = 30
    live: int = 50
    late: int = 2
    events: bool = True


def populate(database: Database, crowd: Crowd, *, now: int) -> None:
    """Add the sessions of `crowd`, their subjects and their events to a store whose subjects are others.

    For tests and measurements: nothing asks whether it may. Nobody holds a token of these sessions. `now` is in
    milliseconds.
    """
    if crowd.sessions < 1 or crowd.subjects < 1:
        return
    if database.vendor == "sqlite":
        database.query("PRAGMA cache_size = -200000")
    with database.atomic():
        # An index is made in a tenth of the time that it takes to add as many rows to it one by one.
        indexes = database.query(_INDEXES[database.vendor]) if crowd.sessions >= _MANY else []
        for name, _ in indexes:
            database.execute(f"DROP INDEX {name}")
        for statement in _Rows(database.vendor, crowd, now).statements():
            database.execute(statement.replace("%", "%%"))
        for _, made in indexes:
            database.execute(made)
    if database.vendor != "mysql":
        database.execute("ANALYZE")
    elif not database.in_transaction:  # which it would commit
        database.query("ANALYZE TABLE sojourn_session, sojourn_event, sojourn_subject")


class _Rows:
    """The statements that make a crowd on one kind of database."""

    def __init__(self, vendor: str, crowd: Crowd, now: int) -> None:
        self._vendor = vendor
        self._crowd = crowd
        self._now = now
        self._begin = now - crowd.days * DAY
        self._tag = secrets.token_hex(5)
        prefix = crowd.prefix.replace("'", "''")
        self._subject = self._text(f"'{prefix}'", f"(n % {crowd.subjects} + {crowd.first})")
        self._secret = {
            "sqlite": "LOWER(HEX(RANDOMBLOB(32)))",
            "postgresql": "MD5(RANDOM()::TEXT) || MD5(n::TEXT)",
            "mysql": "SHA2(CONCAT(RAND(), n), 256)",
        }[vendor]

    def statements(self) -> list[str]:
        """All of them, in their order."""
        crowd = self._crowd
        subjects = f"SELECT {self._subject}, 1 FROM ({_numbers(min(crowd.subjects, crowd.sessions))}) AS numbers"
        made = [f"INSERT INTO sojourn_subject (subject, version) {subjects}", self._sessions()]
        if crowd.events:
            made.append(self._events("session.started", crowd.sessions, ', "session": {"client": "web"}'))
            made.append(self._events("start.refused", crowd.sessions // 20, ', "limit": "1", "open": []'))
        return made

    def _sessions(self) -> str:
        crowd, now = self._crowd, self._now
        count = crowd.sessions
        # In layers, so that each can use what the one before has worked out.
        drawn = (
            f"SELECT n, {self._secret} AS secret, {self._begin} + n * {_PRIME} % {count} * {crowd.days * DAY // count}"
            f" AS started, (n * n % 10007 + n * 31) % 100 AS share, (n * n % 99991 + n * 7) % {_LUCK} AS luck"
            f" FROM ({_numbers(count)}) AS numbers ORDER BY secret"  # which is the order of two indexes
        )
        left = f"started + luck * {9 * SECOND}"
        seen = (
            f"CASE WHEN share < {crowd.live} THEN {now} - luck * {SECOND}"
            f" WHEN {left} < {now - MINUTE} THEN {left} ELSE {now - MINUTE} END"
        )
        timed = (
            f"SELECT n, secret, luck, started, share < {crowd.live + crowd.late} AS is_open, {seen} AS seen,"
            f" CASE WHEN share < {crowd.live} THEN {14 * DAY} ELSE {HOUR} END AS idle FROM ({drawn}) AS drawn"
        )
        values = {
            **dict.fromkeys(("place", "acr", "parent", "credential", "ended_by", "end_note", "privileges"), "''"),
            **dict.fromkeys(("predecessor", "expires", "carrier_expires"), "NULL"),
            **dict.fromkeys(("predecessor_until", "generation"), "0"),
            **dict.fromkeys(("created", "authenticated"), "started"),
            **{name: _pick(column) for name, column in zip(_DEVICE, zip(*DEVICES, strict=True), strict=True)},
            "sid": "SUBSTR(secret, 1, 24)",
            "subject": self._subject,
            "digest": "secret",
            "last_seen": "seen",
            "inactivity_timeout": "idle",
            "persistent": "luck % 2 = 0",
            "client": _pick(CLIENTS),
            "device_digest": "SUBSTR(secret, 9, 43)",
            "address": self._text("'10.'", "(luck % 200)", "'.'", "(n % 251)", "'.'", "(n % 241)"),
            "amr": "'[\"pwd\"]'",
            "state": "CASE WHEN is_open THEN 'open' ELSE 'ended' END",
            "end_reason": f"CASE WHEN is_open THEN NULL ELSE {_pick(REASONS)} END",
            "ended": f"CASE WHEN is_open THEN NULL ELSE seen + {MINUTE} END",
            "deadline": "CASE WHEN is_open THEN seen + idle END",
            "format": f"{FORMAT_VERSION}",
        }
        columns = (*SESSION, "deadline")
        picked = ", ".join(values[name] for name in columns)
        return f"INSERT INTO sojourn_session ({', '.join(columns)}) SELECT {picked} FROM ({timed}) AS timed"

    def _events(self, kind: str, count: int, facts: str) -> str:
        number = self._text(f"'{self._tag}-{kind}-'", "n")
        gap = self._crowd.days * DAY // max(count, 1)
        at = f"({self._begin} + n * {gap})"
        head = f'\'{{"v": 1, "type": "{kind}", "id": "\''
        payload = self._text(head, number, '\'", "subject": "\'', self._subject, '\'", "at": \'', at, f"'{facts}}}'")
        values = {"event": number, "route": "0", "subject": self._subject, "type": f"'{kind}'", "at": at, "due": "NULL"}
        picked = ", ".join({**values, "payload": payload}[name] for name in EVENT)
        return f"INSERT INTO sojourn_event ({', '.join(EVENT)}) SELECT {picked} FROM ({_numbers(count)}) AS numbers"

    def _text(self, *parts: str) -> str:
        return f"CONCAT({', '.join(parts)})" if self._vendor == "mysql" else f"({' || '.join(parts)})"


_DEVICE = ("device_kind", "device_family", "device_os")


def _numbers(count: int) -> str:
    """The numbers from 0 on, `count` of them, as the column `n`; in a way that every database understands."""
    digit = " UNION ALL ".join(["SELECT 0 AS d", *(f"SELECT {number}" for number in range(1, 10))])
    width = len(str(max(count - 1, 0)))
    tables = ", ".join(f"({digit}) AS d{place}" for place in range(width))
    number = " + ".join(f"d{place}.d * {10**place}" for place in range(width))
    number += f" + {1 << 32} - {1 << 32}"  # so that PostgreSQL counts in 64 bits from here on
    return f"SELECT {number} AS n FROM {tables} WHERE {number} < {count}"


def _pick(items: Sequence[str]) -> str:
    """One of `items` by `luck`; the last is as common as the one before it."""
    cases, below, share = [], 0, _LUCK
    for item in items[:-1]:
        share //= 2
        below += share
        cases.append(f"WHEN luck < {below} THEN '{item}'")
    return f"CASE {' '.join(cases)} ELSE '{items[-1]}' END"
