"""How the suite gets its store, and looks at what was written without asking the store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.events import Event, SessionRotated, payload
from sojourn.core.records import Session, Ticket
from sojourn.core.store import Store
from sojourn.stores.memory import MemoryStore
from sojourn.testing import samples
from sojourn.testing.samples import sid


def wanted(event: Event) -> bool:
    """What the store under test is to be told of the events that are to be delivered: all but one type of them."""
    return not isinstance(event, SessionRotated)


class Reader(Protocol):
    """Reads what a store has written past the store itself, such as with plain SQL on a connection of its own."""

    def session_rows(self, subject: str) -> list[dict[str, Any]]:
        """All session records of the subject, open and ended, as they are stored; each has a key `sid`."""
        ...

    def events(self, subject: str) -> list[Mapping[str, Any]]:
        """The payloads of the subject's recorded events, in the order of recording."""
        ...

    def remains(self, subject: str) -> list[Any]:
        """All that is stored of the subject, of whatever kind, in one order; empty if there is no trace of them."""
        ...


class MemoryReader:
    """The reader of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def session_rows(self, subject: str) -> list[dict[str, Any]]:
        """See `Reader.session_rows`."""
        found = (*self._store.roster(subject).sessions, *self._store.history(subject, 1_000_000))
        return [{"sid": session.sid, "state": str(session.state)} for session in found]

    def events(self, subject: str) -> list[Mapping[str, Any]]:
        """See `Reader.events`."""
        return [payload(event) for event in self._store.events if event.subject == subject]

    def remains(self, subject: str) -> list[Any]:
        """See `Reader.remains`."""
        return self._store.remains(subject)


class Setup:
    """The fixtures `store` and `reader`, and short ways to write what a test begins with."""

    def make_store(self) -> Store:
        """An empty store, made with `wanted`. Override this, or the fixture `store`."""
        raise NotImplementedError("Say how to make the store: override make_store, or the fixture `store`.")

    def make_reader(self) -> Reader | None:
        """What reads past the store last made, or None if nothing can; tests that need it are then skipped."""
        return None

    def leave_thread(self) -> None:
        """Called at the end of each thread that the suite starts; close what the store opened for it."""

    @pytest.fixture
    def store(self) -> Store:
        """The store under test, empty."""
        return self.make_store()

    @pytest.fixture
    def reader(self, store: Store) -> Reader:  # noqa: ARG002  # pytest: a reader is made after its store
        """What reads past the store; skips the test where nothing can."""
        reader = self.make_reader()
        if reader is None:
            pytest.skip("This store gives no reader.")
        return reader


def keep(
    store: Store,
    *sessions: Session,
    tickets: Iterable[Ticket] = (),
    events: Sequence[Event] = (),
    subject: str = "ann",
) -> None:
    """Write sessions and tickets as they are, and events of `subject`."""
    for session in sessions:
        write(store, Decision(None, insert=session), session.subject)
    for ticket in tickets:
        write(store, Decision(None, issue=ticket), ticket.subject)
    if events:
        write(store, Decision(None, events=tuple(events)), subject)


def update(store: Store, *sessions: Session, subject: str = "ann") -> None:
    """One decision that updates `sessions`."""
    write(store, Decision(None, update=sessions), subject)


def write(store: Store, decision: Decision[None], subject: str = "ann") -> None:
    """Carry out `decision` as it is, whatever the roster."""
    store.transact(subject, lambda _: decision)


def session(name: str, subject: str = "ann", **fields: Any) -> Session:
    """`samples.session` with a sid as it is minted: what the suite calls "a" is `sid("a")` to a store."""
    return replace(samples.session(name, subject, **fields), sid=sid(name, subject))


def full_session(name: str, subject: str = "ann", **fields: Any) -> Session:
    """`samples.full_session` with a sid as it is minted."""
    return replace(samples.full_session(name, subject, **fields), sid=sid(name, subject))


def names(sessions: Iterable[Session]) -> list[str]:
    """What the suite calls these sessions."""
    return [session.sid[2:] for session in sessions]


def open_sids(store: Store, subject: str = "ann") -> list[str]:
    """The names of the sessions on the subject's roster."""
    return names(store.roster(subject).sessions)
