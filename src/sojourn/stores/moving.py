"""A store that is two: subjects move from one to the other, one by one, while the site is in use.

Where a subject is, only the new store says, and it says it in the same atomic step in which it is given all that is
theirs. Two rules make that exact:
- Whoever decides about a subject in the old store asks, while the subject is held still there, whether a move has
  begun. So once one has begun, and `Moves.pack` has let pass who was in between, nothing is decided there any more.
- Whoever then comes for a subject that has not moved yet, moves them first. Nobody waits for anybody, and it does not
  matter who is interrupted where: the copy is the same whoever makes it, and only the first one counts.

What the old store still has of a subject that has moved is what an interruption has left: it counts for nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError, StoreContention, StoreUnconfirmed
from sojourn.core.outbox import Batch, Failing, Lease, Letter
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.search import PAGE_MAX, Census, EventQuery, Page, SessionQuery, Tally
from sojourn.core.store import Decide
from sojourn.core.timeouts import deadline, visit_due
from sojourn.core.tokens import check_subject
from sojourn.stores import merging
from sojourn.stores.movable import Belongings, Movable, Whereabouts

T = TypeVar("T")
_ROUNDS = 100


class _Elsewhere(Exception):  # no error: it leaves the old store's transaction
    """The subject is not to be decided about here."""


class MovingStore:
    """A `Store` over the `old` store, in which subjects are, and the `new` one, to which they move.

    Thread-safe if both are. Until somebody begins a move (`sojourn.stores.mover`), all that happens is in `old`. Every
    process that uses either of them must use this, or must have been told that the move is over.
    """

    def __init__(self, old: Movable, new: Movable) -> None:
        self.old, self.new = old, new

    def move(self, subject: str) -> bool:
        """Bring the subject to the new store, unless they are there; what has begun elsewhere is finished here.

        Returns whether they are there, and nothing of them is left in the old store. Raises RecordFormatError if any
        of their records is damaged, InvalidInput if the new store cannot keep one: then they stay where they are.
        """
        there = self.new.moves.whereabouts(subject)
        if not there.move:
            return False
        belongings = Belongings(subject) if there.here else self.old.moves.pack(subject)
        if not self.new.moves.bring_in(belongings, there.move):
            return False
        with suppress(StoreUnconfirmed):  # what a failover brings back there counts for nothing
            self.old.erase(subject)
        return True

    def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`. One look into each store, the old one first: who is not there any more is in the new."""
        found = self.old.lookup(digest, route)
        return found if found is not None and self._stays(found.subject) else self.new.lookup(digest, route)

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        found = self.lookup(digest, route)
        if found is not None and visit_due(found, digest, now, wished):
            self.touch(found, now, None)
        return found

    def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        found = self.old.find(sid)
        return found if found is not None and self._stays(found.subject) else self.new.find(sid)

    def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        return self._read(subject, lambda store: store.roster(subject))

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        return self._read(subject, lambda store: store.history(subject, limit))

    def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """See `Store.ticket`."""
        found = self.old.ticket(digest, route)
        return found if found is not None and self._stays(found.subject) else self.new.ticket(digest, route)

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        check_subject(subject)

        def decide_here(roster: Roster) -> Decision[T]:
            if self.new.moves.whereabouts(subject) != Whereabouts():
                raise _Elsewhere
            return decide(roster)

        if self.new.moves.whereabouts(subject) == Whereabouts():
            try:
                return self.old.transact(subject, decide_here, ticket)
            except _Elsewhere:
                pass
        self._bring(subject)
        return self.new.transact(subject, decide, ticket)

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`. With the subject held still: what a store has already, it does not write again."""
        if decision.issue is not None or decision.events:
            subject = decision.issue.subject if decision.issue is not None else decision.events[0].subject
            again = Decision(None, issue=decision.issue, events=decision.events)
            self.transact(subject, lambda _: again)

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        return self._act(session.subject, lambda store: store.touch(session, now, carrier_expires))[-1]

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        found = [*self._staying(self.old.overdue(now, limit)), *self.new.overdue(now, limit)]
        found.sort(key=lambda session: (deadline(session) or 0, *merging.place(session)))
        return merging.distinct(found)[:limit]

    def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`. At most `limit` in each store."""
        return self.old.purge(before, limit) + self.new.purge(before, limit)

    def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`. Those in the old store first."""
        done = self.old.fade(before, limit)
        return done + self.new.fade(before, limit - done) if done < limit else done

    def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        return self.old.forget_addresses(before) + self.new.forget_addresses(before)

    def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        page = self.old.search(query, now)
        staying = replace(page, sessions=tuple(self._staying(page.sessions)))
        return merging.page(query, staying, self.new.search(query, now))

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`. Who moves at this moment may be counted twice."""
        return min(at_most, self.old.count(query, now, at_most) + self.new.count(query, now, at_most))

    def census(self, now: int) -> Census:
        """See `Store.census`. Who moves at this moment may be counted twice."""
        return merging.census(self.old.census(now), self.new.census(now))

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`. Who moves at this moment may be counted twice."""
        pairs = zip(self.old.tally(start, step, count), self.new.tally(start, step, count), strict=True)
        return [merging.tally(*pair) for pair in pairs]

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        return merging.journal(query, self.old.journal(query), self.new.journal(query))

    def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`. In the new store first: who moves in between is void all the time."""
        try:
            self.new.begin_epoch(at)
        finally:  # if the new one could not confirm it, it never may
            self.old.begin_epoch(at)

    def epoch(self) -> int | None:
        """See `Store.epoch`."""
        return max((at for at in (self.old.epoch(), self.new.epoch()) if at is not None), default=None)

    def erase(self, subject: str) -> int:
        """See `Store.erase`. In each store by itself; whoever is moving at this moment is erased where they arrive."""
        unconfirmed = False

        def erased(store: Movable) -> int:
            nonlocal unconfirmed
            try:
                return store.erase(subject)
            except StoreUnconfirmed as error:
                unconfirmed = True
                return int(error.outcome)

        number = sum(self._act(subject, erased))
        if unconfirmed:
            raise StoreUnconfirmed(outcome=number)
        return number

    def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`. Of two leases, one in each store, that on the letter less long due is given up again."""
        found = self._claim_old(worker, now, until, subject)
        other = self.new.claim(worker, now, until, subject)
        if found is None or other is None:
            return found or other
        if merging.due_since(found, now) <= merging.due_since(other, now):
            self.new.settle(other.lease, (), other.lease.told, until=None)
            return found
        self.settle(found.lease, (), found.lease.told, until=None)
        return other

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        return self._read(subject, lambda store: store.more(subject, after))

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`. A lease moves together with its subject."""
        return self._act(lease.subject, lambda store: store.settle(lease, letters, told, until=until))[-1]

    def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`. All of them are read each time; those in the old store come first."""
        staying = [each for each in _all_dead(self.old) if self._stays(each.subject)]
        return merging.letters_after(after, [*staying, *_all_dead(self.new)])[:limit]

    def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`. What is revived while its subject is moving may be given up still: try it again."""
        return self.old.revive(ids, now, sink) + self.new.revive(ids, now, sink)

    def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`. So many may be kept in each store."""
        return self.old.shed(keep, limit) + self.new.shed(keep, limit)

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        self.old.note_failing(sink, failing)
        if self._begun:
            self.new.note_failing(sink, failing)

    def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        return dict(self.new.failing() if self._begun else self.old.failing())

    @property
    def _begun(self) -> bool:
        return bool(self.new.moves.whereabouts("").move)

    def _stays(self, subject: str) -> bool:
        """Whether what the old store has just said of the subject counts. Asked after it was read: they may move."""
        return not self.new.moves.whereabouts(subject).here

    def _staying(self, sessions: Iterable[Session]) -> list[Session]:
        found = list(sessions)
        stays = {subject: self._stays(subject) for subject in {session.subject for session in found}}
        return [session for session in found if stays[session.subject]]

    def _read(self, subject: str, read: Callable[[Movable], T]) -> T:
        found = read(self.old)
        return found if self._stays(subject) else read(self.new)

    def _act(self, subject: str, act: Callable[[Movable], T]) -> list[T]:
        """Do what needs no decision and may be done twice: in the old store, and then, unless no move has begun, in
        the new one as well, since a copy may have been made before."""
        done = [act(self.old)]
        if self.new.moves.whereabouts(subject) != Whereabouts():
            with suppress(RecordFormatError):  # who cannot be read cannot move: what was done is where they are
                self._bring(subject)
                done.append(act(self.new))
        return done

    def _bring(self, subject: str) -> None:
        if not self.new.moves.whereabouts(subject).here:
            self.move(subject)
            if not self.new.moves.whereabouts(subject).here:
                raise StoreContention  # another move has begun meanwhile

    def _claim_old(self, worker: str, now: int, until: int, subject: str | None) -> Batch | None:
        for _ in range(_ROUNDS):
            found = self.old.claim(worker, now, until, subject)
            if found is None:
                return None
            lease, there = found.lease, self.new.moves.whereabouts(found.lease.subject)
            if there.here:
                self.move(lease.subject)  # an interruption has left it: the new store has these letters
            elif not there.move or self.settle(lease, (), lease.told, until=until) is not None:
                return found  # otherwise they have moved without this lease
        return None


def _all_dead(store: Movable) -> list[Letter]:
    found: list[Letter] = []
    while page := store.dead_letters(PAGE_MAX, found[-1].id if found else None):
        found += page
    return found
