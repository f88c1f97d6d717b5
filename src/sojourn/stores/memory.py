"""The executable model: a store in this process's memory, against which every other store is compared.

For tests and for programs of one process. It forgets everything when the process ends, and other processes do not
see it, so it cannot hold a limit for a site with several workers.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.events import Event
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.store import Decide
from sojourn.core.timeouts import deadline, judge

T = TypeVar("T")


class MemoryStore:
    """A `Store` of dictionaries under one lock. Atomic among the threads of one process; durable nowhere."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._sid_of: dict[bytes, str] = {}
        self._tickets: dict[bytes, Ticket] = {}
        self._events: dict[str, Event] = {}

    @property
    def events(self) -> list[Event]:
        """All recorded events, in the order of recording."""
        with self._lock:
            return list(self._events.values())

    def lookup(self, digest: bytes) -> Session | None:
        """See `Store.lookup`."""
        with self._lock:
            sid = self._sid_of.get(digest)
            session = self._sessions.get(sid) if sid is not None else None
            return session if session is not None and digest in (session.digest, session.predecessor) else None

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        with self._lock:
            return self._sessions.get(sid)

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        with self._lock:
            return Roster(subject, tuple(s for s in self._sessions.values() if s.subject == subject and s.open))

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        with self._lock:
            ended = [s for s in self._sessions.values() if s.subject == subject and not s.open]
            return sorted(ended, key=lambda s: (-(s.ended or 0), s.sid))[:limit]

    def ticket(self, digest: bytes) -> Ticket | None:
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
            self.restore(decision)
            return decision.outcome

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        with self._lock:
            if decision.issue is not None:
                self._tickets.setdefault(decision.issue.digest, decision.issue)
            for event in decision.events:
                self._events.setdefault(event.id, event)

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        with self._lock:
            present = self._sessions.get(session.sid)
            if present is None or not judge(present, now).live:
                return False
            seen = max(present.last_seen, now)
            carried = present.carrier_expires if carrier_expires is None else carrier_expires
            self._write(replace(present, last_seen=seen, carrier_expires=carried))
            return True

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        with self._lock:
            dead = [
                (at, s) for s in self._sessions.values() if s.open and (at := deadline(s)) is not None and at <= now
            ]
            return [session for _, session in sorted(dead, key=lambda pair: (pair[0], pair[1].sid))[:limit]]

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        with self._lock:
            sessions = [s for s in self._sessions.values() if s.ended is not None and s.ended < before][:limit]
            tickets = [t for t in self._tickets.values() if t.expires < before][:limit]
            events = [e for e in self._events.values() if e.at < before][:limit]
            for session in sessions:
                del self._sessions[session.sid]
                for digest in (session.digest, session.predecessor):
                    self._sid_of.pop(digest or b"", None)
            for ticket in tickets:
                del self._tickets[ticket.digest]
            for event in events:
                del self._events[event.id]
            return len(sessions) + len(tickets) + len(events)

    def _write(self, session: Session) -> None:
        self._sessions[session.sid] = session
        self._sid_of[session.digest] = session.sid
        if session.predecessor is not None:
            self._sid_of[session.predecessor] = session.sid
