"""What a message says of events, in the reader's language and zone: from payloads to sentences.

Call it inside `translation.override` and `timezone.override`. What comes from browsers and networks is left as it came:
the templates make it fit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext

from sojourn.contrib.django.notices.plain import shortened
from sojourn.contrib.django.presentation import label_text, moment
from sojourn.notify.notices import Channel, Kind, Notices, facts, is_disowned, is_far, kinds, most_urgent, told

Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about a session or an attempt. `foreign`: the value was written by a browser, a network or anybody."""

    label: str
    value: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What a message says of one event, or of several that are alike."""

    title: str
    facts: tuple[Fact, ...]
    remarks: tuple[str, ...] = ()
    url: str = ""
    """Where its reader answers for it; "" if they cannot."""
    button: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How things are shown to one reader: their precision of addresses, and what they call devices (by sid).

    `enders`: the devices of sessions from which others were ended, by sid.
    """

    addresses: str = "network"
    names: Mapping[str, str] | None = None
    enders: Mapping[str, str] | None = None


def subject_line(events: Sequence[Event], found: Collection[Kind]) -> str:
    """What a message that tells of `events`, as these kinds, is called. Nothing in it comes from outside."""
    if any(is_far(event) for event in events):
        return gettext("Sign-in from far away")
    kind = most_urgent(found)
    return _SUBJECTS[kind]() if kind is not None else ""


_SUBJECTS = {
    Kind.DISOWNED: lambda: gettext("A session of yours was ended as not yours"),
    Kind.NEW_DEVICE: lambda: gettext("Sign-in on a new device"),
    Kind.NEW_PLACE: lambda: gettext("Sign-in from a new place"),
    Kind.SECOND_SESSION: lambda: gettext("Sign-in while another session is open"),
    Kind.EVICTED: lambda: gettext("A session of yours was ended"),
    Kind.REFUSED: lambda: gettext("A sign-in with your password was refused"),
    Kind.REPEATED: lambda: gettext("Two devices keep ending each other’s sessions"),
}


def entries(events: Sequence[Event], notices: Notices, look: Look, urls: Mapping[str, str]) -> list[Entry]:
    """What is said of `events`, the first first; attempts that are alike are said once.

    `urls`: where each is answered for, by the id of the event.
    """
    begun = {str(facts(event).get("sid")) for event in events if event.get("type") == "session.started"}
    made: list[Entry] = []
    for group in _alike(events):
        event = group[-1]
        answered = event.get("type") == "session.ended" and str(facts(event).get("ended_by")) in begun
        # The sign-in for which it ended is in this message, too, and is asked about there.
        url = "" if answered else urls.get(str(event.get("id")), "")
        made.append(replace(_entry(group, notices, look), url=url))
    return made


def _alike(events: Sequence[Event]) -> list[list[Event]]:
    """Attempts from one device, address and place that came to the same, together; sessions each for itself."""
    groups: dict[object, list[Event]] = {}
    for event in events:
        about = facts(event)
        key: object = str(about["sid"]) if "sid" in about else tuple(sorted((k, str(v)) for k, v in about.items()))
        groups.setdefault((event.get("type"), key), []).append(event)
    # Of what happened at one moment, the sign-in comes before what ended for it: it is what the reader must judge.
    return sorted(groups.values(), key=lambda group: (group[0].get("at"), group[0].get("type") == "session.ended"))


def _entry(group: Sequence[Event], notices: Notices, look: Look) -> Entry:
    event = group[-1]
    match event.get("type"):
        case "session.started":
            return _started(event, notices, look)
        case "session.ended" if is_disowned(event):
            return _disowned(event, look)
        case "session.ended":
            return _ended(event, look)
        case "start.refused":
            return _refused(group, look)
    return _repeated(group, look)


def _started(event: Event, notices: Notices, look: Look) -> Entry:
    found = told(event, Channel.MAIL, notices) or kinds(event)
    if is_far(event):
        title = gettext("Sign-in from far away")
    elif {Kind.NEW_DEVICE, Kind.NEW_PLACE} <= found:
        title = gettext("Sign-in on a new device, from a new place")
    else:
        title = _SUBJECTS[most_urgent(found) or Kind.SECOND_SESSION]()
    remarks = []
    if is_far(event):
        remarks.append(gettext("Nobody travels so far in the time since the sign-in before this one."))
    others = event.get("also_open")
    if isinstance(others, list | tuple) and others:
        text = ngettext(
            "%(counter)d other session of yours was open at that time.",
            "%(counter)d other sessions of yours were open at that time.",
            len(others),
        )
        remarks.append(text % {"counter": len(others)})
    return Entry(
        title,
        (
            *_about(event, look),
            _when(pgettext("notice", "Signed in"), event.get("at")),
            *(_before(event) if Kind.NEW_PLACE in found else ()),
        ),
        tuple(remarks),
        button=gettext("This wasn’t me"),
    )


