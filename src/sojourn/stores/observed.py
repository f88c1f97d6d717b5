"""A store that is watched: whatever shell is above it, everything that happens to a session passes here once.

Observers (metrics, logs) are told what is certain. What a transaction takes back has not happened, and what was told
once is not told again.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import PurePath
from typing import TypeVar

from sojourn.core.decisions import Decision
from sojourn.core.errors import StoreError, StoreUnconfirmed
from sojourn.core.events import Event
from sojourn.core.outcomes import StartOutcome
from sojourn.core.records import Roster, Session
from sojourn.core.store import Decide, Store
from sojourn.stores.wrappers import AroundStore

T = TypeVar("T")
_logger = logging.getLogger("sojourn.telemetry")
_REMEMBERED = 4096
"""Events that were told of last. Only those of one request can come twice, so this is more than enough."""


class Rejection(StrEnum):
    """Why a token that has the right form opened nothing."""

    UNKNOWN = "unknown"
    """No session has it, or none that is remembered."""
    ENDED = "ended"
    """Its session has ended."""
    SUPERSEDED = "superseded"
    """It was renewed, and the time in which the old one was still accepted is over: somebody may have kept a copy."""


class Observer:
    """Somebody who is told what happens at a store. Override what you want to know; the rest does nothing.

    Called in the thread of the request, so each method must be quick, and must be thread-safe. What it raises is
    logged once and goes no further.
    """

    timed = False
    """Whether it wants to know how long look-ups take; they are not timed if nobody does."""

    def happened(self, event: Event) -> None:
        """Something happened. Told once for each event id, when the transaction that recorded it is committed."""

    def decided(self, outcome: StartOutcome, seconds: float) -> None:
        """A sign-in was decided about, in one atomic step that took `seconds`, its waiting for locks included.

        Told at once, also where a transaction of the caller's takes the decision back afterwards.
        """

    def looked_up(self, seconds: float) -> None:
        """A token was looked up, found or not; activity may have been noted in the same call. Only if `timed`."""

    def rejected(self, why: Rejection, session: Session | None) -> None:
        """A token was looked up that opens nothing; `session` is the one that it belonged to, if that is known."""

    def delivered(self, sink: str, events: int) -> None:
        """The sink told somebody of so many events, in one message. Told by whoever delivers, in their thread."""

    def undelivered(self, sink: str, code: str, *, given_up: bool) -> None:
        """The sink could not deliver a message, by the error's `code`; `given_up`: it is not tried again."""

    def failed(self, call: str, error: StoreError) -> None:
        """The method `call` of the store raised `error`; whoever called it may try again, and then it counts again."""


def _at_once(report: Callable[[], None]) -> None:
    report()


class ObservedStore(AroundStore):
    """A `Store` whose every call is passed on, and whose observers learn what came of it.

    `committed` calls what it is given when everything written so far is durable, and never if it is rolled back; by
    default at once, which is right wherever a caller's transaction cannot be around the store's. Thread-safe if the
    store is. For callers that await, put it inside `ThreadedStore`.
    """

    def __init__(
        self,
        store: Store,
        observers: Iterable[Observer],
        *,
        clock: Callable[[], int],
        committed: Callable[[Callable[[], None]], None] = _at_once,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(store)
        self.observers = tuple(observers)
        self._clock, self._committed, self._timer = clock, committed, timer
        self._timed = any(observer.timed for observer in self.observers)
        self._lock = threading.Lock()
        self._told: dict[str, None] = {}
        self._faults: set[tuple[str, str]] = set()

    def around(self, name: str, call: Callable[[], T]) -> T:
        """Make the call, and tell of its failure."""
        try:
            return call()
        except StoreError as error:
            self._tell("failed", name, error)
            raise

    def lookup(self, digest: bytes, route: int) -> Session | None:
        """See `Store.lookup`. Nothing is added for a live session, unless somebody wants to know how long it took."""
        return self._watched("lookup", digest, lambda: self.store.lookup(digest, route))

    def visit(self, digest: bytes, route: int, now: int, wished: int | None) -> Session | None:
        """See `Store.visit`. Observed as `lookup` is."""
        return self._watched("visit", digest, lambda: self.store.visit(digest, route, now, wished))

    def lookup_along(self, digest: bytes, look: Callable[[], tuple[Session | None, T]]) -> tuple[Session | None, T]:
        """A look-up that a shell makes by itself, since it can read something else along with the record: `look`
        returns both. Observed as `lookup` is, and raises what `look` raises.
        """
        began = self._timer() if self._timed else 0.0
        try:
            found, along = look()
        except StoreError as error:
            self._tell("failed", "lookup", error)
            raise
        self._looked_up(digest, found, began)
        return found, along

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """See `Store.transact`."""
        made: list[Decision[T]] = []

        def kept(roster: Roster) -> Decision[T]:
            made[:] = [decide(roster)]
            return made[0]

        began = self._timer()
        try:
            return self.around("transact", lambda: self.store.transact(subject, kept, ticket))
        except StoreUnconfirmed:
            raise  # it is written, and most likely stays
        except BaseException:
            made.clear()
            raise
        finally:
            seconds = self._timer() - began
            for decision in made:
                if isinstance(decision.outcome, StartOutcome):
                    self._tell("decided", decision.outcome, seconds)
                self._report(decision.events)

    def restore(self, decision: Decision[T]) -> None:
        """See `Store.restore`. What the caller's transaction took back is certain only now."""
        self.around("restore", lambda: self.store.restore(decision))
        self._report(decision.events)

    def _watched(self, name: str, digest: bytes, look: Callable[[], Session | None]) -> Session | None:
        began = self._timer() if self._timed else 0.0
        try:
            found = look()
        except StoreError as error:
            self._tell("failed", name, error)
            raise
        if self._timed or found is None or found.digest != digest or not found.open:
            self._looked_up(digest, found, began)
        return found

    def _looked_up(self, digest: bytes, found: Session | None, began: float) -> None:
        if self._timed:
            self._tell("looked_up", self._timer() - began)
        if found is None:
            self._tell("rejected", Rejection.UNKNOWN, None)
        elif not found.open:
            self._tell("rejected", Rejection.ENDED, found)
        elif found.digest != digest and found.predecessor_until <= self._clock():
            self._tell("rejected", Rejection.SUPERSEDED, found)

    def _report(self, events: tuple[Event, ...]) -> None:
        if events:
            self._committed(lambda: self._happened(events))

    def _happened(self, events: tuple[Event, ...]) -> None:
        with self._lock:
            fresh = [event for event in events if event.id not in self._told]
            self._told.update((event.id, None) for event in fresh)
            while len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
        for event in fresh:
            self._tell("happened", event)

    def _tell(self, what: str, *facts: object) -> None:
        """Call the method `what` of every observer. One that fails breaks no sign-in, and keeps nobody from hearing."""
        for observer in self.observers:
            try:
                getattr(observer, what)(*facts)
            except Exception as error:  # noqa: BLE001  # whatever a library or a handler raises
                self._complain(observer, error)

    def _complain(self, observer: Observer, error: Exception) -> None:
        """Once for each kind of error, and without its message, which may say what must not be in a log."""
        fault = type(observer).__qualname__, type(error).__qualname__
        if fault in self._faults:
            return
        self._faults.add(fault)
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = "" if trace is None else f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        _logger.error("%s failed with %s at %s; this is logged once, and its figures are incomplete.", *fault, where)
