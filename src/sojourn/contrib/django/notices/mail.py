"""Notices by e-mail, through Django's mail framework: to the owner, in their language and their zone."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings as django_settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.encoding import punycode

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.notices.links import address_of, not_me_url
from sojourn.contrib.django.notices.plain import plain
from sojourn.contrib.django.notices.recipients import addressed
from sojourn.contrib.django.notices.sending import send_each
from sojourn.contrib.django.notices.wording import Event, Look, entries, subject_line
from sojourn.contrib.django.settings import current
from sojourn.core.records import Profile
from sojourn.core.timeouts import DAY, MINUTE
from sojourn.notify.notices import MUTABLE, Channel, Kind, facts, is_disowned, is_far, kinds, sort, told
from sojourn.notify.pauses import Sort
from sojourn.notify.sinks import Message

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]")


class MailSink:
    """One message for what happens to somebody, at most one a minute: what follows within it is told in the next.

    What keeps coming is told less and less often, see `sojourn.notify.pauses`.
    """

    name = "mail"
    fold = MINUTE
    patience = 3 * DAY
    endurance = 0  # a mail server that was away for long is written to when it is back

    def wants(self, event: Event) -> bool:
        """Whether the event goes by mail, for a reader who has silenced nothing."""
        return bool(told(event, Channel.MAIL, current().NOTICES))

    def sort(self, event: Event) -> Sort:
        """See `sojourn.notify.notices.sort`."""
        return sort(event)

    def deliver(self, message: Message) -> bool:
        """Write to the subject's user, also at the address that they had when it happened.

        False if they do not want to know, have no address, or are gone.
        """
        user = adapter().users_of([message.subject]).get(message.subject)
        if user is None or not getattr(user, "is_active", True):
            return False
        profile = control().store.roster(message.subject).profile
        mails = []
        for address, part in addressed(message, plain(adapter().email(user), 320)):
            found = {kind for event in part.events for kind in _told(event, profile.muted)}
            if found:
                with reading_as(user):
                    mails.append(written(part, user, address, profile, found))
        return send_each(mails)


def _told(event: Event, muted: Collection[str]) -> frozenset[Kind]:
    return told(event, Channel.MAIL, current().NOTICES, muted)


@contextmanager
def reading_as(user: AbstractBaseUser) -> Iterator[None]:
    """In the user's language and time zone; in the site's, where those cannot be told or are not known."""
    language, zone = adapter().language(user), adapter().time_zone(user)
    try:
        language = translation.get_supported_language_variant(language)
    except LookupError:
        language = django_settings.LANGUAGE_CODE
    named = zone if zone in available_timezones() else django_settings.TIME_ZONE
    with translation.override(language), timezone.override(ZoneInfo(named)):
        yield


def written(
    message: Message, user: AbstractBaseUser, address: str, profile: Profile, found: Collection[Kind]
) -> EmailMultiAlternatives:
    """The mail that tells of `message`, as `found`, in the language and the zone that are in force."""
    settings, host = current(), urlsplit(current().SITE_URL).hostname or ""
    look = Look(settings.MAIL_ADDRESSES, _names(message.events, profile), _enders(message.events))
    urls = {str(event["id"]): not_me_url(event) for event in message.events}
    told_of = entries(message.events, settings.NOTICES, look, urls)
    context = {
        "subject": subject_line(message.events, found),
        "more": len(told_of) - 1,
        "site": host,
        "user_name": user.get_username(),
        "entries": told_of,
        "answerable": any(entry.url for entry in told_of),
        "sessions_url": address_of("sojourn:sessions"),
        "mutable": set(found) <= MUTABLE,
    }
    subject = " ".join(render_to_string("sojourn/mail/subject.txt", context).split())
    mail = EmailMultiAlternatives(
        subject=plain(subject, 200),
        body=render_to_string("sojourn/mail/notice.txt", context).strip() + "\n",
        to=[address],
        headers=_headers(message, host),
    )
    mail.attach_alternative(render_to_string("sojourn/mail/notice.html", context).strip(), "text/html")
    return mail


def _headers(message: Message, host: str) -> dict[str, str]:
    """Those that make every copy the same message, and keep machines from answering it (RFC 3834)."""
    sender = parseaddr(django_settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    try:
        domain = punycode(host or sender) or "localhost"
    except UnicodeError:
        domain = "localhost"
    ids = [_NOT_IN_AN_ID.sub("", str(event["id"])) for event in message.events]
    headers = {
        "Message-ID": f"<{_NOT_IN_AN_ID.sub('', message.id)}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Sojourn-Events": " ".join(ids),
    }
    if any(is_far(event) for event in message.events):
        headers["Importance"] = "high"
    return headers


def _names(events: Sequence[Event], profile: Profile) -> Mapping[str, str]:
    """What the user calls the devices of these sessions, by sid. Not of a new one, whose name is not their word yet."""
    if not profile.device_names:
        return {}
    sids = {str(facts(event)["sid"]) for event in events if "sid" in facts(event)}
    sids -= {str(facts(event).get("sid")) for event in events if Kind.NEW_DEVICE in kinds(event)}
    sessions = [session for sid in sids if (session := control().store.find(sid)) is not None]
    return {session.sid: profile.device_names.get(session.device.digest, "") for session in sessions}


def _enders(events: Sequence[Event]) -> Mapping[str, str]:
    """The devices, as they call themselves, of sessions from which others were ended as not theirs, by sid."""
    sids = {str(facts(event)["ended_by"]) for event in events if is_disowned(event)}
    sessions = [session for sid in sids if (session := control().store.find(sid)) is not None]
    return {session.sid: session.device.label for session in sessions}


def control() -> Any:
    """Session control, which is put together from what this file is a part of."""
    from sojourn.contrib.django.internal import wiring

    return wiring.control()
