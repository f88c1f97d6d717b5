"""What a store does with sessions, as operations: generators that yield calls and know no connection (`asking`)."""

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError, StoreContention, StoreError, StoreUnconfirmed
from sojourn.core.events import Event
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.store import Decide
from sojourn.core.timeouts import deadline
from sojourn.core.tokens import check_subject, route_of
from sojourn.stores.damage import moment
from sojourn.stores.redis.asking import Call, Operation, Pause, Unconfirmed, one
from sojourn.stores.redis.changes import Reading, added, changed
from sojourn.stores.redis.keys import EVERY_ROUTE, route_of_sid
from sojourn.stores.redis.merging import merged
from sojourn.stores.redis.texts import session_in, ticket_in
from sojourn.stores.rows import WIDTHS, storable

T = TypeVar("T")
TRIES = 40
"""How often a decision is made anew when somebody else was faster, before the store gives up."""
PART = 100
"""How many records of a subject are erased in one step, beside the sessions that are open."""
_PAUSE = 0.002  # seconds, times the number of tries so far, up to a tenth of a second


class Operations:
    """Sessions and tickets. `wanted` says of an event whether it is to be delivered to anybody."""

    def __init__(self, wanted: Callable[[Event], bool]) -> None:
        self._wanted = wanted

    def lookup(self, digest: bytes, route: int) -> Operation[Session | None]:
        """See `Store.lookup`. One call."""
        return self._visit(digest, route, ("", ""))

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Operation[Session | None]:
        """See `Store.visit`. One call, the touch included."""
        return self._visit(digest, route, (now, "" if wished is None else wished))

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> Operation[bool]:
        """See `Store.touch`. One call."""
        args = (session.sid, now, "" if carrier_expires is None else carrier_expires)
        reply = yield from one(Call("touch", route_of(session.subject), args))
        return bool(reply)

    def find(self, sid: str) -> Operation[Session | None]:
        """See `Store.find`. One call."""
        route = route_of_sid(sid)
        if route is None or not storable(sid, WIDTHS["sid"]):
            return None
        epoch, record = yield from one(Call("find", route, (sid,)))
        return None if record is None else session_in(record, epoch)

    def ticket(self, digest: bytes, route: int) -> Operation[Ticket | None]:
        """See `Store.ticket`. One call."""
        record = yield from one(Call("ticket", route, (digest,)))
        return None if record is None else ticket_in(record)

    def roster(self, subject: str) -> Operation[Roster]:
        """See `Store.roster`. One call."""
        if not storable(subject, WIDTHS["subject"]):
            return Roster(subject)
        reading = yield from self._read(subject, None)
        return reading.roster

    def history(self, subject: str, limit: int) -> Operation[Sequence[Session]]:
        """See `Store.history`. One call."""
        if not storable(subject, WIDTHS["subject"]):
            return ()
        records = yield from one(Call("history", route_of(subject), (subject, limit)))
        return tuple(session_in(record, None) for record in records)

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> Operation[T]:
        """See `Store.transact`. Two calls where nobody interferes, one if there is nothing to write.

        Raises InvalidSubject, RecordFormatError and StoreUnconfirmed too.
        """
        check_subject(subject)
        for tries in range(TRIES):
            if tries:
                # Whoever comes late waits longer, and all at different times: somebody always gets through.
                yield Pause(random.uniform(0, min(0.1, _PAUSE * tries)))  # noqa: S311  # no secret
            reading = yield from self._read(subject, ticket)
            decision = decide(reading.roster)
            arguments = changed(reading, decision, self._wanted)
            if arguments is None:
                return decision.outcome
            call = Call("commit", route_of(subject), tuple(arguments), confirmed=_matters(reading.roster, decision))
            reply = yield from one(call)
            answer = reply.reply if isinstance(reply, Unconfirmed) else reply
            if answer == b"OK" and answer is not reply:
                raise StoreUnconfirmed(outcome=decision.outcome)
            if answer == b"OK":
                return decision.outcome
            if answer == b"TAKEN":
                raise StoreError("There is a session with this sid already; nothing was changed.")
        raise StoreContention

    def restore(self, decision: Decision[T]) -> Operation[None]:
        """See `Store.restore`. One call for each subject."""
        yield from ()
        (tickets, events), additions = added(decision, self._wanted)
        if tickets or events:
            subject = decision.issue.subject if decision.issue is not None else decision.events[0].subject
            yield from one(Call("restore", route_of(subject), (subject, tickets, events, *additions)))

    def overdue(self, now: int, limit: int) -> Operation[Sequence[Session]]:
        """See `Store.overdue`. Reads little more than `limit`, by two indexes: deadlines, and starts before an epoch.

        One call for each route, two if there was an epoch; more where that finds little. Damaged records are passed
        over. What is overdue and on no roster is forgotten.
        """
        by_deadline: list[Session] = []
        by_start: list[Session] = []
        latest = None

        def ended(entry: Sequence[Any], epoch: bytes | None) -> bool:
            nonlocal latest
            # Those with one deadline come in the order of their starts, which its index does not know.
            if len(by_deadline) >= limit and entry[0] != latest:
                return False
            latest = entry[0]
            by_deadline.extend(readable(entry[2], epoch))
            return True

        def void(entry: Sequence[Any], epoch: bytes | None) -> bool:
            by_start.extend(readable(entry[2], epoch))
            return len(by_start) < limit

        if limit < 1:
            return ()
        first = 4 + limit // 64
        yield from merged(
            lambda route, after, most: Call("overdue", route, (now + 1, *after, most)), ended, first=first
        )
        epoch = yield from self.epoch()
        if epoch is not None and epoch <= now:
            yield from merged(lambda route, after, most: Call("void", route, (now, *after, most)), void, first=first)
        # What comes first of all comes first by one of the two; some come by both.
        found = {session.sid: session for session in (*by_deadline, *by_start)}.values()
        return tuple(sorted(found, key=lambda session: (deadline(session) or 0, *place(session)))[:limit])

    def begin_epoch(self, at: int) -> Operation[None]:
        """See `Store.begin_epoch`. One call for each route, all sent at once.

        Each route takes it up at once, the last one some milliseconds after the first. If this raises, some may have:
        repeat it, which harms nothing.
        """
        replies = yield [Call("begin_epoch", route, (at,), confirmed=True) for route in EVERY_ROUTE]
        if any(isinstance(reply, Unconfirmed) for reply in replies):
            raise StoreUnconfirmed

    def epoch(self) -> Operation[int | None]:
        """See `Store.epoch`. One call, to the first route: `begin_epoch` is repeated until all of them have it."""
        at, _ = yield from one(Call("find", EVERY_ROUTE[0], ("",)))
        return moment(at)

    def erase(self, subject: str) -> Operation[int]:
        """See `Store.erase`. One call for each hundred records, so that a long history holds nobody up.

        Whatever begins after the first of them stays, but for the record of a session that ends again meanwhile. Raises
        StoreUnconfirmed too: repeat it, as after any error.
        """
        number, last, more, confirmed = 0, b"", storable(subject, WIDTHS["subject"]), True
        while more:
            reply = yield from one(Call("erase", route_of(subject), (subject, last, PART), confirmed))
            if isinstance(reply, Unconfirmed):
                confirmed, reply = False, reply.reply
            last, gone, more = reply
            number += gone
        if not confirmed:
            raise StoreUnconfirmed(outcome=number)
        return number

    def _visit(self, digest: bytes, route: int, who: tuple[int | str, int | str]) -> Operation[Session | None]:
        reply = yield from one(Call("visit", route, (digest, *who)))
        if reply is None:
            return None
        record, epoch = reply
        session = session_in(record, epoch)
        return session if digest in (session.digest, session.predecessor) else None

    def _read(self, subject: str, ticket: bytes | None) -> Operation[Reading]:
        reply = yield from one(Call("read", route_of(subject), (subject, ticket or b"")))
        return Reading.of(subject, reply)


def readable(record: bytes, epoch: bytes | None) -> list[Session]:
    """The session in a record, or nothing where it is damaged: one of them must not stop what asks for all."""
    try:
        return [session_in(record, epoch)]
    except RecordFormatError:
        return []


def place(session: Session) -> tuple[int, str]:
    """Where a session stands in the order of a search."""
    return session.created, session.sid


def _matters(roster: Roster, decision: Decision[T]) -> bool:
    """Whether a failover must not undo it: a session begins or ends, its token changes, or sign-ins are paused."""
    digests = {session.sid: session.digest for session in roster.sessions}
    changed = [new for new in decision.update if not new.open or new.digest != digests.get(new.sid)]
    paused = decision.profile is not None and decision.profile.pause != roster.profile.pause
    return decision.insert is not None or bool(changed) or paused
