"""Sessions and limits as the pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import NoReverseMatch, reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext, pgettext

from sojourn.contrib.django.wording import KINDS_OF_DEVICES
from sojourn.core.explain import Usage
from sojourn.core.policy import Counts, Limit, Order, Overflow
from sojourn.core.records import Device, Profile, Session
from sojourn.core.timeouts import deadline
from sojourn.core.wishes import reference

Names = Mapping[str, str]
"""What one subject calls their devices, by the device's digest."""


def moment(milliseconds: int) -> datetime:
    """An aware datetime, for templates to show in the viewer's zone."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def device_text(device: Device) -> str:
    """What the browser told of itself, in the reader's language; empty when that was nothing."""
    if device.family and device.os:
        return pgettext("session", "%(browser)s on %(system)s") % {"browser": device.family, "system": device.os}
    return device.family or device.os


def label_text(label: str) -> str:
    """A device's recorded name, such as "Firefox on Windows", in the reader's language."""
    family, on, system = label.partition(" on ")
    return device_text(Device(family=family, os=system)) if on else label


def device_name(device: Device, names: Names) -> str:
    """What to call a device in the middle of a sentence: what its owner calls it, or else what is known of it."""
    return names.get(device.digest, "") or device_text(device) or gettext("an unknown device")


@dataclass(frozen=True, slots=True)
class SessionItem:
    """What a page may say of a session: public facts, in the words of the templates."""

    sid: str
    name: str
    """What its owner calls the device; empty if nothing."""
    device_label: str
    device_class: str
    place: str
    address: str
    client: str
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime | None
    current: bool
    acting: bool
    """Whether somebody else, such as the site's staff, opened it to act as its owner."""
    nameable: bool
    """Whether the device is recognised when it comes again, so that a name for it would last."""
    reason: str
    ended_at: datetime | None
    by: "SessionItem | None" = None
    """The session that ended it, if that is known and the owner's own."""

    @property
    def end_url(self) -> str:
        """Where to end this session; "" if the site has no such page."""
        return self._url("sojourn:end")

    @property
    def name_url(self) -> str:
        """Where to name this session's device; "" if the site has no such page, or the device cannot be named."""
        return self._url("sojourn:name") if self.nameable else ""

    def _url(self, name: str) -> str:
        try:
            return reverse(name, args=[self.sid])
        except NoReverseMatch:
            return ""

    @classmethod
    def of(
        cls, session: Session, names: Names, current_sid: str = "", by: "SessionItem | None" = None
    ) -> "SessionItem":
        """The item of `session`, marked if it is the viewer's own. `names` are those of the session's subject."""
        ends = deadline(session) if session.open else None
        return cls(
            sid=session.sid,
            name=names.get(session.device.digest, ""),
            device_label=device_text(session.device),
            device_class=str(session.device.kind),
            place=session.place,
            address=session.address,
            client=session.client,
            started_at=moment(session.created),
            last_seen_at=moment(session.last_seen),
            expires_at=moment(ends) if ends is not None else None,
            current=session.sid == current_sid,
            acting=bool(session.parent),
            nameable=session.open and bool(session.device.digest) and not session.parent,
            reason=str(session.end_reason or ""),
            ended_at=moment(session.ended) if session.ended is not None else None,
            by=by,
        )


@dataclass(frozen=True, slots=True)
class DeviceItem:
    """What a page says of a device that its user has signed in on, whether or not anything is open on it."""

    device: str
    """What it is called by whoever acts on it: `sojourn.core.wishes.reference`."""
    name: str
    """What its owner calls it; empty if nothing."""
    device_label: str
    first_seen_at: datetime
    last_seen_at: datetime
    trusted: bool
    current: bool
    """Whether it is the one that the page is read on."""

    @classmethod
    def all_of(cls, profile: Profile, current: str) -> list["DeviceItem"]:
        """The known devices, the one used last first. `current` is the digest of the viewer's own."""
        return [
            cls(
                reference(digest),
                profile.device_names.get(digest, ""),
                label_text(known.label),
                moment(known.since),
                moment(known.last),
                known.trusted,
                current=digest == current,
            )
            for digest, known in reversed(list(profile.devices.items()))
        ]


@dataclass(frozen=True, slots=True)
class LimitItem:
    """What a page says of one limit: of what, how much of it is in use, and what happens when all of it is."""

    label: str
    """Which sessions are counted; empty if all are."""
    used: int
    max_sessions: int
    text: str
    consequence: str
    """What a further sign-in would come to; empty while there is room."""

    @classmethod
    def all_of(cls, usages: Sequence[Usage]) -> list["LimitItem"]:
        """The items of all limits of a user.

        Where what counts everything is full, it says what a further sign-in comes to, and the others do not: whatever
        they would do, it happens as well or, if that is to refuse, first.
        """
        full = [usage for usage in usages if usage.used >= usage.limit.max_sessions]
        general = min((usage for usage in full if not _label(usage)), key=_severest_first, default=None)
        telling = full if general is None else [general]
        return [cls.of(usage, tell=usage in telling) for usage in usages]

    @classmethod
    def of(cls, usage: Usage, *, tell: bool) -> "LimitItem":
        """The item of what is in use of one limit, and what a further sign-in comes to if `tell`."""
        limit, used = usage.limit, usage.used
        if limit.counts is Counts.DEVICES:
            text = ngettext(
                "%(used)s of %(counter)s allowed device is in use.",
                "%(used)s of %(counter)s allowed devices are in use.",
                limit.max_sessions,
            )
        else:
            text = ngettext(
                "%(used)s of %(counter)s allowed session is in use.",
                "%(used)s of %(counter)s allowed sessions are in use.",
                limit.max_sessions,
            )
        return cls(
            _label(usage),
            used,
            limit.max_sessions,
            text % {"used": used, "counter": limit.max_sessions},
            _consequence(limit) if tell else "",
        )


def _severest_first(usage: Usage) -> int:
    return [Overflow.REFUSE, Overflow.ASK, Overflow.END_EXISTING].index(usage.limit.overflow)


def _label(usage: Usage) -> str:
    kinds = sorted(usage.limit.device_classes) if usage.device_class is None else [usage.device_class]
    clients = sorted(usage.limit.clients) if usage.client is None else [usage.client]
    parts = [[str(KINDS_OF_DEVICES[kind]) for kind in kinds], [client for client in clients if client]]
    return ", ".join(get_text_list(part, pgettext("limit", "and")) for part in parts if part)


def _consequence(limit: Limit) -> str:
    if limit.overflow is Overflow.REFUSE:
        return gettext("A sign-in on another device will be refused.")
    if limit.overflow is Overflow.ASK:
        return gettext("At a sign-in on another device you choose what to end for it.")
    return {
        Order.LEAST_RECENTLY_USED: gettext("A sign-in on another device ends what was used least recently."),
        Order.OLDEST: gettext("A sign-in on another device ends what was signed in first."),
        Order.SOONEST_EXPIRING: gettext("A sign-in on another device ends what would expire first."),
    }[limit.order]
