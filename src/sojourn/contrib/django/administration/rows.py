"""Sessions as the admin shows them, with the names of their users."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import now
from sojourn.contrib.django.presentation import device_text, moment
from sojourn.contrib.django.wording import DEVICE_CLASSES, reason_text
from sojourn.core.decisions import end_session
from sojourn.core.records import EndReason, Session
from sojourn.core.timeouts import deadline, judge


@dataclass(frozen=True, slots=True)
class Row:
    """One session on a page of the admin. `mine` marks the one that its reader came with, or acts from."""

    session: Session
    user: AbstractBaseUser | None
    mine: bool
    live: bool

    @property
    def sid(self) -> str:
        """The session's id."""
        return self.session.sid

    @property
    def user_name(self) -> str:
        """The name its user signs in with, or their subject if nobody is known by it."""
        return self.session.subject if self.user is None else self.user.get_username()

    @property
    def device_label(self) -> str:
        """What it is on, in words; "" if unknown."""
        return device_text(self.session.device)

    @property
    def device_class(self) -> str:
        """What kind of device that is."""
        return str(DEVICE_CLASSES[self.session.device.kind])

    @property
    def started_at(self) -> datetime:
        """When it was signed in."""
        return moment(self.session.created)

    @property
    def last_seen_at(self) -> datetime:
        """When it was last used, to within a minute or so."""
        return moment(self.session.last_seen)

    @property
    def expires_at(self) -> datetime | None:
        """When time will end it if it is not used; None if it has ended, or has no end."""
        ends = deadline(self.session) if self.live else None
        return None if ends is None else moment(ends)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended."""
        return None if self.session.ended is None else moment(self.session.ended)

    @property
    def reason(self) -> str:
        """Why it ended, in words; "" while it is live."""
        return "" if self.live else reason_text(str(self.session.end_reason))


def own_sids(request: HttpRequest) -> frozenset[str]:
    """The session that a request came with and, while its owner acts as somebody else, the one they act from."""
    session: Session | None = getattr(request, "sojourn", None)
    return frozenset() if session is None else frozenset({session.sid, session.parent} - {""})


def rows_of(request: HttpRequest, sessions: Sequence[Session]) -> list[Row]:
    """The sessions as rows. One query for all their users; those that time has ended are shown as ended."""
    users = adapter().users_of({session.subject for session in sessions}) if sessions else {}
    mine, at = own_sids(request), now()
    return [
        Row(
            session if live or not session.open else end_session(session, EndReason.ABSOLUTE_TIMEOUT, "", at),
            users.get(session.subject),
            session.sid in mine,
            live,
        )
        for session, live in ((each, judge(each, at).live) for each in sessions)
    ]
