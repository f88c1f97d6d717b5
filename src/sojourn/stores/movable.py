"""What a store does beside `Store`, so that all that is in it can move to another while both are in use.

Nothing here knows how others are told that a move is going on: see `sojourn.stores.moving`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sojourn.core.outbox import Lease, Letter
from sojourn.core.records import Profile, Session, Ticket
from sojourn.core.store import Store

DONE = "done"
"""What a move is called once it is over. No move that goes on has this name."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """All that a store remembers of one subject. `letters`: every recorded event, in the order of recording."""

    subject: str
    sessions: tuple[Session, ...] = ()
    """Open and ended ones."""
    tickets: tuple[Ticket, ...] = ()
    letters: tuple[Letter, ...] = ()
    lease: Lease | None = None
    """Who tells of the subject, and when anybody last did: whoever is in the middle of it can go on afterwards."""
    used: int = 0
    """The latest end that a lease on them ever had."""
    profile: Profile = field(default_factory=Profile)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the store that subjects move to says of one. `move`: which move has begun, "" if none has.

    `here`: whether they are there already, or the move is over, so that whoever nobody knows yet begins there.
    """

    move: str = ""
    here: bool = False


def mark_of(subject: str) -> str:
    """How it is noted that a subject has moved: nothing that says who they are, since an erasure leaves it."""
    return hashlib.sha256(subject.encode(errors="surrogatepass")).hexdigest()


class Moves(Protocol):
    """How subjects leave a store, and how they come to it. All methods raise StoreUnavailable."""

    def subjects(self, after: str, limit: int) -> Sequence[str]:
        """At most `limit` subjects of whom anything is kept, in an order of the store's own, those after `after`.

        Subjects that come and go meanwhile may be missing; all others are named.
        """
        ...

    def pack(self, subject: str) -> Belongings:
        """All that is kept of the subject, and a barrier: a `transact` that has read before it either has written
        before it, and is seen here, or calls its `decide` anew.

        Changes nothing that anybody else can see. Raises RecordFormatError if any of it is damaged: it would be lost.
        """
        ...

    def begin_move(self, move: str) -> str:
        """Note that subjects begin to move here, unless it is noted already; returns what the move is called.

        Durable. Every `whereabouts` that begins after this has returned tells of it.
        """
        ...

    def whereabouts(self, subject: str) -> Whereabouts:
        """Whether the subject has moved here. One plain read of the newest committed state, whoever's snapshot it is
        asked from."""
        ...

    def bring_in(self, belongings: Belongings, move: str) -> bool:
        """Write all of it, and that the subject is here, in one atomic step; nothing, if they are here already, or if
        `move` is not the move that goes on: a copy that comes late overwrites nothing and revives nothing.

        Returns whether they are here, and durably so: in a transaction of the caller's that is not known yet, and what
        they were copied from must stay. Raises InvalidInput if a record cannot be kept here.
        """
        ...

    def finish_move(self) -> None:
        """Note that everybody is here. Durable; the notes on single subjects are forgotten."""
        ...

    def forget_moves(self) -> None:
        """Forget that anybody has ever moved here: for a store that is about to be left."""
        ...


class Movable(Store, Protocol):
    """A store that subjects can leave, and can come to."""

    @property
    def moves(self) -> Moves:
        """How they do."""
        ...
