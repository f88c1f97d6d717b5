"""Sessions as operators see them: rows of a table, and JSON."""

from collections.abc import Iterable, Sequence

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import now
from sojourn.contrib.django.operations.terminal import Terminal, when
from sojourn.core.records import Session
from sojourn.core.timeouts import judge
from sojourn.web.problems import instant, session_json

HEADS = ("SESSION", "USER", "LAST SEEN", "DEVICE", "ADDRESS", "STANDING")
_CUT = (1, 3, 4, 5)


def names(sessions: Iterable[Session]) -> dict[str, str]:
    """User names by subject, as far as they are known."""
    users = adapter().users_of({session.subject for session in sessions})
    return {subject: user.get_username() for subject, user in users.items()}


def show(terminal: Terminal, sessions: Sequence[Session]) -> None:
    """A table of sessions."""
    known, this_year = names(sessions), when(now())[:4]
    rows = [
        (
            session.sid,
            known.get(session.subject, session.subject),
            when(session.last_seen).removeprefix(f"{this_year}-"),
            session.device.label or str(session.device.kind),
            session.address,
            standing(session),
        )
        for session in sessions
    ]
    terminal.table(HEADS, rows, cut=_CUT)


def standing(session: Session) -> str:
    """Whether it is live or, if not, why it is over."""
    verdict = judge(session, now())
    return "live" if verdict.live else str(verdict.reason)


def as_json(session: Session, user: str | None) -> dict[str, object]:
    """All that an operator may know of a session; nothing that would open one. What its user calls the device is not
    in it: that is read for each subject apart.
    """
    verdict, facts = judge(session, now()), session_json(session, {})
    del facts["name"]
    return {
        "subject": session.subject,
        "user": user,
        **facts,
        "standing": standing(session),
        "persistent": session.persistent,
        "authenticated_at": instant(session.authenticated),
        "over_at": instant(verdict.at),
        "acting_for": session.parent or None,
        "ended_by": session.ended_by or None,
        "note": session.end_note or None,
    }
