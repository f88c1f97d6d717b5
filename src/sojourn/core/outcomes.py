"""What a sign-in or a look-up came to: data, the same in Python, in JSON and over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass

from sojourn.core.policy import Limit
from sojourn.core.records import Session
from sojourn.core.timeouts import deadline
from sojourn.core.tokens import TicketSecret, Token


@dataclass(frozen=True, slots=True)
class Admitted:
    """The sign-in has a session. `ended` made room for it or were over anyway; `also_open` go on beside it."""

    session: Session
    ended: tuple[Session, ...] = ()
    also_open: tuple[Session, ...] = ()
    token: Token | None = None
    """The session's token, for its owner; there only where the sign-in was asked for, and never stored."""
    previous: Mapping[str, object] | None = None
    """The sign-in before, to be told at this one (NIST SP 800-53 AC-9): as in `SessionStarted.previous`."""
    rivals: tuple[Session, ...] = ()
    """Those of `ended` on a device that this one and they keep ending each other's sessions: see `PingPong`."""
    confirmed: bool = True
    """False if replicas were to confirm it and have not: a failover may undo it, which signs its user out again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """There was no room. Nothing was changed."""

    limit: Limit
    open: tuple[Session, ...]
    """The sessions that take up the room, last used first."""
    free_at: int | None = None
    """When the first of them ends by itself if it is not used again; None if none does."""
    rivals: tuple[Session, ...] = ()
    """Those of `open` for which it was refused, where ending them would go on and on: see `PingPong`."""

    @classmethod
    def of(cls, limit: Limit, counted: tuple[Session, ...]) -> "Refused":
        """The refusal of a sign-in for which `counted` leave no room under `limit`."""
        ends = [at for session in counted if (at := deadline(session)) is not None]
        return cls(limit, tuple(sorted(counted, key=lambda s: (-s.last_seen, s.sid))), min(ends, default=None))


@dataclass(frozen=True, slots=True)
class ChoiceRequired:
    """There was no room, and the user may choose what to end. Nothing was changed, and nobody is signed in."""

    limit: Limit
    open: tuple[Session, ...]
    end_at_least: int
    expires: int
    """Until when the choice may be made."""
    ticket: TicketSecret | None = None
    """What answers the question, for the browser that began; it authenticates nothing."""
    rivals: tuple[Session, ...] = ()
    """Those of `open` for which it is asked, where ending them would go on and on: see `PingPong`."""


@dataclass(frozen=True, slots=True)
class Paused:
    """An operator has paused the subject's sign-ins. Nothing was changed, and there is nothing to choose."""

    until: int | None = None
    """When they may sign in again by themselves; None if somebody has to let them."""


StartOutcome = Admitted | Refused | ChoiceRequired | Paused


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The token is that of a live session. `renewed` means it is an older one, in its last seconds of grace."""

    session: Session
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The token was that of a session that is over: `session` says why, since when, and by whom if that is known."""

    session: Session


@dataclass(frozen=True, slots=True)
class Unknown:
    """No session has this token, or none that is remembered. As dead as any ended one."""


Authentication = Authenticated | Ended | Unknown
