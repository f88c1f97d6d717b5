"""What operators ask of all routes, as operations: each route is read in its order, and what they say is merged."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from sojourn.core.errors import InvalidInput
from sojourn.core.events import STOPPED
from sojourn.core.outbox import Letter
from sojourn.core.records import DeviceClass, EndReason, Session
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.timeouts import judge
from sojourn.core.tokens import route_of
from sojourn.stores.redis.asking import Argument, Call, Operation
from sojourn.stores.redis.keys import EVERY_ROUTE
from sojourn.stores.redis.merging import NOWHERE, Place, merged, walk
from sojourn.stores.redis.operations import place, readable
from sojourn.stores.redis.texts import letter_in
from sojourn.stores.rows import WIDTHS, storable

E = TypeVar("E", bound=StrEnum)
STEP = 500
"""How many entries a script counts, or reads of one subject, in one step."""


class Answers:
    """The questions of `sojourn.core.search`."""

    def search(self, query: SessionQuery, now: int) -> Operation[Page]:
        """See `Store.search`. One call for each route or subject; more where filters leave little."""
        found: list[Session] = []
        if query.subjects is not None:
            of_subjects = yield from _of_subjects(query.subjects)
            of_subjects.sort(key=place, reverse=not query.oldest_first)
            found = [s for s in of_subjects if _beyond(s, query) and query.finds(s, judge(s, now).live)]
        else:

            def take(entry: Sequence[Any], epoch: bytes | None) -> bool:
                found.extend(s for s in readable(entry[2], epoch) if query.finds(s, judge(s, now).live))
                return len(found) <= query.limit

            down = not query.oldest_first
            yield from merged(
                _pages(query, down), take, after=_after(query.after), first=4 + query.limit // 64, down=down
            )
        page = tuple(found[: query.limit])
        return Page(page, place(page[-1]) if len(found) > len(page) else None)

    def count(self, query: SessionQuery, now: int, at_most: int) -> Operation[int]:
        """See `Store.count`. Steps of at most a hundred sessions of each route."""
        if query.subjects is not None:
            of_subjects = yield from _of_subjects(query.subjects)
            return min(max(at_most, 0), sum(query.finds(s, judge(s, now).live) for s in of_subjects))
        number = 0

        def take(entry: Sequence[Any], epoch: bytes | None) -> bool:
            nonlocal number
            number += sum(query.finds(s, judge(s, now).live) for s in readable(entry[2], epoch))
            return number < at_most

        if at_most > 0:
            yield from merged(_pages(query, down=True), take, first=4 + at_most // 64, down=True)
        return number

    def census(self, now: int) -> Operation[Census]:
        """See `Store.census`. In steps: the parts may differ by what happened between them."""
        kinds: Counter[bytes] = Counter()
        clients: Counter[bytes] = Counter()
        subjects: Counter[bytes] = Counter()

        def take(said: Sequence[Any]) -> None:
            for counter, counted in zip((kinds, clients, subjects), said, strict=True):
                for key, number in _pairs(counted):
                    counter[key] += number

        yield from walk(lambda route, after: Call("census", route, (now, *after, STEP)), take, STEP)
        outbox, since, due, dead = yield from _backlog()
        by_kind = {known: number for kind, number in kinds.items() if (known := _member(DeviceClass, kind))}
        return Census(
            now,
            sessions=sum(clients.values()),
            subjects=len(subjects),
            by_device_class=by_kind,
            by_client={client.decode(errors="replace"): number for client, number in clients.items()},
            per_subject=dict(Counter(subjects.values())),
            outbox=outbox,
            outbox_since=since,
            due_since=due,
            dead=dead,
        )

    def tally(self, start: int, step: int, count: int) -> Operation[Sequence[Tally]]:
        """See `Store.tally`. Three calls for each route; more where there is more than a step can count."""
        if step < 1 or count < 0:
            raise InvalidInput("What is tallied is a number of stretches of at least a millisecond.")
        started: list[int] = []
        for first in range(0, count, STEP):
            args = (start + first * step, step, min(STEP, count - first))
            replies = yield [Call("started", route, args) for route in EVERY_ROUTE]
            started += map(sum, zip(*replies, strict=True))
        span = (start, step, start + step * count)
        reasons = yield from _counted("ended", span)
        types = yield from _counted("stopped", span, STOPPED)
        ended: defaultdict[int, Counter[EndReason]] = defaultdict(Counter)
        stopped: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for (stretch, reason), number in reasons.items():
            if (known := _member(EndReason, reason)) is not None:
                ended[stretch][known] += number
        for (stretch, kind), number in types.items():
            stopped[stretch][kind.decode(errors="replace")] += number
        return [Tally(start + step * at, started[at], dict(ended[at]), dict(stopped[at])) for at in range(count)]

    def journal(self, query: EventQuery) -> Operation[Sequence[Mapping[str, object]]]:
        """See `Store.journal`. Raises RecordFormatError: a journal with gaps must not look whole."""
        if query.subject is not None:
            return (yield from _journal_of(query.subject, query))
        found: list[Mapping[str, object]] = []

        def ask(route: int, after: Place, most: int) -> Call:
            since = "" if query.since is None else query.since
            return Call("journal", route, (since, *after, most, *map(_bytes, query.types)))

        def take(entry: Sequence[Any], _: Any) -> bool:
            found.append(letter_in(entry[2]).event)
            return len(found) < query.limit

        yield from merged(ask, take, after=_after(query.after), first=4 + query.limit // 64)
        return found


def _pages(query: SessionQuery, down: bool) -> Callable[[int, Place, int], Call]:
    since, before = ("" if at is None else at for at in (query.since, query.before))
    return lambda route, after, most: Call("page", route, (since, before, *after, most, int(down)))


def _of_subjects(subjects: Iterable[str]) -> Operation[list[Session]]:
    """All sessions of these subjects, in no order."""
    found: list[Session] = []
    places: dict[str, bytes] = {subject: b"" for subject in subjects if storable(subject, WIDTHS["subject"])}
    while places:
        replies = yield [Call("of_subject", route_of(each), (each, after, STEP)) for each, after in places.items()]
        further = {}
        for subject, (epoch, last, *records) in zip(places, replies, strict=True):
            found += (session for record in records for session in readable(record, epoch))
            if last:
                further[subject] = last
        places = further
    return found


def _journal_of(subject: str, query: EventQuery) -> Operation[list[Mapping[str, object]]]:
    """What the journal has of one subject: all of it is read, for it lies there in the order of recording."""
    letters: list[Letter] = []
    last = b""
    while storable(subject, WIDTHS["subject"]):
        ((last, *records),) = yield [Call("told", route_of(subject), (subject, last, STEP))]
        letters += map(letter_in, records)
        if not last:
            break
    letters.sort(key=lambda letter: (letter.at, letter.id))
    return [
        letter.event
        for letter in letters
        if (not query.types or letter.type in query.types)
        and (query.since is None or letter.at >= query.since)
        and (query.after is None or (letter.at, letter.id) > query.after)
    ][: query.limit]


def _backlog() -> Operation[tuple[int, int | None, int | None, int]]:
    """How many events wait, since when, when the first is due, and how many are given up."""
    number, dead, times, dues = 0, dict.fromkeys(EVERY_ROUTE, 0), [], []
    places = dict.fromkeys(EVERY_ROUTE, b"")
    while places:
        replies = yield [Call("backlog", route, (after, STEP)) for route, after in places.items()]
        further = {}
        for route, (last, waiting, since, due, given_up) in zip(places, replies, strict=True):
            number += waiting
            dead[route] = given_up
            if since is not None:
                times.append(int(since))
            if due is not None:
                dues.append(int(due))
            if last:
                further[route] = last
        places = further
    return number, min(times, default=None), min(dues, default=None), sum(dead.values())


def _counted(
    script: str, span: tuple[int, int, int], types: Sequence[str] = ()
) -> Operation[Counter[tuple[int, bytes]]]:
    """How many of what fell into which stretch of time."""
    counts: Counter[tuple[int, bytes]] = Counter()

    def take(said: Sequence[Any]) -> None:
        for key, number in _pairs(said[0]):
            stretch, _, kind = key.partition(b" ")
            counts[int(stretch), kind] += number

    yield from walk(lambda route, after: Call(script, route, (*span, *after, STEP, *types)), take, STEP)
    return counts


def _after(cursor: tuple[int, str] | None) -> Place:
    return NOWHERE if cursor is None else (cursor[0], _bytes(cursor[1]))


def _beyond(session: Session, query: SessionQuery) -> bool:
    """Whether the session comes after the page before."""
    after = query.after
    return after is None or (place(session) != after and (place(session) > after) is query.oldest_first)


def _bytes(text: str) -> Argument:
    # What somebody made up may be no text at all; it is compared, and found nowhere.
    return text.encode(errors="surrogatepass")


def _pairs(flat: Sequence[Any]) -> Iterable[tuple[bytes, int]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _member(kind: type[E], value: bytes) -> E | None:
    try:
        return kind(value.decode(errors="replace"))
    except ValueError:
        return None
