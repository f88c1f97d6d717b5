"""What operators ask of a SQL store as a whole: plain reads, a bounded number of statements for each."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from sojourn.core.errors import InvalidInput, RecordFormatError
from sojourn.core.records import DeviceClass, EndReason, Session
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.stores.rows import SEEN, Row, Value, session_of
from sojourn.stores.sql.questions import FEW, Question, Questions, Route
from sojourn.stores.sql.statements import Dialect

E = TypeVar("E", bound=StrEnum)
_CREATED, _SID = SEEN.index("created"), SEEN.index("sid")


def undamaged(rows: Iterable[Row]) -> list[Session]:
    """The sessions in `rows`. Damaged records are passed over: one of them must not hide all others."""
    found = []
    for row in rows:
        try:
            found.append(session_of(row))
        except RecordFormatError:
            continue
    return found


class Answers:
    """The part of the SQL store that answers operators. `query` runs a statement."""

    def __init__(self, dialect: Dialect, query: Callable[[str, Sequence[Value]], list[Row]]) -> None:
        self._questions = Questions(dialect)
        self._query = query

    def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`. One statement; one or two more to find out which way is good."""
        for route in self._questions.routes(query):
            number = self._found(route, query, now)
            if number == 0:
                return Page()
            if number <= FEW:
                break
        question = self._questions.search(query, now, route)
        rows = [] if question is None else self._query(*question)
        page = rows[: query.limit]
        return Page(tuple(undamaged(page)), _cursor(page) if len(rows) > len(page) else None)

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`. One statement, or two for an address. Nothing has to be in order, so all may be read."""
        for route in self._questions.routes(query):
            if route is Route.TABLE or self._found(route, query, now) <= FEW:
                break
        return self._first(self._questions.count(query, now, at_most, route))

    def census(self, now: int) -> Census:
        """See `Store.census`. Three statements; the parts may differ by what happened between them."""
        kinds: Counter[DeviceClass] = Counter()
        clients: Counter[str] = Counter()
        for kind, client, held in self._query(*self._questions.live_by_kind(now)):
            if (known := _member(DeviceClass, kind)) is not None:
                kinds[known] += held
            clients[_text(client)] += held
        per_subject: dict[int, int] = dict(self._query(*self._questions.live_by_subject(now)))
        ((outbox, since, due, dead),) = self._query(*self._questions.outbox())
        return Census(
            now,
            sessions=sum(clients.values()),
            subjects=sum(per_subject.values()),
            by_device_class=dict(kinds),
            by_client=dict(clients),
            per_subject=per_subject,
            outbox=outbox,
            outbox_since=since,
            due_since=due,
            dead=dead,
        )

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`. Three statements."""
        if step < 1 or count < 0:
            raise InvalidInput("What is tallied is a number of stretches of at least a millisecond.")
        span = (start, step, start + step * count)
        started: Counter[int] = Counter()
        ended: defaultdict[int, Counter[EndReason]] = defaultdict(Counter)
        stopped: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for stretch, number in self._query(*self._questions.started(*span)):
            started[stretch] = number
        for stretch, reason, number in self._query(*self._questions.ended(*span)):
            if (known := _member(EndReason, reason)) is not None:
                ended[stretch][known] += number
        for stretch, kind, number in self._query(*self._questions.stopped(*span)):
            stopped[stretch][_text(kind)] += number
        return [Tally(start + step * at, started[at], dict(ended[at]), dict(stopped[at])) for at in range(count)]

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`. One statement. Raises RecordFormatError: a journal with gaps must not look whole."""
        question = self._questions.journal(query)
        return [] if question is None else [_payload(text) for (text,) in self._query(*question)]

    def _found(self, route: Route, query: SessionQuery, now: int) -> int:
        """How many are found by this route, if that matters; more than `FEW` are not counted."""
        if route is Route.ADDRESS:
            return self._first(self._questions.with_address(query.address))
        if route is Route.TABLE:
            return self._first(self._questions.count(query, now, FEW + 1, route))
        return 1

    def _first(self, question: Question | None) -> int:
        return 0 if question is None else int(self._query(*question)[0][0])


def _cursor(page: Sequence[Row]) -> tuple[int, str] | None:
    """Where the page ends, by its last row that says where it is."""
    for row in reversed(page):
        created, sid = row[_CREATED], _text(row[_SID])
        if type(created) is int:
            return created, sid
    return None


def _payload(text: str | bytes) -> Mapping[str, object]:
    try:
        facts = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise RecordFormatError from None
    if not isinstance(facts, dict):
        raise RecordFormatError
    return facts


def _member(kind: type[E], value: object) -> E | None:
    try:
        return kind(_text(value))
    except ValueError:
        return None


def _text(value: object) -> str:
    # MariaDB answers with bytes: its columns have no character set (see contrib.django.fields).
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
