"""What operators ask, as statements and their parameters: pure. Each takes a bounded number of plain reads."""

from dataclasses import dataclass, field
from enum import Enum

from sojourn.core.events import STOPPED
from sojourn.core.search import EventQuery, SessionQuery, Standing
from sojourn.stores.rows import LARGEST, WIDTHS, Value, storable
from sojourn.stores.sql.statements import ADDRESS, DEADLINE, ENDED, ROSTER, STARTED, Dialect, places, seen

Question = tuple[str, list[Value]]
_LAST = "\U0010ffff"
_VOID = "void"
_BEGUN = "(SELECT at FROM sojourn_epoch WHERE id = 1 AND at <= %s)"
"""The moment of the newest epoch, unless it is still to come."""


def bounded(number: int) -> int:
    """`number`, or the nearest one that every database can compare with; no record is beyond it."""
    return max(-LARGEST, min(number, LARGEST))


@dataclass(slots=True)
class Conditions:
    """Conditions that must all hold, and their parameters in the same order."""

    texts: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    def add(self, text: str, *values: Value) -> None:
        """One condition more."""
        self.texts.append(text)
        self.values += [bounded(value) if isinstance(value, int) else value for value in values]

    def __str__(self) -> str:
        return " AND ".join(self.texts)


FEW = 5000
"""So many sessions are soon sorted; where more are found, enough of them come early in the order asked for."""


class Route(Enum):
    """From which end sessions are looked for."""

    ORDER = "order"
    """In the order asked for, until a page is full: good where many are found."""
    SUBJECT = "subject"
    ADDRESS = "address"
    TABLE = "table"
    """All there are, as they lie: good where few are found, and nothing else leads to them."""


