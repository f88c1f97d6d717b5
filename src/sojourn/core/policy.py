"""How many sessions, how long, and what happens at the limit: plain values, and the arithmetic of one limit.

Nothing here looks at more than one subject, and nothing here changes anything.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from sojourn.core.errors import ConfigurationError
from sojourn.core.records import EVICTIONS_MAX, Arrival, DeviceClass, Session
from sojourn.core.timeouts import DAY, MINUTE, Timeouts, deadline


class Overflow(StrEnum):
    """What happens to a sign-in for which there is no room."""

    REFUSE = "refuse"
    """It is refused; what is open stays open."""
    END_EXISTING = "end_existing"
    """It is admitted, and open sessions end to make room for it."""
    ASK = "ask"
    """It waits until its user has chosen which open session to end."""


class Order(StrEnum):
    """Which session ends first under END_EXISTING. Ties fall to the older one, then to the smaller sid."""

    LEAST_RECENTLY_USED = "least_recently_used"
    OLDEST = "oldest"
    SOONEST_EXPIRING = "soonest_expiring"


class Scope(StrEnum):
    """What is counted together: sessions that differ in one of these are counted apart."""

    CLIENT = "client"
    DEVICE_CLASS = "device_class"


class Counts(StrEnum):
    """What is counted: every session, or distinct devices (sessions of an unknown device count one each)."""

    SESSIONS = "sessions"
    DEVICES = "devices"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `max_sessions` open at once for one subject.

    `groups`: holds only subjects in one of these groups; empty means everybody. `exempt`: never holds subjects
    in one of these. `clients`, `device_classes`: counts and holds only sessions of these; empty means all.
    Raises ConfigurationError for values that cannot be meant.
    """

    max_sessions: int
    overflow: Overflow = Overflow.END_EXISTING
    order: Order = Order.LEAST_RECENTLY_USED
    scope: frozenset[Scope] = frozenset()
    counts: Counts = Counts.SESSIONS
    groups: frozenset[str] = frozenset()
    exempt: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    device_classes: frozenset[DeviceClass] = frozenset()
    name: str = ""

    def __post_init__(self) -> None:
        if self.max_sessions < 1:
            raise ConfigurationError("max_sessions must be at least 1; to stop sign-ins, deactivate the account.")
        if self.groups & self.exempt:
            both = ", ".join(sorted(self.groups & self.exempt))
            raise ConfigurationError(f"A limit cannot both hold and exempt the same groups: {both}.")

    @property
    def title(self) -> str:
        """The limit's name or, if it has none, its rule in a few words."""
        apart = "".join(f" per {scope.replace('_', ' ')}" for scope in sorted(self.scope))
        counted = str(self.counts).removesuffix("s") if self.max_sessions == 1 else str(self.counts)
        return self.name or f"{self.max_sessions} {counted}{apart}, then {self.overflow.replace('_', ' ')}"

    def holds(self, arrival: Arrival) -> bool:
        """Whether this limit has a say about `arrival` at all."""
        return (
            not arrival.parent
            and (not self.groups or bool(self.groups & arrival.groups))
            and not self.exempt & arrival.groups
            and (not self.clients or arrival.client in self.clients)
            and (not self.device_classes or arrival.device.kind in self.device_classes)
        )

    def counted(self, sessions: Iterable[Session], arrival: Arrival) -> list[Session]:
        """Those of `sessions` that take up room which `arrival` wants."""
        return [
            session
            for session in sessions
            if not session.parent
            and (Scope.CLIENT not in self.scope or session.client == arrival.client)
            and (Scope.DEVICE_CLASS not in self.scope or session.device.kind == arrival.device.kind)
            and (not self.clients or session.client in self.clients)
            and (not self.device_classes or session.device.kind in self.device_classes)
        ]

    def excess(self, counted: Iterable[Session], arrival: Arrival) -> int:
        """How many of `counted` (sessions or devices) are too many once `arrival` is in; 0 when there is room."""
        taken = self.taken(counted)
        wanted = arrival.device.digest if self.counts is Counts.DEVICES else ""
        return max(0, len(taken) + (wanted not in taken) - self.max_sessions)

    def taken(self, counted: Iterable[Session]) -> set[str]:
        """What `counted` take up: the session or, where devices are counted, the device of each."""
        return {unit(session) if self.counts is Counts.DEVICES else session.sid for session in counted}

    def in_order(self, sessions: Iterable[Session]) -> list[Session]:
        """`sessions` in the order in which they would end: a total order, the same for everybody who asks."""
        return sorted(sessions, key=_ORDER[self.order])


