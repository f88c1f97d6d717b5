"""Signed in elsewhere: which sessions the owner's other open browsers are asked about. Pure, but for one read."""

from sojourn.contrib.django.settings import current
from sojourn.core.records import Profile, Roster, Session
from sojourn.core.timeouts import judge
from sojourn.notify.notices import MUTABLE, Channel, Kind

SHOWN = 5
"""How many sessions a page asks about at most: whoever sees that many goes to the list of all."""


def elsewhere(roster: Roster, mine: Session, now: int) -> tuple[Session, ...]:
    """The open sessions that began after `mine` on other devices, of which the owner has said nothing; latest first.

    None from a device that the owner trusts, and none that staff opened to act as them. Whoever acts as somebody else
    is told nothing of the other's sessions: they are not theirs to answer for.
    """
    if mine.parent:
        return ()
    found = [
        session
        for session in roster.sessions
        if session.sid != mine.sid
        and session.created >= mine.created
        and not session.parent
        and not (mine.device.digest and session.device.digest == mine.device.digest)
        and judge(session, now).live
        and _is_asked_about(roster.profile, session)
    ]
    return tuple(reversed(found))[:SHOWN]


def _is_asked_about(profile: Profile, session: Session) -> bool:
    if session.sid in profile.confirmed:
        return False
    device = profile.devices.get(session.device.digest)
    if device is not None and device.trusted:
        return False
    kind = Kind.SECOND_SESSION if device is not None and device.since < session.created else Kind.NEW_DEVICE
    return Channel.PAGE in current().NOTICES.channels(kind) and not (kind in MUTABLE and kind in profile.muted)
