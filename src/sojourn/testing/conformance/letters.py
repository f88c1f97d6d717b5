"""What a test of delivery begins with: events, claims, and what is written down of them."""

from collections.abc import Sequence
from dataclasses import replace

from sojourn.core.events import Event, SessionStarted
from sojourn.core.outbox import Batch, Fate, Letter, Progress
from sojourn.core.store import Store
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import keep, session

LATER = START + 60_000
DONE = Progress(Fate.DONE, 1)


def started(subject: str, at: int) -> Event:
    """An event that is wanted."""
    return SessionStarted(subject=subject, at=at, session=session(f"{subject} {at}", subject))


def happen(store: Store, subject: str, *times: int) -> list[Event]:
    """An event of the subject at each of `times`, recorded in one step."""
    events = [started(subject, at) for at in times]
    keep(store, events=events, subject=subject)
    return events


def claim(
    store: Store, subject: str | None = None, *, worker: str = "a worker", now: int = START, until: int = LATER
) -> Batch:
    """A batch, which there must be."""
    batch = store.claim(worker, now, until, subject)
    assert batch is not None, "there is something to do"
    return batch


def settle(store: Store, batch: Batch, letters: Sequence[Letter]) -> None:
    """Write `letters` down and give the lease up."""
    store.settle(batch.lease, letters, batch.lease.told, until=None)


def give_up(store: Store, batch: Batch, letters: Sequence[Letter]) -> None:
    """One sink gives `letters` up, and another has told of them."""
    progress = {"mail": Progress(Fate.DEAD, 5, 0, "a message", "refused"), "hook": DONE}
    settle(store, batch, [replace(letter, due=None, progress=progress) for letter in letters])


def ids(letters: Sequence[Letter]) -> list[str]:
    """Their ids."""
    return [letter.id for letter in letters]


def ids_of(events: Sequence[Event]) -> list[str]:
    """Their ids."""
    return [event.id for event in events]
