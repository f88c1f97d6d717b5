"""Recorded events on their way to those who are to learn of them, and what a store does so that none is lost.

The unit of delivery is a subject: one worker at a time holds the lease on a subject, so that what happened to them is
told in its order, and one whose messages cannot be delivered holds nobody else up. Every sink (a way of telling:
mail, a webhook) has its own progress with every event.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from sojourn.core.events import CONTACT, uncontacted
from sojourn.core.records import clean_text

BATCH_MAX = 100
"""How many events of one subject a worker is given at once."""


class Fate(StrEnum):
    """What has become of an event at one sink."""

    WAITING = "waiting"
    DONE = "done"
    """Delivered, or nothing that the sink tells anybody."""
    DEAD = "dead"
    """Given up: it failed for good, too often, or for too long. An operator can send it again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one sink is with one event.

    `attempts`: how many were made. `due`: not to be tried before. `message`: the id of the message that it is part of
    (that of its first event), written down before it is first sent, so that every copy is the same. `error`: why the
    last attempt failed, in a few words, for operators; never an address or a secret.
    """

    fate: Fate = Fate.WAITING
    attempts: int = 0
    due: int = 0
    message: str = ""
    error: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", clean_text(self.error, 200))


@dataclass(frozen=True, slots=True)
class Letter:
    """A recorded event, as `sojourn.core.events.payload` wrote it, and how far each sink is with it.

    `due`: when a worker is to look at it next; None once nobody waits for it. A sink that has no progress has not
    begun.
    """

    event: Mapping[str, object]
    due: int | None
    progress: Mapping[str, Progress] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The event's id, the same in every copy."""
        return str(self.event["id"])

    @property
    def subject(self) -> str:
        """Whom it happened to."""
        return str(self.event["subject"])

    @property
    def type(self) -> str:
        """The event's type."""
        return str(self.event["type"])

    @property
    def at(self) -> int:
        """When it happened."""
        return int(str(self.event["at"]))

    @property
    def contact(self) -> str:
        """Where its subject was written to when it happened; empty if that is not known, or forgotten."""
        return str(self.event.get(CONTACT, ""))

    @property
    def over(self) -> bool:
        """Whether nobody waits for it, nor could: no sink has given it up."""
        return self.due is None and not self.dead

    @property
    def dead(self) -> bool:
        """Whether a sink has given it up."""
        return any(each.fate is Fate.DEAD for each in self.progress.values())


def settled(letter: Letter) -> Letter:
    """`letter` as a store keeps it from now on: without its contact once it is over."""
    return replace(letter, event=uncontacted(letter.event)) if letter.over and letter.contact else letter


def revived(letter: Letter, now: int, sink: str | None = None) -> Letter | None:
    """`letter` due at `now`, what was given up of it (by `sink`, or by any) as if never tried. None if nothing was."""
    dead = {name for name, each in letter.progress.items() if each.fate is Fate.DEAD and sink in (None, name)}
    if not dead:
        return None
    progress = {name: Progress() if name in dead else each for name, each in letter.progress.items()}
    return replace(letter, due=now, progress=progress)


@dataclass(frozen=True, slots=True)
class Lease:
    """That `worker` alone tells of `subject` until `until`. `told`: when each sink last told this subject anything, and
    other moments that deliverers keep, each under a name that they choose.

    Workers have names of 1 to 64 characters, each its own: two with one name are one.
    """

    subject: str
    worker: str
    until: int
    told: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """A lease, and the subject's letters that wait, in the order in which they were recorded: the oldest of them."""

    lease: Lease
    letters: tuple[Letter, ...]


@dataclass(frozen=True, slots=True)
class Failing:
    """That a sink has failed ever since `since`, last with `error`, and is `disabled` since then, if it is."""

    since: int
    error: str = ""
    disabled: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", clean_text(self.error, 200))


class Outbox(Protocol):
    """What every store does for delivery. Which events are wanted at all, a store is told when it is made.

    A wanted event is due from the moment that it is recorded, in the same atomic step as the change that it tells of.
    All methods raise StoreUnavailable when the store cannot be reached, and change nothing then.
    """

    def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """Lease a subject of whom a letter is due at `now`, and on whom nobody has a lease that lasts beyond `now`.

        The one whose letter has been due longest; with `subject`, that one or none. Also read are the subject's
        letters that wait and are not due yet, BATCH_MAX in all, the oldest recorded first; in a full batch none may be
        due, though one of `more` is. Atomic: of several workers one gets the lease. None if there is nothing to do,
        or if others were quicker with all that there was.
        """
        ...

    def more(self, subject: str, after: str) -> Sequence[Letter]:
        """The subject's letters that wait, recorded after the one with the id `after`: the next BATCH_MAX, in order.

        For who has the lease and a batch that was full. None of them if `after` is not recorded any more.
        """
        ...

    def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """Write down how far the sinks are with `letters`, and when each last `told` the subject something.

        With `until` the lease goes on till then and is returned; with None it is given up, and what was `told` is
        remembered until it is purged. Atomic. If the lease is another worker's by now, or nobody's (the subject was
        erased, a letter of theirs revived), nothing is written, and None is returned: whoever works on must stop. A
        lease that is over, but that nobody has taken since, still counts. A letter that is not recorded any more is
        passed over. The contact of a letter that is over is forgotten with it: see `settled`.
        """
        ...

    def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """At most `limit` letters that a sink has given up, the oldest recorded first, after the one called `after`.

        None of them if `after` is not recorded any more.
        """
        ...

    def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """Let what was given up of the letters `ids` (by `sink`, or by any) be due again at `now`, as if never tried.

        Atomic for each letter; whoever has the lease on its subject loses it, so that they undo nothing of this.
        Returns how many letters there were.
        """
        ...

    def shed(self, keep: int, limit: int) -> int:
        """Forget the oldest recorded events, at most `limit`, of those beyond `keep`; returns how many went.

        So that a deliverer that has stopped cannot fill the store: what is shed is told to nobody any more. There are
        no more than `keep` left once it has returned less than `limit`; several at once may leave fewer.
        """
        ...

    def note_failing(self, sink: str, failing: Failing | None) -> None:
        """Remember that a sink is failing, or (None) that it is not."""
        ...

    def failing(self) -> Mapping[str, Failing]:
        """The sinks that are failing, by name."""
        ...


class AsyncOutbox(Protocol):
    """The same for callers that await; each method has the contract of its twin in `Outbox`."""

    async def claim(self, worker: str, now: int, until: int, subject: str | None = None) -> Batch | None:
        """See `Outbox.claim`."""
        ...

    async def more(self, subject: str, after: str) -> Sequence[Letter]:
        """See `Outbox.more`."""
        ...

    async def settle(
        self, lease: Lease, letters: Collection[Letter], told: Mapping[str, int], *, until: int | None
    ) -> Lease | None:
        """See `Outbox.settle`."""
        ...

    async def dead_letters(self, limit: int, after: str | None = None) -> Sequence[Letter]:
        """See `Outbox.dead_letters`."""
        ...

    async def revive(self, ids: Collection[str], now: int, sink: str | None = None) -> int:
        """See `Outbox.revive`."""
        ...

    async def shed(self, keep: int, limit: int) -> int:
        """See `Outbox.shed`."""
        ...

    async def note_failing(self, sink: str, failing: Failing | None) -> None:
        """See `Outbox.note_failing`."""
        ...

    async def failing(self) -> Mapping[str, Failing]:
        """See `Outbox.failing`."""
        ...
