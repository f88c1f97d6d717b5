"""What a subject may do has changed: their tokens are renewed (OWASP ASVS 5.0 7.2.4), once for each change."""

from dataclasses import replace

from sojourn.core.decisions import Decision, decide_rotate
from sojourn.core.records import Roster, Session
from sojourn.core.timeouts import judge

CHANGED = "changed"
"""In place of a digest: what the subject may do has changed in a way that a digest of theirs may not tell."""


def differ(session: Session, privileges: str) -> bool:
    """Whether `privileges`, a digest of what the subject may do now, is not what the session has noted.

    An empty digest says that nobody looks, and differs from nothing.
    """
    return privileges not in ("", session.privileges)


def decide_privileges_changed(roster: Roster, now: int) -> Decision[tuple[Session, ...]]:
    """Mark the subject's live sessions, so that their tokens are renewed when each next comes by."""
    marked = tuple(
        replace(session, privileges=CHANGED)
        for session in roster.sessions
        if session.privileges != CHANGED and judge(session, now).live
    )
    return Decision(marked, update=marked)


def decide_note_privileges(
    roster: Roster, sid: str, privileges: str, digest: bytes, grace: int, now: int, *, renew: bool = True
) -> Decision[Session | None]:
    """Note in a session what its subject may do now, and give it the token `digest` if that has changed.

    The outcome is the session if its token was renewed; otherwise None: it is over, another request was faster, or
    nobody had noted anything in it before, so that nothing tells of a change. `renew`: False to note it and no more.
    """
    session = roster.by_sid(sid)
    if session is None or not judge(session, now).live or not differ(session, privileges):
        return Decision(None)
    if renew and session.privileges:
        return decide_rotate(roster, sid, digest, grace, now, privileges=privileges)
    return Decision(None, update=(replace(session, privileges=privileges),))
