"""The executable model of a move: who has come to the memory store, and what those who leave it take with them."""

import threading
from collections.abc import Callable, Sequence

from sojourn.core.records import Profile, Session, Ticket
from sojourn.stores.memory_outbox import MemoryOutbox
from sojourn.stores.movable import DONE, Belongings, Whereabouts, mark_of

_NOTHING = Profile()


class MemoryMoves:
    """The part of the memory store that `sojourn.stores.movable.Moves` describes, on the records of the store."""

    def __init__(
        self,
        lock: threading.RLock,
        sessions: dict[str, Session],
        write: Callable[[Session], None],
        tickets: dict[bytes, Ticket],
        outbox: MemoryOutbox,
        profiles: dict[str, Profile],
    ) -> None:
        self._lock, self._sessions, self._write = lock, sessions, write
        self._tickets, self._outbox, self._profiles = tickets, outbox, profiles
        self._move = ""
        self._marks: set[str] = set()

    def subjects(self, after: str, limit: int) -> Sequence[str]:
        """See `Moves.subjects`."""
        with self._lock:
            known = {*self._profiles, *self._outbox.leases}
            known |= {session.subject for session in self._sessions.values()}
            known |= {ticket.subject for ticket in self._tickets.values()}
            known |= {letter.subject for letter in self._outbox.letters.values()}
            return sorted(subject for subject in known if subject > after)[:limit]

    def pack(self, subject: str) -> Belongings:
        """See `Moves.pack`. Whoever decides has the lock."""
        with self._lock:
            return Belongings(
                subject,
                tuple(session for session in self._sessions.values() if session.subject == subject),
                tuple(ticket for ticket in self._tickets.values() if ticket.subject == subject),
                tuple(self._outbox.of(subject)),
                self._outbox.leases.get(subject),
                self._outbox.used.get(subject, 0),
                self._profiles.get(subject, _NOTHING),
            )

    def begin_move(self, move: str) -> str:
        """See `Moves.begin_move`."""
        with self._lock:
            self._move = self._move or move
            return self._move

    def whereabouts(self, subject: str) -> Whereabouts:
        """See `Moves.whereabouts`."""
        with self._lock:
            return Whereabouts(self._move, self._move == DONE or mark_of(subject) in self._marks)

    def bring_in(self, belongings: Belongings, move: str) -> bool:
        """See `Moves.bring_in`."""
        subject = belongings.subject
        with self._lock:
            if not self.whereabouts(subject).here and self._move == move:
                self._marks.add(mark_of(subject))
                for session in belongings.sessions:
                    self._write(session)
                self._tickets.update({ticket.digest: ticket for ticket in belongings.tickets})
                self._outbox.bring_in(belongings.letters)
                if belongings.lease is not None:
                    self._outbox.lease(belongings.lease)
                    self._outbox.used[subject] = belongings.used
                if belongings.profile != _NOTHING:
                    self._profiles[subject] = belongings.profile
            return self.whereabouts(subject).here

    def finish_move(self) -> None:
        """See `Moves.finish_move`."""
        with self._lock:
            self._move = DONE
            self._marks.clear()

    def forget_moves(self) -> None:
        """See `Moves.forget_moves`."""
        with self._lock:
            self._move = ""
            self._marks.clear()
