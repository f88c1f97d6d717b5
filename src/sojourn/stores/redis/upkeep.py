"""Forgetting what is old enough, as operations: in small steps, so that no route holds others up."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidInput, RecordFormatError
from sojourn.core.fading import faded, without_address
from sojourn.core.records import Roster
from sojourn.core.tokens import route_of
from sojourn.stores.redis.asking import Argument, Call, Operation
from sojourn.stores.redis.keys import EVERY_ROUTE
from sojourn.stores.redis.merging import Place, merged
from sojourn.stores.redis.texts import bare_text, profile_in, session_in, session_text

Transact = Callable[[str, Callable[[Roster], Decision[None]]], Operation[None]]
STEP = 100
"""How much of each kind a script forgets in one step, on one route."""


class Upkeep:
    """What a store on Redis forgets. `transact` changes a subject's profile."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    def purge(self, before: int, limit: int) -> Operation[int]:
        """See `Store.purge`. First one call for each route, then steps on the routes that have anything.

        Leases and subjects of whom nothing is left to remember are forgotten too, uncounted.
        """
        while True:
            replies = yield [Call("purgeable", route, (before,)) for route in EVERY_ROUTE]
            of_kinds = (_shares(each, limit) for each in zip(*replies, strict=True))
            shares = [list(of_route) for of_route in zip(*of_kinds, strict=True)]
            found, number = any(map(any, shares)), 0
            lonely: list[tuple[int, bytes, bytes]] = []
            while at_work := [route for route in EVERY_ROUTE if any(shares[route])]:
                steps = [[min(STEP, share) for share in shares[route]] for route in at_work]
                replies = yield [
                    Call("purge", route, (before, *step)) for route, step in zip(at_work, steps, strict=True)
                ]
                for route, step, (gone, *left) in zip(at_work, steps, replies, strict=True):
                    shares[route] = [share - done for share, done in zip(shares[route], step, strict=True)]
                    number += gone
                    lonely += zip([route] * (len(left) // 2), left[::2], left[1::2], strict=True)
            yield from _forget(lonely)
            # Where nothing but remains of what was lost was found, there may be more behind it.
            if number or not found:
                return number

    def fade(self, before: int, limit: int) -> Operation[int]:
        """See `Store.fade`. Whoever has nothing left is forgotten altogether; what cannot be read is left."""
        subjects: list[str] = []

        def ask(route: int, after: Place, most: int) -> Call:
            return Call("dormant", route, (before, *after, most))

        def take(entry: Sequence[Any], _: Any) -> bool:
            subjects.append(entry[1].decode())
            return len(subjects) < limit

        if limit > 0:
            yield from merged(ask, take, first=4 + limit // 64)
        for subject in subjects:
            with suppress(RecordFormatError):
                yield from self._transact(subject, lambda roster: Decision(None, profile=faded(roster.profile, before)))
        if subjects:
            replies = yield [Call("faded", route_of(subject), (subject, before)) for subject in subjects]
            left = zip(subjects, replies, strict=True)
            yield from _forget((route_of(each), each.encode(), entry) for each, entry in left if entry is not None)
        return len(subjects)

    def forget_addresses(self, before: int) -> Operation[int]:
        """See `Store.forget_addresses`. What cannot be read is left, and not read again."""
        number, routes = 0, list(EVERY_ROUTE)
        while routes:
            replies = yield [Call("located", route, (before, STEP)) for route in routes]
            calls = [
                Call("unlocated", route, _without_addresses(*found[:2]))
                for route, found in zip(routes, replies, strict=True)
                if any(found[:2])
            ]
            if calls:
                gone = yield calls
                number += sum(gone)
            subjects = [subject.decode() for *_, found in replies for subject in found]
            for subject in subjects:
                with suppress(RecordFormatError):
                    yield from self._transact(
                        subject, lambda roster: Decision(None, profile=without_address(roster.profile, before))
                    )
            if subjects:
                yield [Call("signed_in", route_of(subject), (subject, before)) for subject in subjects]
            # Of each route with less than a step of everything, all has been seen.
            full = (2 * STEP, 2 * STEP, STEP)
            routes = [
                route
                for route, found in zip(routes, replies, strict=True)
                if any(len(part) >= most for part, most in zip(found, full, strict=True))
            ]
        return number


def _shares(counts: Iterable[int], limit: int) -> list[int]:
    """How many of each route, so that there are at most `limit`."""
    shares = []
    for count in counts:
        shares.append(max(0, min(count, limit)))
        limit -= shares[-1]
    return shares


def _forget(lonely: Iterable[tuple[int, bytes, bytes]]) -> Operation[None]:
    """Forget these subjects, each with a route and an entry, whose profile need not outlive their sessions."""
    calls = []
    for route, subject, entry in lonely:
        with suppress(RecordFormatError):
            if profile_in(entry.partition(b"\n")[2]).empty:
                calls.append(Call("forget_subject", route, (subject, entry)))
    if calls:
        yield calls


def _without_addresses(sessions: Sequence[bytes], events: Sequence[bytes]) -> tuple[Argument, ...]:
    """The arguments of `unlocated`: of what cannot be read, the record as it is."""
    arguments: list[Argument] = [len(sessions) // 2]
    for sid, record in zip(sessions[::2], sessions[1::2], strict=True):
        arguments += (sid, record, _bare_session(record))
    for event, record in zip(events[::2], events[1::2], strict=True):
        arguments += (event, record, bare_text(record))
    return tuple(arguments)


def _bare_session(record: bytes) -> bytes:
    try:
        return session_text(replace(session_in(record, None), address=""), record).encode()
    except (RecordFormatError, InvalidInput):
        return record
