"""Signed in elsewhere: which sessions the owner's other open browsers are asked about."""

from sojourn.contrib.django.settings import current
from sojourn.core.disowning import unanswered
from sojourn.core.records import Profile, Roster, Session
from sojourn.notify.notices import MUTABLE, Channel, Kind

SHOWN = 5
"""How many sessions a page asks about at most: whoever sees that many goes to the list of all."""


def elsewhere(roster: Roster, mine: Session, now: int) -> tuple[Session, ...]:
    """The sessions that `mine` is asked about: of those that it may answer for, what the site tells on its pages and
    the owner has not muted; the latest first.
    """
    found = [session for session in unanswered(roster, mine.sid, now) if _is_told(roster.profile, session)]
    return tuple(reversed(found))[:SHOWN]


def _is_told(profile: Profile, session: Session) -> bool:
    device = profile.devices.get(session.device.digest)
    # A device that signs in for the first time is a matter of security, which nobody can mute.
    kind = Kind.SECOND_SESSION if device is not None and device.since < session.created else Kind.NEW_DEVICE
    return Channel.PAGE in current().NOTICES.channels(kind) and not (kind in MUTABLE and kind in profile.muted)
