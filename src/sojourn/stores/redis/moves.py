"""Subjects that leave Valkey or Redis, and that come to it, as operations. Each subject moves in one atomic step."""

import json
import secrets
from collections.abc import Sequence
from typing import Any, TypeVar

from sojourn.core.errors import RecordFormatError, StoreUnconfirmed
from sojourn.core.fading import last_use
from sojourn.core.outbox import Lease, Letter
from sojourn.core.records import Session
from sojourn.core.tokens import route_of
from sojourn.stores.damage import DAMAGE
from sojourn.stores.letters import told_of, told_text
from sojourn.stores.movable import DONE, Belongings, Whereabouts, mark_of
from sojourn.stores.redis.asking import Argument, Call, Operation, Unconfirmed, one
from sojourn.stores.redis.keys import EVERY_ROUTE
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.texts import (
    letter_in,
    letter_text,
    profile_body,
    profile_in,
    session_in,
    session_text,
    ticket_in,
    ticket_text,
)
from sojourn.stores.rows import WIDTHS, storable

T = TypeVar("T")


class RedisMoves:
    """The part of a store on Redis that `sojourn.stores.movable.Moves` describes, for callers that wait."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def subjects(self, after: str, limit: int) -> Sequence[str]:
        """See `Moves.subjects`. By route, then by bytes. One call for each route that has none left."""
        return self._servers.run(_subjects(after, limit))

    def pack(self, subject: str) -> Belongings:
        """See `Moves.pack`. One call; its barrier is a new version of the subject."""
        return self._servers.run(_pack(subject))

    def begin_move(self, move: str) -> str:
        """See `Moves.begin_move`. One call for each route; if this raises, repeat it."""
        return self._servers.run(_begin_move(move))

    def whereabouts(self, subject: str) -> Whereabouts:
        """See `Moves.whereabouts`. One call."""
        return self._servers.run(_whereabouts(subject))

    def bring_in(self, belongings: Belongings, move: str) -> bool:
        """See `Moves.bring_in`. One call. Raises StoreUnconfirmed too: repeat it."""
        return self._servers.run(_bring_in(belongings, move))

    def finish_move(self) -> None:
        """See `Moves.finish_move`. One call for each route; if this raises, repeat it."""
        self._servers.run(_end_move(DONE))

    def forget_moves(self) -> None:
        """See `Moves.forget_moves`. One call for each route; if this raises, repeat it."""
        self._servers.run(_end_move(""))


def _subjects(after: str, limit: int) -> Operation[Sequence[str]]:
    found: list[str] = []
    first = route_of(after) if after else 0
    for route in EVERY_ROUTE[first:]:
        if len(found) < limit:
            behind = after if route == first else ""
            names = yield from one(Call("subjects", route, (behind, limit - len(found))))
            further = sorted({name for name in names if name > behind.encode()})
            found += [name.decode(errors="replace") for name in further[: limit - len(found)]]
    return found


def _pack(subject: str) -> Operation[Belongings]:
    version = secrets.token_urlsafe(9)
    reply = yield from one(Call("pack", route_of(subject), (subject, version)))
    epoch, profile, lease, used, sessions, tickets, events = reply
    return Belongings(
        subject,
        tuple(session_in(record, epoch) for record in sessions),
        tuple(ticket_in(record) for record in tickets),
        tuple(letter_in(record) for record in events),
        None if lease is None else _lease(subject, lease),
        0 if used is None else int(float(used)),
        profile_in(profile),
    )


def _lease(subject: str, record: bytes) -> Lease:
    try:
        head, told = record.decode().split("\n", 1)
        ends, _, worker = head.split(" ", 2)
        return Lease(subject, json.loads(worker) if worker else "", int(ends), told_of(told))
    except DAMAGE:
        raise RecordFormatError from None


def _worker(lease: Lease) -> str:
    return json.dumps(lease.worker) if lease.worker else ""


def _begin_move(move: str) -> Operation[str]:
    replies = yield [Call("begin_move", route, (move,), confirmed=True) for route in EVERY_ROUTE]
    _confirmed(replies)
    found: str = replies[0].decode()
    return found


def _end_move(move: str) -> Operation[None]:
    _confirmed((yield [Call("end_move", route, (move,), confirmed=True) for route in EVERY_ROUTE]))


def _whereabouts(subject: str) -> Operation[Whereabouts]:
    route = route_of(subject) if storable(subject, WIDTHS["subject"]) else 0
    move, noted = yield from one(Call("whereabouts", route, (mark_of(subject),)))
    name = "" if move is None else move.decode()
    return Whereabouts(name, name == DONE or bool(noted))


def _bring_in(belongings: Belongings, move: str) -> Operation[bool]:
    subject, lease, profile = belongings.subject, belongings.lease, belongings.profile
    used, last = last_use(profile), profile.last_sign_in
    sessions = sorted(belongings.sessions, key=lambda session: (session.created, session.sid))
    args: list[Argument] = [
        *(subject, mark_of(subject), move, secrets.token_urlsafe(9)),
        *(profile_body(profile), "" if used is None else used),
        *(("", 0, "") if lease is None else (_worker(lease), lease.until, told_text(lease.told))),
        *(belongings.used, len(sessions), len(belongings.tickets), len(belongings.letters)),
        "" if last is None or not last.address else last.at,
    ]
    for session in sessions:
        args += _session(session)
    for ticket in belongings.tickets:
        args += (ticket.digest, ticket.expires, ticket_text(ticket))
    for letter in belongings.letters:
        args += _letter(letter)
    reply = yield from one(Call("bring_in", route_of(subject), tuple(args), confirmed=True))
    _confirmed([reply])
    return bool(reply)


def _session(session: Session) -> tuple[Argument, ...]:
    addressed = int(bool(session.address))
    return (session.sid, session_text(session), addressed, session.digest, session.predecessor or b"")


def _letter(letter: Letter) -> tuple[Argument, ...]:
    due = "-" if letter.due is None else letter.due
    return (letter.id, letter.at, due, int(letter.dead), letter_text(letter))


def _confirmed(replies: Sequence[Any]) -> None:
    if any(isinstance(reply, Unconfirmed) for reply in replies):
        raise StoreUnconfirmed