def _before(event: Event) -> list[Fact]:
    """The sign-in before: when, and where."""
    previous = event.get("previous")
    if not isinstance(previous, Mapping) or not previous.get("at"):
        return []
    place = str(previous.get("place") or "") or pgettext("session", "Unknown place")
    return [
        _when(pgettext("notice", "Sign-in before"), previous["at"]),
        Fact(pgettext("notice", "That was in"), place, foreign=True),
    ]


def _ended(event: Event, look: Look) -> Entry:
    remark = gettext("The number of open sessions is limited, so it was ended to make room for a new sign-in.")
    return Entry(
        gettext("Session ended to make room"),
        (*_about(event, look), *_from_to(event)),
        (remark,),
        button=gettext("The new sign-in wasn’t me"),
    )


def _disowned(event: Event, look: Look) -> Entry:
    ender = label_text((look.enders or {}).get(str(facts(event).get("ended_by")), ""))
    remarks = (
        gettext("In an older session of your account somebody said that this one was not theirs, and ended it."),
        gettext("If that was you, set a new password. If not, somebody else is in your account: end all sessions."),
    )
    return Entry(
        gettext("Session ended as not yours"),
        (
            *_about(event, look),
            *_from_to(event),
            Fact(pgettext("notice", "Ended from"), ender or pgettext("session", "Unknown device"), foreign=True),
        ),
        remarks,
        button=gettext("See what is open, and end it"),
    )


def _from_to(event: Event) -> tuple[Fact, ...]:
    """When the session that ended began, and when it ended."""
    about = facts(event)
    return (
        _when(pgettext("notice", "Signed in"), about.get("started_at")),
        _when(pgettext("notice", "Ended"), about.get("ended_at") or event.get("at")),
    )


def _refused(group: Sequence[Event], look: Look) -> Entry:
    event = group[-1]
    opened = event.get("open")
    count = len(opened) if isinstance(opened, list | tuple) else 0
    remarks = [
        gettext("The password was right. If it was not you, somebody else knows it: change it."),
        ngettext(
            "It was refused because %(counter)d session of yours is open.",
            "It was refused because %(counter)d sessions of yours are open.",
            count,
        )
        % {"counter": count},
        gettext("If it was you, end a session that you do not need, and sign in again."),
    ]
    return Entry(
        gettext("Sign-in refused"),
        (*_about(event, look), *_times(group)),
        tuple(remarks),
        button=gettext("See what is open, and end it"),
    )


def _repeated(group: Sequence[Event], look: Look) -> Entry:
    remark = gettext(
        "This device and another keep ending each other’s sessions. Is somebody else using your account? If you are "
        "not sure, change your password."
    )
    return Entry(
        gettext("Two devices keep ending each other’s sessions"),
        (*_about(group[-1], look), *_times(group)),
        (remark,),
        button=gettext("See what is open, and end it"),
    )


def _times(group: Sequence[Event]) -> list[Fact]:
    """When it was; if more than once, how often, and the first and the last time."""
    if len(group) == 1:
        return [_when(pgettext("notice", "Time"), group[0].get("at"))]
    times = ngettext("%(counter)d time", "%(counter)d times", len(group)) % {"counter": len(group)}
    return [
        Fact(pgettext("notice", "How often"), times),
        _when(pgettext("notice", "First"), group[0].get("at")),
        _when(pgettext("notice", "Last"), group[-1].get("at")),
    ]


def _when(label: str, at: object) -> Fact:
    return Fact(label, time_text(at))


def time_text(at: object) -> str:
    """A moment of ours, in milliseconds, in the reader's zone, which is named; "" if it is none."""
    if not isinstance(at, int):
        return ""
    local: datetime = timezone.localtime(moment(at))
    zone = local.tzname()
    return f"{date_format(local, 'DATETIME_FORMAT')}{f' ({zone})' if zone else ''}"


def _about(event: Event, look: Look) -> tuple[Fact, ...]:
    """The device, the application, the place and the address, as far as they are known and shown."""
    about = facts(event)
    device = label_text(str(about.get("device") or "")) or pgettext("session", "Unknown device")
    name = (look.names or {}).get(str(about.get("sid")), "")
    lines = [
        Fact(pgettext("notice", "Device"), f"{name} ({device})" if name else device, foreign=True),
        Fact(pgettext("notice", "Application"), str(about.get("client") or ""), foreign=True),
        Fact(
            pgettext("notice", "Place"),
            str(about.get("place") or "") or pgettext("session", "Unknown place"),
            foreign=True,
        ),
        Fact(pgettext("notice", "Address"), shortened(str(about.get("address") or ""), look.addresses)),
    ]
    return tuple(line for line in lines if line.value)
