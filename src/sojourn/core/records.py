"""What is remembered: frozen values, checked where they are made. No rule and no secret lives here.

All times are integer milliseconds since 1970 (UTC) on the caller's clock; durations are milliseconds too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sojourn.core.errors import InvalidInput

FORMAT_VERSION = 1
TEXT_MAX = 255


class State(StrEnum):
    """Whether a session may still be used. There is no way back from ENDED."""

    OPEN = "open"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a session ended. Every reason takes the same way, and reaches every sink."""

    LOGOUT = "logout"
    """Its user signed out of it."""
    REVOKED = "revoked"
    """Its user ended it from another session."""
    OPERATOR = "operator"
    """An administrator or a command ended it."""
    EVICTED = "evicted"
    """The limit was reached, and another sign-in took its place."""
    REPLACED = "replaced"
    """The same device signed in again."""
    SWITCHED = "switched"
    """Another user signed in in the same browser."""
    INACTIVITY_TIMEOUT = "inactivity_timeout"
    ABSOLUTE_TIMEOUT = "absolute_timeout"
    CARRIER_EXPIRED = "carrier_expired"
    """What carried its token, such as the framework's own session, ran out."""
    CREDENTIAL_CHANGED = "credential_changed"
    """The password it began with is no longer the account's."""
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    EPOCH = "epoch"
    """An operator ended every session of the store at once, as after restoring a backup."""
    DISOWNED = "disowned"
    """Its user said that the sign-in was not theirs: by the link in a message about it, or in an older session."""
    ABORTED = "aborted"
    """The sign-in did not complete: the request failed after the session was admitted."""

    @property
    def expired(self) -> bool:
        """Whether time ended it, rather than somebody."""
        return self in (self.INACTIVITY_TIMEOUT, self.ABSOLUTE_TIMEOUT, self.CARRIER_EXPIRED)


class DeviceClass(StrEnum):
    """What kind of device a session is on, as far as its user agent tells."""

    COMPUTER = "computer"
    PHONE = "phone"
    TABLET = "tablet"
    BOT = "bot"
    OTHER = "other"


def clean_text(value: str, limit: int = TEXT_MAX) -> str:
    """`value` fit to store, log and show: control and format characters become spaces, at most `limit` characters."""
    if len(value) <= limit and value.isprintable() and " ".join(value.split()) == value:
        return value  # as nearly always; a look-up cleans every text that it reads
    printable = "".join(c if c.isprintable() else " " for c in value[: limit * 4])
    return " ".join(printable.split())[:limit]


@dataclass(frozen=True, slots=True)
class Device:
    """Where a session runs. `digest` recognises the device among one subject's sessions; empty when unknown."""

    kind: DeviceClass = DeviceClass.OTHER
    family: str = ""
    os: str = ""
    digest: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", clean_text(self.family, 64))
        object.__setattr__(self, "os", clean_text(self.os, 64))

    @property
    def label(self) -> str:
        """A name a person recognises, such as "Firefox on Windows"; empty when nothing is known."""
        return " on ".join(part for part in (self.family, self.os) if part)


