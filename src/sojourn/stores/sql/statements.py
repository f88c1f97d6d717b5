"""The text of every statement, for each kind of database: pure. Values are always parameters (`%s`)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from string import ascii_letters

from sojourn.core.errors import ConfigurationError
from sojourn.core.events import CONTACT
from sojourn.core.search import folded
from sojourn.stores.profiles import LAST_ADDRESS
from sojourn.stores.rows import EVENT, NEVER, SEEN, SESSION, TICKET

ROSTER = "sojourn_session_roster"
DEADLINE = "sojourn_session_deadline"
STARTED = "sojourn_session_started"
ENDED = "sojourn_session_ended"
ADDRESS = "sojourn_session_address"
PREDECESSOR = "sojourn_session_predecessor"
HAPPENED = "sojourn_event_at"
USED = "sojourn_subject_seen"
_ESCAPED = {ord(wildcard): f"!{wildcard}" for wildcard in "!%_"}
EPOCH = "(SELECT at FROM sojourn_epoch WHERE id = 1)"
"""The moment of the newest epoch, or NULL. Part of every statement that needs it: read apart it might be too old."""

SHORT = "soj"
"""The table of sessions in a look-up, which names it with every column: Django on SQLite reads each of the letters."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """In what the databases differ.

    `on_conflict`: begins the part of an INSERT that says how to change a row that is there (`{key}` is its key).
    `keep`: the same part, to leave such a row as it is. `locking`: ends a read whose rows must be the newest and
    must stay. `sharing`: the same, and others may do likewise. `skip_locked`: ends a read that passes over rows
    another transaction holds. `relaxed`: a condition that makes one statement not wait for the disk. `newest`:
    first in a transaction, lets it see what was committed while it waited for a lock. `binary_text`: text is sent
    as UTF-8, whatever the connection's character set. `by_index`, `by_key`, `by_none`: let a read go by the index
    `{name}`, the primary key or no index, and no other way. `quotient`: divides whole numbers. `contains`: whether
    `{column}` has a part that matches a parameter, made by `part_pattern`. `filled`: whether `{column}`, which is
    JSON as we write it, has a text that is not empty under the key `{key}`.
    """

    greatest: str
    least: str
    on_conflict: str
    keep: str
    locking: str = ""
    skip_locked: str = ""
    sharing: str = ""
    relaxed: str = ""
    newest: str = ""
    binary_text: bool = False
    by_index: str = ""
    by_key: str = ""
    by_none: str = ""
    quotient: str = "/"
    filled: str = """{column} ~ '"{key}": "[^"]'"""
    contains: str = "LOWER({column}) LIKE %s ESCAPE '!'"

    def part_pattern(self, text: str) -> str:
        """What `contains` takes to find `text` in a column, whatever the case of the letters A to Z."""
        if self.binary_text:
            return "".join(f"[{c}{c.swapcase()}]" if c in ascii_letters else re.escape(c) for c in text)
        return f"%{folded(text).translate(_ESCAPED)}%"

    def has(self, column: str, key: str) -> str:
        """A condition: see `filled`."""
        return self.filled.format(column=column, key=key)

    def sessions(self, index: str) -> str:
        """The table of sessions, to be read by `index` (empty: by none) wherever the database must be told."""
        return f"sojourn_session{self.by_index.format(name=index) if index else self.by_none}"


DIALECTS = {
    "sqlite": Dialect(
        "MAX",
        "MIN",
        "ON CONFLICT ({key}) DO UPDATE SET",
        "ON CONFLICT ({key}) DO NOTHING",
        # Nobody runs ANALYZE, and without it whatever is compared by "=" is taken for rare: "open" for one.
        by_index=" INDEXED BY {name}",
        by_none=" NOT INDEXED",
        filled="""{column} GLOB '*"{key}": "[^"]*'""",
        contains="{column} LIKE %s ESCAPE '!'",  # blind to the case of A to Z by itself, and LOWER takes as long again
    ),
    "postgresql": Dialect(
        "GREATEST",
        "LEAST",
        "ON CONFLICT ({key}) DO UPDATE SET",
        "ON CONFLICT ({key}) DO NOTHING",
        skip_locked=" FOR UPDATE SKIP LOCKED",
        # A touch that a crash loses costs its user one touch interval; waiting for the disk costs four times the
        # statement. Set inside the statement, for its own transaction only: SET LOCAL would be a round trip more.
        relaxed=" AND set_config('synchronous_commit', 'off', true) = 'off'",
        newest="SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
    ),
    # Under REPEATABLE READ a plain read shows what was there when the transaction began, not when it got the lock.
    # Not INSERT IGNORE: that forgives other errors as well.
    "mysql": Dialect(
        "GREATEST",
        "LEAST",
        "ON DUPLICATE KEY UPDATE",
        "ON DUPLICATE KEY UPDATE {key} = {key}",
        locking=" FOR UPDATE",
        sharing=" LOCK IN SHARE MODE",
        binary_text=True,
        # A locking read locks all that it reads on its way, and of a small table it would read, and lock, all rows.
        by_index=" FORCE INDEX ({name})",
        by_key=" FORCE INDEX (PRIMARY)",
        quotient="DIV",
        filled="""{column} REGEXP '"{key}": "[^"]'""",
        contains="{column} REGEXP %s",  # LOWER leaves binary text as it is
    ),
}


def _list(columns: Collection[str]) -> str:
    return ", ".join(columns)


def places(count: int) -> str:
    """`count` parameters."""
    return ", ".join(["%s"] * count)


def seen(table: str = "") -> str:
    """What to SELECT for the columns `SEEN`; with the name of the table where others are read along with it.

    Not everywhere: each statement is gone through as text, and that takes its time.
    """
    prefix = table and f"{table}."
    return f"{_list([f'{prefix}{name}' for name in SESSION])}, {EPOCH} AS {SEEN[-1]}"


class Statements:
    """Every statement of the store for one kind of database. Raises ConfigurationError for one it does not know."""

    def __init__(self, vendor: str) -> None:
        if vendor not in DIALECTS:
            known = ", ".join(sorted(DIALECTS))
            raise ConfigurationError(f"The SQL store does not run on {vendor!r}; it runs on {known}.")
        self.dialect = dialect = DIALECTS[vendor]
        conflict = dialect.on_conflict.format(key="subject")
        session = f"SELECT {seen()} FROM sojourn_session"
        ticket = f"SELECT {_list(TICKET)} FROM sojourn_ticket"
        # A statement of its own, and the first: what is read after it is newer than the lock. Creating the row is
        # the lock as well, so that a subject's very first sign-ins race safely.
        self.lock = (
            "INSERT INTO sojourn_subject (subject, version) VALUES (%s, 1)"
            f" {conflict} version = sojourn_subject.version + 1"
        )
        # One row at least, so that the profile comes with it; without sessions, the rest of that row is NULL. A
        # subject whose row is gone, or not there yet, may have sessions all the same.
        self.roster = (
            f"SELECT sojourn_subject.profile, {seen('sojourn_session')} FROM (SELECT 1 AS here) AS here"
            f" LEFT JOIN sojourn_subject{dialect.by_key} ON sojourn_subject.subject = %s"
            f" LEFT JOIN {dialect.sessions(ROSTER)} ON sojourn_session.subject = %s AND sojourn_session.state = 'open'"
        )
        self.roster_locked = self.roster + dialect.locking
        # One after the other: planned together they take PostgreSQL an eighth longer, at every request, and nearly
        # every request brings the newest token.
        self.lookup = tuple(f"SELECT {seen()} FROM {by_token}" for by_token in self._by_token("", ""))
        self._beside: dict[tuple[str, str, str], Sequence[str]] = {}
        self.find = f"{session} WHERE sid = %s"
        self.history = f"{session} WHERE subject = %s AND state = 'ended' ORDER BY ended DESC, sid LIMIT %s"
        self.overdue = self._overdue()
        self.ticket = f"{ticket} WHERE digest = %s"
        self.ticket_locked = f"{ticket} WHERE digest = %s AND subject = %s{dialect.locking}"
        self.redeem = "DELETE FROM sojourn_ticket WHERE digest = %s"
        columns = (*SESSION, "deadline")
        self.insert_session = f"INSERT INTO sojourn_session ({_list(columns)}) VALUES ({places(len(columns))})"
        self.insert_ticket = self._insert_once("sojourn_ticket", TICKET, 1)
        self.touch = self._touch("")
        self.touch_relaxed = self._touch(dialect.relaxed)
        self.set_profile = "UPDATE sojourn_subject SET profile = %s, seen = %s WHERE subject = %s"
        self.dormant = "SELECT subject FROM sojourn_subject WHERE seen < %s ORDER BY seen LIMIT %s"
        self.unseen = "UPDATE sojourn_subject SET seen = NULL WHERE subject = %s AND seen < %s"
        self.addressed = (
            "SELECT sid, ended FROM sojourn_session WHERE ended >= %s AND ended < %s AND address <> ''"
            " ORDER BY ended LIMIT %s"
        )
        # From where the batch before has ended: (at, id), (seen, subject).
        told = " OR ".join(dialect.has("payload", key) for key in ("address", CONTACT))
        self.addressed_events = (
            f"SELECT event, payload, at, id FROM sojourn_event{dialect.by_index.format(name=HAPPENED)}"
            " WHERE at >= %s AND at < %s AND (at > %s OR id > %s)"
            f" AND ({told}) ORDER BY at, id LIMIT %s"
        )
        self.addressed_subjects = (
            f"SELECT profile, seen, subject FROM sojourn_subject{dialect.by_index.format(name=USED)}"
            " WHERE seen >= %s AND seen < %s AND (seen > %s OR subject > %s)"
            f" AND {dialect.has('profile', LAST_ADDRESS)} ORDER BY seen, subject LIMIT %s"
        )
        self.retell = "UPDATE sojourn_event SET payload = %s WHERE event = %s"
        nobody = "NOT EXISTS (SELECT 1 FROM sojourn_session WHERE sojourn_session.subject = sojourn_subject.subject)"
        self.idle_subject = f"SELECT version, profile FROM sojourn_subject WHERE subject = %s AND {nobody}"
        # The version tells of a sign-in since: a statement that waited for it may still not see its session.
        self.forget_subject = f"DELETE FROM sojourn_subject WHERE subject = %s AND version = %s AND {nobody}"
        self.erase = [
            f"DELETE FROM {table} WHERE subject = %s"
            # The lease first: whoever writes down how far events are, locks it before them.
            for table in ("sojourn_lease", "sojourn_session", "sojourn_ticket", "sojourn_event", "sojourn_subject")
        ]
        self.epoch = f"SELECT {EPOCH}"
        self.begin_epoch = (
            f"INSERT INTO sojourn_epoch (id, at) VALUES (1, %s) {dialect.on_conflict.format(key='id')}"
            f" at = {dialect.greatest}(sojourn_epoch.at, %s)"
        )

    def lookup_beside(self, columns: str, source: str, condition: str) -> Sequence[str]:
        """`lookup`, and after its columns those of a row of another table; its parameters come first."""
        known = self._beside.get((columns, source, condition))
        if known is None:
            # A plain join: databases take a third longer to plan one of two statements in brackets.
            known = tuple(
                f"SELECT {seen(SHORT)}, {columns} FROM {by_token}"
                for by_token in self._by_token(SHORT, f" LEFT JOIN {source} ON {condition}")
            )
            self._beside[columns, source, condition] = known
        return known

    def _by_token(self, name: str, join: str) -> tuple[str, str]:
        """How a session is looked up: by its newest token; if that finds nothing, by the one before.

        name: what the statement calls the table, empty for its own name. Planned as one statement they take
        PostgreSQL an eighth longer, at every request, and nearly every request brings the newest token.
        """
        prefix, table = (f"{name}.", f"sojourn_session {name}") if name else ("", "sojourn_session")
        by_index = self.dialect.by_index.format(name=PREDECESSOR)  # most have none, so statistics speak against it
        return (
            f"{table}{join} WHERE {prefix}digest = %s",
            f"{table}{by_index}{join} WHERE {prefix}predecessor = %s",
        )

    def insert_events(self, count: int) -> str:
        """Record `count` events; those that are there already stay as they are."""
        return self._insert_once("sojourn_event", EVENT, count)

    def change(self, changed: Collection[str], *, ended: bool) -> tuple[str, list[str]]:
        """Change columns of one open session; also the names of the columns whose values are the parameters.

        The sid comes last. Only what differs is written, so that activity recorded by a touch meanwhile stays.
        """
        order: list[str] = []
        # First, because MariaDB lets later assignments see earlier ones; the others see the row as it was.
        sets = ["deadline = " + ("NULL" if ended else self._deadline(changed, order))]
        for name in changed:
            order.append(name)
            sets.append(f"{name} = {self._later() if name == 'last_seen' else '%s'}")
        order.append("sid")
        return f"UPDATE sojourn_session SET {', '.join(sets)} WHERE sid = %s AND state = 'open'", order

    def purgeable(self, table: str, key: str, column: str, extra: str = "") -> str:
        """Keys (and the column `extra`) of a few rows of `table` whose `column` is before a moment."""
        columns = _list((key, extra) if extra else (key,))
        return f"SELECT {columns} FROM {table} WHERE {column} < %s ORDER BY {column} LIMIT %s{self.dialect.skip_locked}"

    def purge(self, table: str, key: str, column: str, count: int) -> str:
        """Delete `count` rows of `table` by their keys, unless `column` has changed meanwhile."""
        return f"DELETE FROM {table} WHERE {key} IN ({places(count)}) AND {column} < %s"

    def forget_addresses(self, count: int) -> str:
        """Forget the addresses of `count` ended sessions."""
        return f"UPDATE sojourn_session SET address = '' WHERE sid IN ({places(count)}) AND state = 'ended'"

    def _touch(self, condition: str) -> str:
        carried = "COALESCE(%s, carrier_expires)"
        bound = self._deadline(("last_seen", "carrier_expires"), [], carried)
        return (
            f"UPDATE sojourn_session SET deadline = {bound}, last_seen = {self._later()}, carrier_expires = {carried}"
            f" WHERE sid = %s AND state = 'open' AND deadline > %s"
            f" AND created >= COALESCE((SELECT at FROM sojourn_epoch WHERE id = 1 AND at <= %s), created){condition}"
        )

    def _overdue(self) -> str:
        """What is over by its own deadline, and what an epoch has made void; each part by an index, in its order.

        Those before the epoch's moment come first, then those that it ended, in the order of their starts, then the
        rest.
        """
        first = (
            f"deadline <= {self.dialect.least}(%s, COALESCE({EPOCH}, %s)) AND state = 'open'"
            " ORDER BY deadline, created, sid LIMIT %s"
        )
        void = (
            f"state = 'open' AND created < {EPOCH} AND {EPOCH} <= %s AND deadline > {EPOCH}"
            " ORDER BY created, sid LIMIT %s"
        )
        rest = (
            f"deadline <= %s AND state = 'open' AND deadline > {EPOCH} AND created >= {EPOCH}"
            " ORDER BY deadline, created, sid LIMIT %s"
        )
        union = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {seen()}, {over} AS over_since FROM {self.dialect.sessions(index)} WHERE {part})"
            f" AS part{number}"
            for number, (over, index, part) in enumerate(
                (("deadline", DEADLINE, first), (EPOCH, STARTED, void), ("deadline", DEADLINE, rest))
            )
        )
        return f"SELECT {_list(SEEN)} FROM ({union}) AS found ORDER BY over_since, created, sid LIMIT %s"

    def _later(self) -> str:
        return f"{self.dialect.greatest}(last_seen, %s)"

    def _deadline(self, changed: Collection[str], order: list[str], carried: str = "%s") -> str:
        """The soonest bound of an open session; adds the names of the changed columns that it needs to `order`.

        `carried` is what a changed end of the carrier becomes.
        """
        bounds = []
        for name in ("last_seen", "inactivity_timeout", "expires", "carrier_expires"):
            expression = name
            if name in changed:
                order.append(name)
                expression = {"last_seen": self._later(), "carrier_expires": carried}.get(name, "%s")
            bounds.append(expression)
        seen, timeout, *moments = bounds
        soonest = ", ".join(f"COALESCE({bound}, {NEVER})" for bound in (f"{seen} + {timeout}", *moments))
        return f"{self.dialect.least}({soonest})"

    def _insert_once(self, table: str, columns: Collection[str], count: int) -> str:
        key = next(iter(columns))
        values = ", ".join([f"({places(len(columns))})"] * count)
        return f"INSERT INTO {table} ({_list(columns)}) VALUES {values} {self.dialect.keep.format(key=key)}"
