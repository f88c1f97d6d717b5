"""Which events are told to people, as which kind of notice, by which channel, and what a user may silence. Pure.

An event is a mapping, as `sojourn.core.events.payload` wrote it; whatever it lacks counts as nothing unusual.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sojourn.core import wishes
from sojourn.core.policy import Overflow
from sojourn.core.records import EndReason
from sojourn.core.timeouts import HOUR, MINUTE
from sojourn.notify.pauses import Sort


class Kind(StrEnum):
    """What a notice is about."""

    NEW_DEVICE = "new_device"
    """A sign-in on a device that its user has not signed in on before."""
    NEW_PLACE = "new_place"
    """A sign-in from a place that is new, or too far from the one before."""
    SECOND_SESSION = "second_session"
    """A sign-in while another session is open."""
    EVICTED = "evicted"
    """A session that the limit ended."""
    REFUSED = "refused"
    """A sign-in, with the right password, that the limit refused."""
    REPEATED = "repeated"
    """Two devices that keep ending each other's sessions."""
    DISOWNED = "disowned"
    """A session that was ended from an older one, by whoever said there that it was not theirs."""


class Channel(StrEnum):
    """By which way a notice goes."""

    MAIL = "mail"
    """To the owner's e-mail address."""
    PAGE = "page"
    """To the owner's other open browsers."""


_BOTH: Final = frozenset(Channel)
_MAIL: Final = frozenset({Channel.MAIL})


@dataclass(frozen=True, slots=True)
class Notices:
    """By which channels each kind of notice goes; the fields are named as the kinds are."""

    new_device: frozenset[Channel] = _BOTH
    new_place: frozenset[Channel] = _BOTH
    second_session: frozenset[Channel] = _BOTH
    evicted: frozenset[Channel] = _MAIL
    refused: frozenset[Channel] = _MAIL
    repeated: frozenset[Channel] = _MAIL
    disowned: frozenset[Channel] = _MAIL

    def channels(self, kind: Kind) -> frozenset[Channel]:
        """The channels of one kind."""
        found: frozenset[Channel] = getattr(self, kind)
        return found

    def use(self, channel: Channel) -> bool:
        """Whether anything at all goes by `channel`."""
        return any(channel in self.channels(kind) for kind in Kind)


MUTABLE: Final = frozenset(Kind(kind) for kind in wishes.MUTABLE)
"""What a user may silence. A sign-in on a new device or from a new place, which an attack would be, is always told."""

_GROWING: Final = (*(MINUTE << doubled for doubled in range(6)), HOUR)

STRANGE: Final = Sort("strange", _GROWING)
"""What an attack that succeeds would be: a new device, a new place, a session that was ended as not theirs."""
USUAL: Final = Sort("usual", _GROWING)
"""What else may happen to a session: what those have every day who use several devices."""
ATTEMPTS: Final = Sort("attempts", (MINUTE, 10 * MINUTE, HOUR, 6 * HOUR))
"""Attempts that let nobody in. Whoever has the password can make them all day long."""

_URGENCY: Final = (
    Kind.DISOWNED,
    Kind.REFUSED,
    Kind.NEW_DEVICE,
    Kind.NEW_PLACE,
    Kind.REPEATED,
    Kind.EVICTED,
    Kind.SECOND_SESSION,
)


def kinds(event: Mapping[str, object]) -> frozenset[Kind]:
    """What this event would be told as; empty for one that is told to nobody.

    The first sign-in that is known of somebody is told as nothing: on the day of installation everything would be new.
    Neither is a sign-in by somebody else who acts as them, such as the site's staff. A device that its user trusts is
    no second session; it is a new place if it is in one.
    """
    match event.get("type"):
        case "session.started":
            return _of_sign_in(event)
        case "session.ended" if facts(event).get("reason") == EndReason.EVICTED:
            return frozenset({Kind.EVICTED})
        case "session.ended" if is_disowned(event):
            return frozenset({Kind.DISOWNED})
        case "start.refused":
            return frozenset({Kind.REFUSED})
        case "evictions.repeated":
            return frozenset({Kind.REPEATED})
    return frozenset()


def _of_sign_in(event: Mapping[str, object]) -> frozenset[Kind]:
    if event.get("first") or facts(event).get("acting"):
        return frozenset()
    unusual = _texts(event.get("unusual"))
    found = set()
    if "new_device" in unusual:
        found.add(Kind.NEW_DEVICE)
    if unusual & {"new_place", "far"}:
        found.add(Kind.NEW_PLACE)
    if event.get("also_open") and not event.get("trusted"):
        found.add(Kind.SECOND_SESSION)
    return frozenset(found)


def is_disowned(event: Mapping[str, object]) -> bool:
    """Whether a session was ended from another one as not theirs; by the link in a message, whoever reads it knows."""
    about = facts(event)
    return about.get("reason") == EndReason.DISOWNED and bool(about.get("ended_by"))


def sort(event: Mapping[str, object]) -> Sort:
    """Of what follows another message of its sort, when it is told: see `sojourn.notify.pauses`."""
    found = kinds(event)
    if found & {Kind.NEW_DEVICE, Kind.NEW_PLACE, Kind.DISOWNED}:
        return STRANGE
    attempt = found <= {Kind.REFUSED, Kind.REPEATED} and event.get("outcome") != Overflow.END_EXISTING
    return ATTEMPTS if attempt else USUAL


def is_far(event: Mapping[str, object]) -> bool:
    """Whether this is a sign-in farther from the one before than anybody travels in the time between."""
    return "far" in _texts(event.get("unusual"))


def told(
    event: Mapping[str, object], channel: Channel, notices: Notices, muted: Collection[str] = ()
) -> frozenset[Kind]:
    """The kinds as which this event goes by `channel`, without those that its user has `muted` and may mute."""
    silent = MUTABLE & set(muted)
    return frozenset(kind for kind in kinds(event) if kind not in silent and channel in notices.channels(kind))


def most_urgent(found: Collection[Kind]) -> Kind | None:
    """The kind that a message is named after, if it tells of several; None if of none."""
    return next((kind for kind in _URGENCY if kind in found), None)


def facts(event: Mapping[str, object]) -> Mapping[str, object]:
    """The facts of the session or of the attempt that the event is about; empty if there are none."""
    found = event.get("session") or event.get("arrival")
    return found if isinstance(found, Mapping) else {}


def _texts(value: object) -> set[str]:
    return {str(each) for each in value} if isinstance(value, list | tuple) else set()