@dataclass(frozen=True, slots=True)
class Location:
    """Where an address is, as far as a database of addresses knows; empty where it does not. A guess, not a proof.

    `country`: ISO 3166-1 code of two letters. `latitude`, `longitude`: degrees, both or neither. `network`: who runs
    it, such as "AS3320 Deutsche Telekom AG".
    """

    country: str = ""
    region: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    network: str = ""

    def __post_init__(self) -> None:
        for name, limit in (("country", 2), ("region", 100), ("city", 100), ("network", 100)):
            object.__setattr__(self, name, clean_text(getattr(self, name), limit))
        if (self.latitude is None) != (self.longitude is None):
            raise InvalidInput("A location has both a latitude and a longitude, or neither.")
        if self.latitude is not None and not (-90 <= self.latitude <= 90 and -180 <= (self.longitude or 0) <= 180):
            raise InvalidInput("A latitude is between -90 and 90 degrees, a longitude between -180 and 180.")

    @property
    def known(self) -> bool:
        """Whether anything is known of it that can tell it from another."""
        return bool(self.country) or self.latitude is not None


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in stay of one subject. Application data is not in it, and neither is its token."""

    sid: str
    subject: str
    digest: bytes = field(repr=False)
    """SHA-256 of the token."""
    created: int
    authenticated: int
    """When the subject last proved who they are."""
    last_seen: int
    inactivity_timeout: int | None = None
    """Milliseconds without activity after which it is over."""
    expires: int | None = None
    """The moment it is over however active it is: the absolute timeout."""
    carrier_expires: int | None = None
    """The moment at which what carries the token ends by itself; moves with the carrier."""
    persistent: bool = False
    """Whether the user asked to stay signed in."""
    client: str = ""
    """The application signed in to."""
    device: Device = field(default_factory=Device)
    address: str = ""
    place: str = ""
    acr: str = ""
    amr: tuple[str, ...] = ()
    parent: str = ""
    """The sid of the session whose owner acts as this subject (impersonation); such a session takes up no room."""
    credential: str = field(default="", repr=False)
    """A digest that changes with the subject's password: sessions with an older one are over."""
    generation: int = 0
    """How many times the token was renewed."""
    predecessor: bytes | None = field(default=None, repr=False)
    """Digest of the token before the last renewal, still accepted until `predecessor_until`."""
    predecessor_until: int = 0
    state: State = State.OPEN
    end_reason: EndReason | None = None
    ended: int | None = None
    ended_by: str = ""
    """The sid of the session that ended it, or who did; empty when time or the user themselves did."""
    end_note: str = ""
    """What whoever ended it wrote down as their reason; for operators, never shown to the session's user."""
    privileges: str = field(default="", repr=False)
    """A digest of what the subject might do when the token was last renewed; empty if nobody has noted it."""
    voided: int | None = None
    """When an operator's new epoch made it void. Told by a store when it is read, never written with the session."""
    format: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if len(self.digest) != 32:
            raise InvalidInput("A token digest is 32 bytes.")
        if (self.state is State.ENDED) != (self.end_reason is not None and self.ended is not None):
            raise InvalidInput("An ended session, and only an ended one, has a reason and a time of its end.")

    @property
    def open(self) -> bool:
        """Whether nobody has ended it. It may still be past its time: `timeouts.judge` tells."""
        return self.state is State.OPEN


@dataclass(frozen=True, slots=True)
class Arrival:
    """A sign-in that has proved who it is and now asks for a session."""

    subject: str
    client: str = ""
    device: Device = field(default_factory=Device)
    address: str = ""
    place: str = ""
    """Where it comes from, as people read it; `location` is the same for rules."""
    location: Location = field(default_factory=Location)
    persistent: bool = False
    groups: frozenset[str] = frozenset()
    """Roles and groups of the subject, for limits that differ by them."""
    credentials: tuple[str, ...] = field(default=(), repr=False)
    """Digests of the subject's present password, the current one first; sessions begun with another are over."""
    replaces: str = ""
    """The sid of a session that this same browser already holds, to be replaced; empty when none."""
    carrier_expires: int | None = None
    acr: str = ""
    amr: tuple[str, ...] = ()
    parent: str = ""
    """The sid of the session whose owner acts as this subject; never refused, never counted. Empty otherwise."""
    privileges: str = field(default="", repr=False)
    """A digest of what the subject may do now."""
    contact: str = field(default="", repr=False)
    """Where the subject is written to now; kept with what they are told of this sign-in, and nowhere else."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "client", clean_text(self.client))
        object.__setattr__(self, "address", clean_text(self.address, 64))
        object.__setattr__(self, "place", clean_text(self.place))


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-in that waits for its user to choose which session to end. It authenticates nothing.

    Single use, bound to the browser that began it (`browser`) and to the password it began with (`credential`).
    """

    digest: bytes = field(repr=False)
    subject: str
    created: int
    expires: int
    browser: str = field(repr=False)
    """Digest of what recognises the browser; a ticket from any other browser is refused."""
    arrival: Arrival
    """The sign-in as it was asked for, to be judged again when the user has chosen."""
    context: Mapping[str, str] = field(default_factory=dict)
    """What the shell needs to go on afterwards, such as where the user was going."""
    format: int = FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class Pause:
    """An operator keeps a subject from signing in, until `until` or, if that is None, until somebody resumes it.

    Sessions that are open go on. `by` is who paused it, `note` why; both are for operators.
    """

    since: int
    by: str
    note: str = ""
    until: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", clean_text(self.by))
        object.__setattr__(self, "note", clean_text(self.note))

    def holds(self, now: int) -> bool:
        """Whether sign-ins are paused at `now`."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Eviction:
    """That a sign-in from one device took the place of a session on another. Devices are told by their digests."""

    at: int
    loser: str = field(repr=False)
    winner: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that the subject has signed in on: since when, when last, and whether they said that it is theirs.

    `label` is what it was called by itself, such as "Firefox on Windows". A name of the subject's own is elsewhere.
    """

    since: int
    last: int
    label: str = ""
    trusted: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", clean_text(self.label, 130))


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """Where the subject has signed in from, and when last."""

    location: Location
    last: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """The subject's last sign-in, to be told at the next (NIST SP 800-53 AC-9). `location` for the speed of travel."""

    at: int
    device: str = ""
    address: str = ""
    place: str = ""
    location: Location = field(default_factory=Location)

    def __post_init__(self) -> None:
        object.__setattr__(self, "device", clean_text(self.device, 130))
        object.__setattr__(self, "address", clean_text(self.address, 64))
        object.__setattr__(self, "place", clean_text(self.place))


