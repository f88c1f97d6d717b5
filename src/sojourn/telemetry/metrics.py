"""What is measured, whichever library keeps the figures: the one table of metrics, and what adds to which.

No label names a subject, a session, an address or an application: each has a few values that are known beforehand.
"""

import logging
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sojourn.core import errors
from sojourn.core.errors import StoreError
from sojourn.core.events import ChoiceOffered, Event, SessionEnded, SessionStarted, StartPaused, StartRefused, WouldHave
from sojourn.core.outcomes import Admitted, ChoiceRequired, Paused, Refused, StartOutcome
from sojourn.core.policy import Overflow
from sojourn.core.records import EndReason, Session
from sojourn.core.search import Census
from sojourn.core.timeouts import SECOND
from sojourn.stores.observed import Observer, Rejection

_logger = logging.getLogger("sojourn.telemetry")
_PATIENCE = 50


class Kind(StrEnum):
    """How a metric behaves."""

    COUNTER = "counter"
    """It only grows."""
    HISTOGRAM = "histogram"
    """How long something took, and how often."""
    GAUGE = "gauge"
    """How much there is, asked when the figures are collected."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: `name` is OpenTelemetry's, `unit` is UCUM's, `values` are those that `label` can have; none
    where the settings say which.
    """

    name: str
    kind: Kind
    unit: str
    doc: str
    label: str = ""
    values: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def prometheus_name(self) -> str:
        """Its name in Prometheus, as OpenTelemetry's rules for Prometheus make it."""
        ending = {Kind.COUNTER: "_total"}.get(self.kind, "")
        return self.name.replace(".", "_") + ("_seconds" if self.unit == "s" else "") + ending


STARTED_BY: dict[type[Event], str] = {
    SessionStarted: "admitted",
    StartRefused: "refused",
    ChoiceOffered: "choice",
    StartPaused: "paused",
}
"""What a sign-in came to, by the event that records it."""

OUTCOMES: dict[type[object], str] = {
    Admitted: "admitted",
    Refused: "refused",
    ChoiceRequired: "choice",
    Paused: "paused",
}
"""The same, by the outcome of the atomic step."""

_CODES = tuple(
    kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.StoreError)
)

SIGN_INS = Metric(
    "sojourn.sign_ins",
    Kind.COUNTER,
    "{sign_in}",
    "Sign-ins, by what they came to.",
    "outcome",
    tuple(STARTED_BY.values()),
)
ENDS = Metric(
    "sojourn.session.ends",
    Kind.COUNTER,
    "{session}",
    "Sessions that ended, by reason.",
    "reason",
    tuple(EndReason),
)
WOULD_HAVE = Metric(
    "sojourn.would_have",
    Kind.COUNTER,
    "{occasion}",
    "Report-only: what enforcement would have done, by what it would have come to.",
    "outcome",
    (*Overflow, EndReason.REPLACED, EndReason.INACTIVITY_TIMEOUT, EndReason.ABSOLUTE_TIMEOUT),
)
REJECTIONS = Metric(
    "sojourn.token.rejections",
    Kind.COUNTER,
    "{token}",
    "Well-formed tokens that opened nothing, by why.",
    "why",
    tuple(Rejection),
)
STORE_ERRORS = Metric(
    "sojourn.store.errors",
    Kind.COUNTER,
    "{error}",
    "Calls of the session store that failed, by error code. A call that was tried again counts again.",
    "code",
    _CODES,
)
LOOKUP = Metric(
    "sojourn.lookup.duration",
    Kind.HISTOGRAM,
    "s",
    "How long the look-up of a token took, with the note of activity where one was due.",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)
