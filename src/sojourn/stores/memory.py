"""The executable model: a store in this process's memory, against which every other store is compared.

For tests and for programs of one process. It forgets everything when the process ends, and other processes do not
see it, so it cannot hold a limit for a site with several workers.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidInput
from sojourn.core.events import STOPPED, Event
from sojourn.core.fading import faded, last_use, without_address
from sojourn.core.outbox import Batch, Failing, Lease, Letter
from sojourn.core.records import Profile, Roster, Session, Ticket
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.store import Decide
from sojourn.core.timeouts import deadline, judge, visit_due
from sojourn.stores.memory_moves import MemoryMoves
from sojourn.stores.memory_outbox import MemoryOutbox
from sojourn.stores.movable import Moves

T = TypeVar("T")
_NOTHING = Profile()


def nobody(_: Event) -> bool:
    """What a store is told of the events that are wanted where nobody delivers any."""
    return False


class MemoryStore:
    """A `Store` of dictionaries under one lock. Atomic among the threads of one process; durable nowhere.

    `wanted` says of an event whether it is to be delivered to anybody.
    """

    def __init__(self, *, wanted: Callable[[Event], bool] = nobody) -> None:
        self._wanted = wanted
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._sid_of: dict[bytes, str] = {}
        self._tickets: dict[bytes, Ticket] = {}
        self._outbox = MemoryOutbox()
        self._profiles: dict[str, Profile] = {}
        self._epoch: int | None = None
        self.moves: Moves = MemoryMoves(
            self._lock, self._sessions, self._write, self._tickets, self._outbox, self._profiles
        )
        """See `Movable.moves`."""

    @property
    def events(self) -> list[Event]:
        """All recorded events, in the order of recording."""
        with self._lock:
            return list(self._outbox.events.values())

    def remains(self, subject: str) -> list[Session | Ticket | Letter | Profile]:
        """All that is kept of the subject, of whatever kind."""
        with self._lock:
            tickets = [ticket for ticket in self._tickets.values() if ticket.subject == subject]
            profiles = [self._profiles[subject]] if subject in self._profiles else []
            return [*self._of(subject), *tickets, *self._outbox.of(subject), *profiles]

    def lookup(self, digest: bytes, route: int) -> Session | None:  # noqa: ARG002  # everything is in one place
        """See `Store.lookup`."""
        with self._lock:
            sid = self._sid_of.get(digest)
            session = self._sessions.get(sid) if sid is not None else None
            if session is None or digest not in (session.digest, session.predecessor):
                return None
            return self._as_seen(session)

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        with self._lock:
            found = self.lookup(digest, route)
            if found is not None and visit_due(found, digest, now, wished):
                self.touch(found, now, None)
            return found

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        with self._lock:
            session = self._sessions.get(sid)
            return None if session is None else self._as_seen(session)

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        with self._lock:
            mine = tuple(s for s in self._seen() if s.subject == subject and s.open)
            return Roster(subject, mine, profile=self._profiles.get(subject, Profile()))

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        with self._lock:
            ended = [s for s in self._sessions.values() if s.subject == subject and not s.open]
            return sorted(ended, key=lambda s: (-(s.ended or 0), s.sid))[:limit]

    def ticket(self, digest: bytes, route: int) -> Ticket | None:  # noqa: ARG002  # everything is in one place
        """See `Store.ticket`."""
        with self._lock:
            return self._tickets.get(digest)

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        with self._lock:
            kept = self._tickets.get(ticket) if ticket is not None else None
            mine = kept if kept is not None and kept.subject == subject else None
            decision = decide(replace(self.roster(subject), ticket=mine))
            if decision.insert is not None:
                self._write(decision.insert)
            for session in decision.update:
                present = self._sessions.get(session.sid)
                if present is not None and present.open:
                    self._write(replace(session, last_seen=max(session.last_seen, present.last_seen)))
            if decision.redeem is not None:
                self._tickets.pop(decision.redeem, None)
            if decision.profile is not None:
                self._profiles[subject] = decision.profile
            self.restore(decision)
            return decision.outcome

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        with self._lock:
            if decision.issue is not None:
                self._tickets.setdefault(decision.issue.digest, decision.issue)
            for event in decision.events:
                self._outbox.record(event, wanted=self._wanted(event))

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        with self._lock:
            present = self._sessions.get(session.sid)
            if present is None or not judge(self._as_seen(present), now).live:
                return False
            seen = max(present.last_seen, now)
            carried = present.carrier_expires if carrier_expires is None else carrier_expires
            self._write(replace(present, last_seen=seen, carrier_expires=carried))
            return True

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        with self._lock:
            dead = [(at, s) for s in self._seen() if s.open and (at := deadline(s)) is not None and at <= now]
            return [session for _, session in sorted(dead, key=lambda pair: (pair[0], *_place(pair[1])))[:limit]]

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        with self._lock:
            sessions = [s for s in self._sessions.values() if s.ended is not None and s.ended < before][:limit]
            tickets = [t for t in self._tickets.values() if t.expires < before][:limit]
            letters = [e for e in self._outbox.letters.values() if e.at < before][:limit]
            self._forget(sessions, tickets, letters)
            self._outbox.forget_leases(before, limit)
            for subject in {session.subject for session in sessions}:
                if self._profiles.get(subject, _NOTHING).empty and not any(self._of(subject)):
                    self._profiles.pop(subject, None)
            return len(sessions) + len(tickets) + len(letters)

    def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`."""
        with self._lock:
            used = [(at, subject) for subject, each in self._profiles.items() if (at := last_use(each)) is not None]
            found = [subject for at, subject in sorted(used) if at < before][:limit]
            for subject in found:
                left = self._profiles[subject] = faded(self._profiles[subject], before)
                if left.empty and not any(self._of(subject)):
                    del self._profiles[subject]
            return len(found)

    def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        with self._lock:
            found = [s for s in self._sessions.values() if s.address and s.ended is not None and s.ended < before]
            for session in found:
                self._write(replace(session, address=""))
            for subject, profile in self._profiles.items():
                self._profiles[subject] = without_address(profile, before)
            self._outbox.forget_addresses(before)
            return len(found)

    def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        with self._lock:
            found = self._found(query, now)
            if query.after is not None:
                after = query.after
                found = [s for s in found if _place(s) != after and (_place(s) > after) is query.oldest_first]
            page = tuple(found[: query.limit])
            return Page(page, _place(page[-1]) if len(found) > len(page) else None)

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`."""
        with self._lock:
            return min(at_most, len(self._found(query, now)))

    def census(self, now: int) -> Census:
        """See `Store.census`."""
        with self._lock:
            live = [session for session in self._seen() if judge(session, now).live]
            each = Counter(session.subject for session in live)
            return Census(
                now,
                sessions=len(live),
                subjects=len(each),
                by_device_class=Counter(session.device.kind for session in live),
                by_client=Counter(session.client for session in live),
                per_subject=Counter(each.values()),
                outbox=len(self._outbox.waiting),
                outbox_since=min((letter.at for letter in self._outbox.waiting), default=None),
                due_since=min((letter.due for letter in self._outbox.waiting if letter.due is not None), default=None),
                dead=sum(letter.dead for letter in self._outbox.letters.values()),
            )

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`."""
        if step < 1 or count < 0:
            raise InvalidInput("What is tallied is a number of stretches of at least a millisecond.")
        with self._lock:
            tallies = []
            for since in range(start, start + step * count, step):
                span = range(since, since + step)
                tallies.append(
                    Tally(
                        since,
                        started=sum(session.created in span for session in self._sessions.values()),
                        ended=Counter(
                            s.end_reason for s in self._sessions.values() if s.end_reason and s.ended in span
                        ),
                        stopped=Counter(
                            e.type for e in self._outbox.letters.values() if e.type in STOPPED and e.at in span
                        ),
                    )
                )
            return tallies

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        with self._lock:
            found = [
                event
                for event in sorted(self._outbox.letters.values(), key=lambda event: (event.at, event.id))
                if query.subject in (None, event.subject)
                and (not query.types or event.type in query.types)
                and (query.since is None or event.at >= query.since)
                and (query.after is None or (event.at, event.id) > query.after)
            ]
            return [letter.event for letter in found[: query.limit]]

    def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`."""
        with self._lock:
            self._epoch = max(self._epoch or at, at)

    def epoch(self) -> int | None:
        """See `Store.epoch`."""
        with self._lock:
            return self._epoch

    def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        with self._lock:
            sessions = list(self._of(subject))
            tickets = [ticket for ticket in self._tickets.values() if ticket.subject == subject]
            letters = self._outbox.of(subject)
            self._forget(sessions, tickets, letters)
            self._profiles.pop(subject, None)
            self._outbox.forget_subject(subject)
            return len(sessions) + len(tickets) + len(letters)

    def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        with self._lock:
            return self._outbox.claim(worker, now, until, subject)

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        with self._lock:
            return self._outbox.more(subject, after)

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        with self._lock:
            return self._outbox.settle(lease, letters, told, until)

    def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        with self._lock:
            return self._outbox.dead_letters(limit, after)

    def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        with self._lock:
            return self._outbox.revive(ids, now, sink)

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        with self._lock:
            return self._outbox.shed(keep, limit)

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        with self._lock:
            self._outbox.sinks.pop(sink, None)
            if failing is not None:
                self._outbox.sinks[sink] = failing

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        with self._lock:
            return dict(self._outbox.sinks)

    def _of(self, subject: str) -> Iterator[Session]:
        return (session for session in self._sessions.values() if session.subject == subject)

    def _as_seen(self, session: Session) -> Session:
        epoch = self._epoch
        void = epoch is not None and session.open and session.created < epoch
        return replace(session, voided=epoch) if void else session

    def _seen(self) -> Iterator[Session]:
        return map(self._as_seen, self._sessions.values())

    def _found(self, query: SessionQuery, now: int) -> list[Session]:
        found = [session for session in self._seen() if query.finds(session, judge(session, now).live)]
        return sorted(found, key=_place, reverse=not query.oldest_first)

    def _forget(self, sessions: Iterable[Session], tickets: Iterable[Ticket], letters: Iterable[Letter]) -> None:
        for session in sessions:
            del self._sessions[session.sid]
            for digest in (session.digest, session.predecessor):
                self._sid_of.pop(digest or b"", None)
        for ticket in tickets:
            del self._tickets[ticket.digest]
        self._outbox.forget(letters)

    def _write(self, session: Session) -> None:
        self._sessions[session.sid] = replace(session, voided=None)
        self._sid_of[session.digest] = session.sid
        if session.predecessor is not None:
            self._sid_of[session.predecessor] = session.sid


def _place(session: Session) -> tuple[int, str]:
    """Where a session stands in the order of a search."""
    return session.created, session.sid