def unit(session: Session) -> str:
    """What a session counts as where devices are counted: its device or, if unknown, the session itself."""
    return session.device.digest or session.sid


def _end_of(session: Session) -> int:
    at = deadline(session)
    return 1 << 62 if at is None else at


_ORDER: dict[Order, Callable[[Session], tuple[int, int, int, str]]] = {
    Order.LEAST_RECENTLY_USED: lambda s: (s.last_seen, s.last_seen, s.created, s.sid),
    Order.OLDEST: lambda s: (s.created, s.last_seen, s.created, s.sid),
    Order.SOONEST_EXPIRING: lambda s: (_end_of(s), s.last_seen, s.created, s.sid),
}


@dataclass(frozen=True, slots=True)
class PingPong:
    """When two devices that keep ending each other's sessions are noticed, and what happens to the sign-in then.

    That is when, `within` so many milliseconds, they have done so `times` times by turns, the sign-in that is being
    judged included. `then`: REFUSE or ASK, in place of END_EXISTING, for that sign-in; None: it is recorded and told
    to the user, and nothing else. A refusal lasts no longer than `within`. Raises ConfigurationError for values that
    cannot be meant.
    """

    times: int = 3
    within: int = 10 * MINUTE
    then: Overflow | None = None

    def __post_init__(self) -> None:
        if not 2 <= self.times <= EVICTIONS_MAX:
            raise ConfigurationError(f"times must be from 2 to {EVICTIONS_MAX}: one end is no ping-pong.")
        if self.within <= 0:
            raise ConfigurationError("within must be longer than zero.")
        if self.then is Overflow.END_EXISTING:
            raise ConfigurationError("then must be refuse or ask: end_existing is what goes on without it.")


class NewPlace(StrEnum):
    """What makes a place a new one. The other way is taken where too little is known for this one."""

    COUNTRY = "country"
    """It is in a country from which the subject has not signed in before."""
    DISTANCE = "distance"
    """It is farther than `Familiarity.distance_km` from all places from which they have."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """What is unusual about a sign-in: for notices, never to turn anybody away.

    `distance_km`: what is no farther apart is no other place, and no journey; a database of addresses errs by that.
    `travel_kmh`: two sign-ins are far apart if nobody travels so fast; by default an airliner. `memory`: for how many
    milliseconds a device or a place that is not used any more is remembered. Raises ConfigurationError for values
    that cannot be meant.
    """

    new_place: NewPlace = NewPlace.COUNTRY
    distance_km: int = 500
    travel_kmh: int = 1000
    memory: int = 365 * DAY

    def __post_init__(self) -> None:
        for name in ("distance_km", "travel_kmh", "memory"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"{name} must be greater than zero.")


@dataclass(frozen=True, slots=True)
class Policy:
    """All that holds for one subject. Raises ConfigurationError for a combination that would lock people out.

    `timeouts` are for ordinary sessions, `persistent` for those whose user asked to stay signed in (the same if
    None). `replace_same_device`: a sign-in from a device and client that already hold a session replaces it.
    `ping_pong`: what two devices that keep ending each other come to; None: nobody looks. `familiarity`: which devices
    and places are new to a subject. `report_only`: record what the limits would have done, and change nothing.
    """

    limits: tuple[Limit, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    persistent: Timeouts | None = None
    replace_same_device: bool = True
    ping_pong: PingPong | None = field(default_factory=PingPong)
    familiarity: Familiarity = field(default_factory=Familiarity)
    report_only: bool = False

    def __post_init__(self) -> None:
        if any(limit.overflow is Overflow.REFUSE for limit in self.limits):
            for timeouts in (self.timeouts, self.persistent or self.timeouts):
                if timeouts.inactivity is None:
                    raise ConfigurationError(
                        "A limit that refuses needs an inactivity timeout: without one, a closed browser locks its "
                        "owner out for ever. Set one (and one for persistent sessions), or choose another overflow."
                    )

    @property
    def enforced(self) -> "Policy":
        """This policy, enforced."""
        return replace(self, report_only=False) if self.report_only else self

    def timeouts_for(self, persistent: bool) -> Timeouts:
        """The timeouts of a session that is persistent or not. Report-only sessions have none: nothing changes."""
        if self.report_only:
            return Timeouts()
        return self.persistent if persistent and self.persistent is not None else self.timeouts


class PolicyResolver(Protocol):
    """Picks the policy for one sign-in. Runs before the atomic step, never inside it, so it may look things up."""

    def __call__(self, arrival: Arrival) -> Policy:
        """The policy that holds for `arrival`."""
        ...
