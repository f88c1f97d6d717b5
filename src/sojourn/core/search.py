"""What operators ask of a store as a whole: which sessions, how many, since when. Questions and answers as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase

from sojourn.core.errors import InvalidInput
from sojourn.core.records import DeviceClass, EndReason, Session

PAGE_MAX = 500
SUBJECTS_MAX = 1000
_FOLD = str.maketrans(ascii_uppercase, ascii_lowercase)


def folded(text: str) -> str:
    """`text` with the letters A to Z as a to z. No others: databases disagree about what their other case is."""
    return text.translate(_FOLD)


class Standing(StrEnum):
    """Which sessions are meant, as they stand now."""

    LIVE = "live"
    """Open, and not past their time."""
    OVER = "over"
    """Ended, or past their time."""
    ANY = "any"


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Which sessions, a page at a time, by the time of their start; an empty field asks for nothing in particular.

    `subjects`: of these only (an empty tuple: of nobody). `device`: a part of its label's words, whatever the case of
    the letters A to Z. `address`: how it begins. `client`: exactly. `reason`: why they ended. `since`, `before`: when
    they started, in milliseconds. `after`: the cursor of the page before. Raises InvalidInput for a page that is too
    long or empty, and for too many subjects.
    """

    standing: Standing = Standing.ANY
    subjects: tuple[str, ...] | None = None
    client: str | None = None
    device: str = ""
    device_class: DeviceClass | None = None
    address: str = ""
    reason: EndReason | None = None
    since: int | None = None
    before: int | None = None
    oldest_first: bool = False
    after: tuple[int, str] | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        if not 0 < self.limit <= PAGE_MAX:
            raise InvalidInput(f"A page holds between 1 and {PAGE_MAX} sessions.")
        if self.subjects is not None and len(self.subjects) > SUBJECTS_MAX:
            raise InvalidInput(f"A query names at most {SUBJECTS_MAX} subjects.")

    def finds(self, session: Session, live: bool) -> bool:
        """Whether `session` is among what is asked for: the meaning of every field but the cursor and the limit."""
        device = session.device
        return (
            (self.standing is Standing.ANY or live is (self.standing is Standing.LIVE))
            and (self.subjects is None or session.subject in self.subjects)
            and (self.client is None or session.client == self.client)
            and any(folded(self.device) in folded(part) for part in (device.family, device.os))
            and (self.device_class is None or device.kind is self.device_class)
            and session.address.startswith(self.address)
            and (self.reason is None or session.end_reason is self.reason)
            and (self.since is None or session.created >= self.since)
            and (self.before is None or session.created < self.before)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the sessions that a query found. `cursor` asks for those after them; None if there are no more."""

    sessions: tuple[Session, ...] = ()
    cursor: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """What is live in a store at one moment.

    `per_subject`: how many subjects have that many live sessions. `outbox`: how many events wait to be delivered,
    `outbox_since` the time of the oldest of them, `due_since` since when the first of them is due (or when it will be),
    `dead` how many were given up at a sink, or cannot be read.
    """

    at: int
    sessions: int = 0
    subjects: int = 0
    by_device_class: Mapping[DeviceClass, int] = field(default_factory=dict)
    by_client: Mapping[str, int] = field(default_factory=dict)
    per_subject: Mapping[int, int] = field(default_factory=dict)
    outbox: int = 0
    outbox_since: int | None = None
    due_since: int | None = None
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened in one stretch of time that begins at `since`, as far back as a store remembers.

    `started`: sessions. `ended`: sessions by the reason of their end. `stopped`: sign-ins that were no success, by
    the type of their event ("start.refused", "choice.offered", ...).
    """

    since: int
    started: int = 0
    ended: Mapping[EndReason, int] = field(default_factory=dict)
    stopped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which recorded events, the oldest first: of `subject`, of these `types`, from `since` on, after the one `after`.

    `after` is the time and the id of the last event of the page before.
    """

    subject: str | None = None
    types: tuple[str, ...] = ()
    since: int | None = None
    after: tuple[int, str] | None = None
    limit: int = 500

    def __post_init__(self) -> None:
        if not 0 < self.limit <= PAGE_MAX:
            raise InvalidInput(f"A page holds between 1 and {PAGE_MAX} events.")