ADMISSION = Metric(
    "sojourn.admission.duration",
    Kind.HISTOGRAM,
    "s",
    "How long the atomic step that decides about a sign-in took, with its waiting for other sign-ins of that user.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)

DELIVERIES = Metric(
    "sojourn.deliveries",
    Kind.COUNTER,
    "{message}",
    "Messages that told somebody what happened, by what delivers them.",
    "sink",
)
DELIVERY_FAILURES = Metric(
    "sojourn.delivery.failures",
    Kind.COUNTER,
    "{attempt}",
    "Attempts to deliver a message that failed, by what was to deliver it. One that is made again counts again.",
    "sink",
)

LIVE = Metric("sojourn.sessions.live", Kind.GAUGE, "{session}", "Sessions that are live now.")
OUTBOX = Metric("sojourn.outbox.events", Kind.GAUGE, "{event}", "Events that wait to be delivered.")
OUTBOX_AGE = Metric("sojourn.outbox.age", Kind.GAUGE, "s", "How old the oldest event is that waits to be delivered.")

OUTBOX_DEAD = Metric(
    "sojourn.outbox.dead", Kind.GAUGE, "{event}", "Events that could not be delivered, and are not tried again."
)

METRICS = (
    SIGN_INS,
    ENDS,
    WOULD_HAVE,
    REJECTIONS,
    STORE_ERRORS,
    DELIVERIES,
    DELIVERY_FAILURES,
    LOOKUP,
    ADMISSION,
)
"""Every metric that grows as things happen."""

GAUGES: dict[Metric, Callable[[Census], float]] = {
    LIVE: lambda census: census.sessions,
    OUTBOX: lambda census: census.outbox,
    OUTBOX_DEAD: lambda census: census.dead,
    OUTBOX_AGE: lambda census: 0 if census.outbox_since is None else max(0, census.at - census.outbox_since) / SECOND,
}
"""Every metric that is asked when the figures are collected, and what it is in a census."""


class RecentCensus:
    """A census that is not older than `seconds` or, where it takes long, than fifty times as long as it took: however
    often somebody collects, and however large the store is, counting it takes no more than a fiftieth of the time.

    None if there is none to be had: collecting the other figures must not fail for it. Thread-safe.
    """

    def __init__(
        self, ask: Callable[[], Census], seconds: float = 10, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._seconds, self._timer = ask, seconds, timer
        self._lock = threading.Lock()
        self._found: Census | None = None
        self._next: float | None = None

    def __call__(self) -> Census | None:
        """The census."""
        with self._lock:
            began = self._timer()
            if self._next is None or began >= self._next:
                self._found = self._counted()
                self._next = began + max(self._seconds, _PATIENCE * (self._timer() - began))
            return self._found

    def forget(self) -> None:
        """Ask anew the next time."""
        with self._lock:
            self._next = None

    def _counted(self) -> Census | None:
        try:
            return self._ask()
        except Exception as error:  # noqa: BLE001  # whatever keeps it from being asked here, such as an event loop
            if not isinstance(error, StoreError):  # of those, the store's observers have been told
                _logger.warning("The figures of the store cannot be collected: %s.", type(error).__qualname__)
            return None


class Metrics(Observer):
    """Keeps the figures, by two methods that a library fills in."""

    timed = True

    @abstractmethod
    def count(self, metric: Metric, value: str) -> None:
        """Add one to a counter, for this value of its label."""

    @abstractmethod
    def took(self, metric: Metric, seconds: float) -> None:
        """Add a duration to a histogram."""

    def happened(self, event: Event) -> None:
        """See `Observer.happened`."""
        outcome = STARTED_BY.get(type(event))
        if outcome is not None:
            self.count(SIGN_INS, outcome)
        elif isinstance(event, SessionEnded) and event.session.end_reason is not None:
            self.count(ENDS, str(event.session.end_reason))
        elif isinstance(event, WouldHave):
            self.count(WOULD_HAVE, event.outcome)

    def decided(self, outcome: StartOutcome, seconds: float) -> None:
        """See `Observer.decided`."""
        self.took(ADMISSION, seconds)

    def looked_up(self, seconds: float) -> None:
        """See `Observer.looked_up`."""
        self.took(LOOKUP, seconds)

    def rejected(self, why: Rejection, session: Session | None) -> None:
        """See `Observer.rejected`."""
        self.count(REJECTIONS, str(why))

    def delivered(self, sink: str, events: int) -> None:
        """See `Observer.delivered`."""
        self.count(DELIVERIES, sink)

    def undelivered(self, sink: str, code: str, *, given_up: bool) -> None:
        """See `Observer.undelivered`."""
        self.count(DELIVERY_FAILURES, sink)

    def failed(self, call: str, error: StoreError) -> None:
        """See `Observer.failed`."""
        self.count(STORE_ERRORS, error.code)