DEVICES_MAX = 50
PLACES_MAX = 20
CONFIRMED_MAX = 50
ANSWERED_MAX = 50
DEVICE_NAMES_MAX = 50
NAME_MAX = 64
"""Characters of the longest name of a device."""
EVICTIONS_MAX = 10


@dataclass(frozen=True, slots=True)
class Profile:
    """What is remembered of a subject beside their sessions: read and written in the same atomic step as these.

    `device_names`: what the subject calls their devices, by device digest. `evictions`: the latest, oldest first.
    Both are bounded; the oldest go first. A subject of whom nothing is remembered has an empty profile.
    `unenforced`: the sids of open sessions that began while their policy was report-only, each with why it would be
    over had the policy been enforced; "" if it would not.
    `devices`: those that the subject has signed in on, by digest, the one used longest ago first. `places`: where
    from, likewise. `last_sign_in`: the last one that was admitted. `refused_since`: how many sign-ins a limit has
    refused since. `muted`: the kinds of notices that the subject does not want. `confirmed`: the sids of sessions of
    which they said that it was them, each with when the session began in which they said so. `answered`: ids of
    messages whose question they have answered, each with when.
    `credential_changed`: when their password was last seen to have changed while they had sessions open.
    """

    pause: Pause | None = None
    device_names: Mapping[str, str] = field(default_factory=dict, repr=False)
    evictions: tuple[Eviction, ...] = ()
    unenforced: Mapping[str, str] = field(default_factory=dict)
    devices: Mapping[str, KnownDevice] = field(default_factory=dict, repr=False)
    places: tuple[KnownPlace, ...] = ()
    last_sign_in: SignIn | None = None
    refused_since: int = 0
    muted: frozenset[str] = frozenset()
    confirmed: Mapping[str, int] = field(default_factory=dict)
    answered: Mapping[str, int] = field(default_factory=dict)
    credential_changed: int | None = None
    format: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "devices", dict(list(self.devices.items())[-DEVICES_MAX:]))
        object.__setattr__(self, "places", self.places[-PLACES_MAX:])
        object.__setattr__(self, "confirmed", dict(list(self.confirmed.items())[-CONFIRMED_MAX:]))
        object.__setattr__(self, "answered", dict(list(self.answered.items())[-ANSWERED_MAX:]))
        names = [(digest, clean_text(name, NAME_MAX)) for digest, name in self.device_names.items()]
        object.__setattr__(self, "device_names", dict([pair for pair in names if pair[1]][-DEVICE_NAMES_MAX:]))
        object.__setattr__(self, "evictions", self.evictions[-EVICTIONS_MAX:])

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that must outlive the subject's sessions."""
        kept = (self.pause, self.device_names, self.devices, self.places, self.last_sign_in, self.muted, self.answered)
        return not any(kept)


@dataclass(frozen=True, slots=True)
class Roster:
    """One subject's sessions that nobody has ended, as one atomic step sees them: in one order, whatever the store."""

    subject: str
    sessions: tuple[Session, ...] = ()
    ticket: Ticket | None = None
    """The ticket that was asked for together with the roster, if there is such a one for this subject."""
    profile: Profile = field(default_factory=Profile)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", tuple(sorted(self.sessions, key=lambda s: (s.created, s.sid))))

    def by_sid(self, sid: str) -> Session | None:
        """The session with this public id, if it is on the roster."""
        return next((session for session in self.sessions if session.sid == sid), None)
