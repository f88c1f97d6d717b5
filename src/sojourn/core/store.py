"""What a store does: remember records, and carry out one decision at a time for each subject.

No store knows any policy. The promise that all else rests on is `transact`: between the reading of the roster and
the writing of the decision, nothing else changes that subject's roster. Every store passes the same suite,
`sojourn.testing.conformance`.

All methods raise StoreUnavailable when the store cannot be reached; nothing is changed then, unless the docstring
says otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.outbox import AsyncOutbox, Outbox
from sojourn.core.records import Roster, Session, Ticket
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally

T = TypeVar("T")
Decide = Callable[[Roster], Decision[T]]


class Store(Outbox, Protocol):
    """A session store, for callers that wait."""

    def lookup(self, digest: bytes, route: int) -> Session | None:
        """The session whose token, or predecessor token, has this SHA-256 digest, ended ones included.

        `route` is the one that the token carries; a store need not look anywhere else. One plain read of the newest
        committed state, never from a replica; constant work whether or not it is found.
        """
        ...

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """`lookup`, by somebody who is active at `now`: and `touch`, if it is due (`timeouts.visit_due`).

        Returns the session as it was before. `wished` is the touch interval that the site asks for, in milliseconds.
        Nothing is written for a session that is over, or for a token that is not accepted any more.
        """
        ...

    def find(self, sid: str) -> Session | None:
        """The session with this public id, ended ones included. A sid carries its subject's route, as minted."""
        ...

    def roster(self, subject: str) -> Roster:
        """The subject's open sessions and profile, read without a lock: to show, not to decide by."""
        ...

    def history(self, subject: str, limit: int) -> Sequence[Session]:
        """The subject's ended sessions that are still remembered, the latest end first, at most `limit`."""
        ...

    def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """The unredeemed ticket with this digest, whether or not its time is over. `route` is the one it carries."""
        ...

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """Run `decide` on the subject's roster and write its decision, atomically; return the decision's outcome.

        The subject is locked first, then its open sessions and profile are read (and the unredeemed ticket with the
        digest `ticket`, if it is this subject's), then all of the decision is written, or none of it. Two calls for one
        subject behave as if one came after the other. `decide` may be called again when somebody was faster; what it
        raises undoes everything and reaches the caller. An `update` changes a session only while it is open and
        never creates one; it never moves `last_seen` back. Durable when this returns, unless the caller holds an
        open transaction on the same connection: then it is durable when that commits. Raises StoreContention
        when others were faster too often.
        """
        ...

    def restore(self, decision: Decision[T]) -> None:
        """Write the ticket and events of `decision` again if they are not there, recognised by digest and id.

        For callers whose own transaction was rolled back after `transact`. Sessions are not restored.
        """
        ...

    def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """Record activity at `now` and the carrier's new end (None: as it was); never creates, never revives.

        A session that is ended, or that time has ended by `now` (a deadline at `now` or before), is left as it is:
        activity that comes too late must not call back what a look-up has already judged dead. `last_seen` becomes
        the later of its value and `now`; nothing else changes. Atomic for this session; need not be durable. Returns
        whether the session was live.
        """
        ...

    def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """At most `limit` open sessions that time has ended at `now`, by an index, the longest overdue first.

        Those that are overdue since the same moment come in the order of (created, sid).
        """
        ...

    def purge(self, before: int, limit: int) -> int:
        """Forget at most `limit` sessions that ended, and as many tickets that expired and events, before `before`.

        In small indexed batches that do not hold others up. Returns how many records went; 0 means that nothing more
        was there to forget. Open sessions are never purged.
        """
        ...

    def fade(self, before: int, limit: int) -> int:
        """Forget, of at most `limit` subjects, what was last of use before `before`: see `sojourn.core.fading.faded`.

        By an index, and each subject atomically. Returns of how many; 0 means that there was nothing more.
        """
        ...

    def forget_addresses(self, before: int) -> int:
        """Forget the addresses of sessions that ended before `before`, in small batches that do not hold others up.

        And those in all events recorded before then, whoever they are about and whatever became of it (see
        `sojourn.core.fading.bare`), and those of last sign-ins from before then. What has none any more is not read
        again. Returns of how many sessions.
        """
        ...

    def search(self, query: SessionQuery, now: int) -> Page:
        """A page of the sessions that `query` asks for, as they stand at `now`, in the order of (created, sid).

        A bounded number of plain reads, however many sessions there are. Damaged records are passed over.
        """
        ...

    def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """How many sessions `query` asks for in all, whatever its cursor and limit; stops counting at `at_most`."""
        ...

    def census(self, now: int) -> Census:
        """What is live at `now`, counted: a bounded number of plain reads."""
        ...

    def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """What happened in each of `count` stretches of `step` milliseconds from `start` on, in their order."""
        ...

    def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """Recorded events as `sojourn.core.events.payload` wrote them, in the order of (at, id)."""
        ...

    def begin_epoch(self, at: int) -> None:
        """Make every open session created before `at` void, at once. Atomic and durable; an epoch never moves back.

        A void session is told as such (`Session.voided`) by every read from then on, is never touched, and is overdue.
        """
        ...

    def epoch(self) -> int | None:
        """The moment of the newest epoch, which may be still to come; None if there never was one. One plain read."""
        ...

    def erase(self, subject: str) -> int:
        """Forget all that is remembered of the subject: sessions, open ones too, tickets, events, profile.

        All in one atomic step, with the subject locked; or what is open in one, and that they are known, and the rest
        in steps after it, which hold nobody else up: if this raises, repeat it. Returns how many records went. Nothing
        tells that they were there.
        """
        ...


class AsyncStore(AsyncOutbox, Protocol):
    """The same store for callers that await; each method has the contract of its twin in `Store`."""

    async def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`."""
        ...

    async def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`."""
        ...

    async def find(self, sid: str) -> Session | None:
        """See `Store.find`."""
        ...

    async def roster(self, subject: str) -> Roster:
        """See `Store.roster`."""
        ...

    async def history(self, subject: str, limit: int) -> Sequence[Session]:
        """See `Store.history`."""
        ...

    async def ticket(self, digest: bytes, route: int) -> Ticket | None:
        """See `Store.ticket`."""
        ...

    async def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        ...

    async def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`."""
        ...

    async def touch(self, session: Session, now: int, carrier_expires: int | None) -> bool:
        """See `Store.touch`."""
        ...

    async def overdue(self, now: int, limit: int) -> Sequence[Session]:
        """See `Store.overdue`."""
        ...

    async def purge(self, before: int, limit: int) -> int:
        """See `Store.purge`."""
        ...

    async def fade(self, before: int, limit: int) -> int:
        """See `Store.fade`."""
        ...

    async def forget_addresses(self, before: int) -> int:
        """See `Store.forget_addresses`."""
        ...

    async def search(self, query: SessionQuery, now: int) -> Page:
        """See `Store.search`."""
        ...

    async def count(self, query: SessionQuery, now: int, at_most: int) -> int:
        """See `Store.count`."""
        ...

    async def census(self, now: int) -> Census:
        """See `Store.census`."""
        ...

    async def tally(self, start: int, step: int, count: int) -> Sequence[Tally]:
        """See `Store.tally`."""
        ...

    async def journal(self, query: EventQuery) -> Sequence[Mapping[str, object]]:
        """See `Store.journal`."""
        ...

    async def begin_epoch(self, at: int) -> None:
        """See `Store.begin_epoch`."""
        ...

    async def epoch(self) -> int | None:
        """See `Store.epoch`."""
        ...

    async def erase(self, subject: str) -> int:
        """See `Store.erase`."""
        ...