class Questions:
    """The statements behind `Store.search` and what is like it, for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def routes(self, query: SessionQuery) -> list[Route]:
        """The ways that may be good, the best first; each but the last only if few are found by it."""
        if query.subjects is not None:
            return [Route.SUBJECT]
        # A stretch of time has an index, and so has a whole address; no index has a part of a device's name.
        unindexed = (query.device, query.device_class, query.client, query.reason) != ("", None, None, None)
        narrow = [Route.ADDRESS] if query.address else []
        return [*narrow, *([Route.TABLE] if unindexed and query.since is None else []), Route.ORDER]

    def with_address(self, prefix: str) -> Question | None:
        """How many sessions have such an address, at most one more than `FEW`. None if none can."""
        if not storable(prefix, WIDTHS["address"]):
            return None
        conditions = Conditions()
        _add_address(conditions, prefix)
        rows = f"SELECT 1 AS one FROM {self._dialect.sessions(ADDRESS)} WHERE {conditions} LIMIT {FEW + 1}"
        return f"SELECT COUNT(*) FROM ({rows}) AS found", conditions.values

    def search(self, query: SessionQuery, now: int, route: Route) -> Question | None:
        """A page of sessions and one more, if there is one. None if nothing can be found."""
        parts = self._parts(query, now, route)
        if parts is None:
            return None
        way = "" if query.oldest_first else " DESC"
        rows: list[str] = []
        values: list[Value] = []
        for number, (table, part) in enumerate(parts):
            if query.after is not None:
                created, sid = query.after
                beyond = ">" if query.oldest_first else "<"
                # The first half is what an index takes.
                part.add(f"created {beyond}= %s AND (created {beyond} %s OR sid {beyond} %s)", created, created, sid)
            # Nothing is in order by this, so all that are found are read and sorted.
            first = "created" if route is Route.ORDER else "created + 0"
            order = f"ORDER BY {first}{way}, sid{way} LIMIT %s"
            rows.append(f"SELECT * FROM (SELECT {seen()} FROM {table} WHERE {part} {order}) AS part{number}")
            values += [*part.values, query.limit + 1]
        union = f"SELECT * FROM ({' UNION ALL '.join(rows)}) AS found ORDER BY created{way}, sid{way} LIMIT %s"
        return union, [*values, query.limit + 1]

    def count(self, query: SessionQuery, now: int, at_most: int, route: Route) -> Question | None:
        """How many, at most `at_most`. None if nothing can be found."""
        parts = self._parts(query, now, route)
        if parts is None:
            return None
        rows = " UNION ALL ".join(f"SELECT 1 AS one FROM {table} WHERE {part}" for table, part in parts)
        values = [value for _, part in parts for value in part.values]
        question = f"SELECT COUNT(*) FROM (SELECT one FROM ({rows}) AS found LIMIT %s) AS counted"
        return question, [*values, max(0, bounded(at_most))]

    def live_by_kind(self, now: int) -> Question:
        """How many live sessions there are of each kind of device and client."""
        live = _live(now)
        table = self._dialect.sessions("")
        return (
            f"SELECT device_kind, client, COUNT(*) FROM {table} WHERE {live} GROUP BY device_kind, client",
            live.values,
        )

    def live_by_subject(self, now: int) -> Question:
        """How many subjects have how many live sessions."""
        live = _live(now)
        each = f"SELECT COUNT(*) AS held FROM {self._dialect.sessions('')} WHERE {live} GROUP BY subject"
        return f"SELECT held, COUNT(*) FROM ({each}) AS counted GROUP BY held", live.values

    def outbox(self) -> Question:
        """How many events wait, the time of the oldest, since when the first is due, and how many are given up."""
        waiting = "(SELECT COUNT(*) FROM sojourn_event WHERE due IS NOT NULL)"
        oldest = "(SELECT MIN(at) FROM sojourn_event WHERE due IS NOT NULL)"
        due = "(SELECT MIN(due) FROM sojourn_event)"
        return f"SELECT {waiting}, {oldest}, {due}, (SELECT COUNT(*) FROM sojourn_event WHERE dead IS NOT NULL)", []

    def started(self, start: int, step: int, end: int) -> Question:
        """How many sessions started in each stretch."""
        return self._tally(
            self._dialect.sessions(STARTED), "created", "", start, step, end, ("state IN ('open', 'ended')", [])
        )

    def ended(self, start: int, step: int, end: int) -> Question:
        """How many sessions ended in each stretch, by reason."""
        return self._tally(self._dialect.sessions(ENDED), "ended", "end_reason", start, step, end)

    def stopped(self, start: int, step: int, end: int) -> Question:
        """How many sign-ins were no success in each stretch, by the type of their event."""
        types: tuple[str, list[Value]] = (f"type IN ({places(len(STOPPED))})", [*STOPPED])
        return self._tally("sojourn_event", "at", "type", start, step, end, types)

    def journal(self, query: EventQuery) -> Question | None:
        """A page of events. None if nothing can be found."""
        types = [kind for kind in query.types if storable(kind, WIDTHS["type"])]
        texts = {"subject": query.subject or "", "event": "" if query.after is None else query.after[1]}
        if not all(storable(text, WIDTHS[name]) for name, text in texts.items()) or bool(types) != bool(query.types):
            return None
        conditions = Conditions(["1 = 1"])
        if query.subject is not None:
            conditions.add("subject = %s", query.subject)
        if types:
            conditions.add(f"type IN ({places(len(types))})", *types)
        if query.since is not None:
            conditions.add("at >= %s", query.since)
        if query.after is not None:
            at, event = query.after
            conditions.add("at >= %s AND (at > %s OR event > %s)", at, at, event)
        return (
            f"SELECT payload FROM sojourn_event WHERE {conditions} ORDER BY at, event LIMIT %s",
            [*conditions.values, query.limit],
        )

    def _tally(
        self,
        table: str,
        column: str,
        by: str,
        start: int,
        step: int,
        end: int,
        extra: tuple[str, list[Value]] = ("1 = 1", []),
    ) -> Question:
        """How many rows of `table` there are in each stretch of `step` milliseconds, the first being number 0."""
        names = f"({column} - %s) {self._dialect.quotient} %s AS stretch{by and f', {by}'}"
        rows = f"{table} WHERE {column} >= %s AND {column} < %s AND {extra[0]}"
        return (
            f"SELECT {names}, COUNT(*) FROM {rows} GROUP BY stretch{by and f', {by}'}",
            [*map(bounded, (start, step, start, end)), *extra[1]],
        )

    def _parts(self, query: SessionQuery, now: int, route: Route) -> list[tuple[str, Conditions]] | None:
        """What is asked for, as parts that have no session in common, each with the table to read it from."""
        if query.standing is Standing.ANY and query.reason is None and route is not Route.ORDER:
            parts = [(STARTED, Conditions(["state IN ('open', 'ended')"]))]
        else:
            parts = [] if query.standing is Standing.LIVE else [(STARTED, Conditions(["state = 'ended'"]))]
            parts += self._open_parts(query.standing, now) if query.reason is None else []
        wanted = self._filters(query)
        if not parts or wanted is None:
            return None
        for _, part in parts:
            part.add(str(wanted), *wanted.values)
        return [(self._dialect.sessions(_index(name, route)), part) for name, part in parts]

    def _open_parts(self, standing: Standing, now: int) -> list[tuple[str, Conditions]]:
        if standing is Standing.ANY:
            return [(STARTED, Conditions(["state = 'open'"]))]
        if standing is Standing.LIVE:
            return [(STARTED, _live(now))]
        late, void = Conditions(), Conditions()
        late.add("deadline <= %s AND state = 'open'", now)
        void.add(f"state = 'open' AND created < {_BEGUN} AND deadline > %s", now, now)
        return [(DEADLINE, late), (_VOID, void)]

    def _filters(self, query: SessionQuery) -> Conditions | None:
        """The fields of `query` as conditions; None if no session that was ever stored can match."""
        texts = {"client": query.client or "", "device_family": query.device, "address": query.address}
        texts |= {"sid": "" if query.after is None else query.after[1]}
        if not all(storable(text, WIDTHS[name]) for name, text in texts.items()):
            return None
        conditions = Conditions(["1 = 1"])
        if query.subjects is not None:
            subjects = [subject for subject in set(query.subjects) if storable(subject, WIDTHS["subject"])]
            if not subjects:
                return None
            conditions.add(f"subject IN ({places(len(subjects))})", *subjects)
        if query.client is not None:
            conditions.add("client = %s", query.client)
        if query.device:
            either = " OR ".join(
                self._dialect.contains.format(column=column) for column in ("device_family", "device_os")
            )
            pattern = self._dialect.part_pattern(query.device)
            conditions.add(f"({either})", pattern, pattern)
        if query.device_class is not None:
            conditions.add("device_kind = %s", str(query.device_class))
        if query.address:
            _add_address(conditions, query.address)
        if query.reason is not None:
            conditions.add("end_reason = %s", str(query.reason))
        if query.since is not None:
            conditions.add("created >= %s", query.since)
        if query.before is not None:
            conditions.add("created < %s", query.before)
        return conditions


def _index(own: str, route: Route) -> str:
    """The index to read a part by whose own, in the order asked for, is `own`; empty for none."""
    few = own in (DEADLINE, _VOID)  # which it finds, whatever else is asked for
    index = STARTED if own == _VOID else own
    return {Route.ORDER: index, Route.SUBJECT: ROSTER, Route.ADDRESS: ADDRESS, Route.TABLE: index if few else ""}[route]


def _add_address(conditions: Conditions, prefix: str) -> None:
    # Not LIKE: that is an index on one database, a scan on another, and blind to case on a third.
    last = prefix + _LAST * (WIDTHS["address"] - len(prefix))
    conditions.add("address >= %s AND address <= %s", prefix, last)


def _live(now: int) -> Conditions:
    """Open, and neither time nor an epoch has ended it by `now`."""
    conditions = Conditions()
    conditions.add("state = 'open' AND deadline > %s", now)
    conditions.add(f"created >= COALESCE({_BEGUN}, {-LARGEST})", now)
    return conditions
