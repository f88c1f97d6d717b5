"""Delivery, as operations: who tells of whom, and how far they are.

What is asked of all routes at once is 256 small calls in one go; what concerns one subject is a call on their route.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sojourn.core.errors import RecordFormatError, StoreContention
from sojourn.core.events import uncontacted
from sojourn.core.outbox import BATCH_MAX, Batch, Failing, Lease, Letter, revived, settled
from sojourn.core.tokens import route_of
from sojourn.stores.damage import DAMAGE
from sojourn.stores.letters import failing_of, told_of, told_text
from sojourn.stores.redis.asking import Argument, Call, Operation, one
from sojourn.stores.redis.keys import EVERY_ROUTE
from sojourn.stores.redis.texts import letter_in, progress_body
from sojourn.stores.rows import WIDTHS, storable

_ROUNDS = 20
"""How often something is read anew when somebody else was quicker."""
_CHUNK = 64
"""How many events of each route are looked at when the oldest of all are looked for."""
_NONE = "-"


class OutboxOperations:
    """The part of a store on Redis that `sojourn.core.outbox.Outbox` describes."""

    def claim(self, worker: str, now: int, until: int, subject: str | None) -> Operation[Batch | None]:
        """See `Outbox.claim`. One call for each route, and one on that of the subject; only that one if it is given."""
        if subject is not None:
            return (yield from self._claim(subject, worker, now, until))
        for _ in range(_ROUNDS):
            first = yield [Call("peek", route, (now,)) for route in EVERY_ROUTE]
            candidates = sorted((int(due), int(number), found.decode()) for due, number, found in filter(None, first))
            if not candidates:
                return None
            for _, _, each in candidates:
                batch = yield from self._claim(each, worker, now, until)
                if batch is not None:
                    return batch
        return None

    def more(self, subject: str, after: str) -> Operation[Sequence[Letter]]:
        """See `Outbox.more`. One call. Letters that cannot be read are laid aside."""
        if not storable(subject, WIDTHS["subject"]) or not storable(after, WIDTHS["event"]):
            return ()
        reply = yield from one(Call("more", route_of(subject), (subject, after, BATCH_MAX)))
        return (yield from self._readable(subject, reply))

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], until: int | None
    ) -> Operation[Lease | None]:
        """See `Outbox.settle`. One call; three if what is kept of a letter was changed since it was read."""
        if not storable(lease.subject, WIDTHS["subject"]):
            return None
        route = route_of(lease.subject)
        head = (lease.subject, json.dumps(lease.worker), "" if until is None else until, told_text(told))
        before: dict[str, str | bytes] = {
            letter.id: json.dumps(letter.event) for letter in letters if settled(letter) is not letter
        }
        for _ in range(_ROUNDS):
            written = [part for letter in letters for part in _written(letter, before.get(letter.id))]
            reply = yield from one(Call("settle", route, (*head, *written)))
            if reply == b"LOST" or (reply == b"OK" and until is None):
                return None
            if reply == b"OK" and until is not None:
                return Lease(lease.subject, lease.worker, until, dict(told))
            # Addresses in it may have been forgotten meanwhile, which is not taken back.
            found = yield from one(Call("letters", route, tuple(before)))
            before = {id_.decode(): text for id_, record in _pairs(found) if (text := _payload(record)) is not None}
        raise StoreContention

    def dead_letters(self, limit: int, after: str | None) -> Operation[Sequence[Letter]]:
        """See `Outbox.dead_letters`. Two calls for each route, or three. What cannot be read is passed over."""
        last = (0, "")
        if after is not None:
            numbers = yield [Call("number", route, (after,)) for route in _where(after)]
            known = [int(number) for number in numbers if number is not None]
            if not known:
                return ()
            last = (known[0], after)
        found: list[Letter] = []
        while len(found) < limit:
            # One more than are wanted, for that of each route which is at `last` itself.
            asked = limit - len(found) + 1
            replies = yield [Call("dead", route, (last[0], asked)) for route in EVERY_ROUTE]
            listed = sorted(each for each in _numbered(replies) if each[:2] > last)[: asked - 1]
            if not listed:
                break
            last = listed[-1][:2]
            records = yield from self._records(listed)
            found += [letter for _, id_, _ in listed if (letter := _letter(records.get(id_, b""))) is not None]
        return tuple(found)

    def revive(self, ids: Collection[str], now: int, sink: str | None) -> Operation[int]:
        """See `Outbox.revive`. One call for each route, and one for each letter."""
        asked = [each for each in dict.fromkeys(ids) if storable(each, WIDTHS["event"])]
        if not asked:
            return 0
        replies = yield [Call("letters", route, tuple(asked)) for route in EVERY_ROUTE]
        number = 0
        for route, reply in zip(EVERY_ROUTE, replies, strict=True):
            for id_, record in _pairs(reply):
                number += yield from self._revive(route, id_, record, now, sink)
        return number

    def shed(self, keep: int, limit: int) -> Operation[int]:
        """See `Outbox.shed`. One call for each route if there are not so many."""
        numbers = yield [Call("recorded", route) for route in EVERY_ROUTE]
        filled = [route for route, number in zip(EVERY_ROUTE, numbers, strict=True) if number]
        most, gone = min(limit, sum(numbers) - keep), 0
        while gone < most:
            chunk = min(_CHUNK, most - gone)
            replies = yield [Call("oldest", route, (chunk,)) for route in filled]
            oldest = _oldest(replies, filled, chunk)[: most - gone]
            if not oldest:
                break
            yield [Call("shed", route, tuple(ids)) for route, ids in _by_route(oldest).items()]
            gone += len(oldest)
        return gone

    def note_failing(self, sink: str, failing: Failing | None) -> Operation[None]:
        """See `Outbox.note_failing`. One call."""
        text = "" if failing is None else json.dumps([failing.since, failing.error, failing.disabled])
        yield from one(Call("note_failing", 0, (sink, text)))

    def failing(self) -> Operation[Mapping[str, Failing]]:
        """See `Outbox.failing`. One call."""
        reply = yield from one(Call("failing", 0))
        return dict(_failing(name, text) for name, text in _pairs(reply))

    def _claim(self, subject: str, worker: str, now: int, until: int) -> Operation[Batch | None]:
        if not storable(subject, WIDTHS["subject"]):
            return None
        route, holder = route_of(subject), json.dumps(worker)
        for _ in range(_ROUNDS):
            claim = secrets.token_urlsafe(9)  # by which it is known if it is sent again
            reply = yield from one(Call("claim", route, (subject, holder, claim, now, until, BATCH_MAX)))
            if reply is None:
                return None
            told = told_of(reply[0])
            letters = yield from self._readable(subject, reply[1:])
            # In a full batch none may be due, though one beyond it is.
            if len(letters) == BATCH_MAX or any(letter.due is not None and letter.due <= now for letter in letters):
                return Batch(Lease(subject, worker, until, told), letters)
            # What was due could not be read. It is laid aside by now; there may be more.
            yield from one(Call("settle", route, (subject, holder, "", told_text(told))))
        return None

    def _readable(self, subject: str, reply: Sequence[bytes]) -> Operation[tuple[Letter, ...]]:
        """The letters in a reply. Those that cannot be read must not keep the others from being told."""
        yield from ()
        letters: list[Letter] = []
        damaged: list[Argument] = []
        for listed, record in _pairs(reply):
            letter = _letter(record)
            if letter is not None:
                letters.append(letter)
            else:
                damaged += (listed, record)
        if damaged:
            yield from one(Call("lay_aside", route_of(subject), (subject, *damaged)))
        return tuple(letters)

    def _records(self, listed: "Iterable[_Listed]") -> Operation[dict[str, bytes]]:
        replies = yield [Call("letters", route, tuple(ids)) for route, ids in _by_route(listed).items()]
        return {id_.decode(): record for reply in replies for id_, record in _pairs(reply)}

    def _revive(self, route: int, id_: bytes, record: bytes, now: int, sink: str | None) -> Operation[bool]:
        for _ in range(_ROUNDS):
            before = _letter(record)
            after = None if before is None else revived(before, now, sink)
            if after is None:
                return False
            reply = yield from one(Call("revive", route, (id_, record, now, int(after.dead), progress_body(after))))
            if reply == b"OK":
                return True
            found = yield from one(Call("letters", route, (id_,)))
            if not found:
                return False
            record = found[1]
        raise StoreContention


_Listed = tuple[int, str, int]
"""An event as routes list it: its number, its id, the route."""


def _pairs(reply: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(reply[::2], reply[1::2], strict=True))


def _numbered(replies: Sequence[Sequence[bytes]], routes: Iterable[int] = EVERY_ROUTE) -> list[_Listed]:
    """What each of `routes` has listed."""
    return [
        (int(number), id_.decode(), route)
        for route, reply in zip(routes, replies, strict=True)
        for number, id_ in _pairs(reply)
    ]


def _oldest(replies: Sequence[Sequence[bytes]], routes: Iterable[int], chunk: int) -> list[_Listed]:
    """The oldest of all: no younger than the last of any route that has listed `chunk`, for it may have more."""
    full = [int(reply[-2]) for reply in replies if len(reply) == 2 * chunk]
    last = min(full, default=None)
    return sorted(each for each in _numbered(replies, routes) if last is None or each[0] <= last)


def _by_route(listed: Iterable[_Listed]) -> Mapping[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for _, id_, route in listed:
        found[route].append(id_)
    return found


def _where(event: str) -> Iterable[int]:
    """The routes that may have an event with this id: its id does not tell."""
    return EVERY_ROUTE if storable(event, WIDTHS["event"]) else ()


def _written(letter: Letter, before: str | bytes | None) -> tuple[Argument, ...]:
    """A letter as the script `settle` takes it. `before`: the payload that is rid of its contact."""
    due = _NONE if letter.due is None else letter.due
    texts = ("", "") if before is None else (before, json.dumps(uncontacted(json.loads(before))))
    return (letter.id, due, int(letter.dead), progress_body(letter), *texts)


def _payload(record: bytes) -> bytes | None:
    """The payload in a record; None where there is no contact in it, or if it cannot be read."""
    letter = _letter(record)
    return record.split(b"\n", 3)[3] if letter is not None and letter.contact else None


def _letter(record: bytes) -> Letter | None:
    try:
        return letter_in(record)
    except RecordFormatError:
        return None


def _failing(name: bytes, text: bytes) -> tuple[str, Failing]:
    try:
        since, error, disabled = json.loads(text)
    except DAMAGE:
        raise RecordFormatError from None
    return failing_of((name, since, error, disabled))
