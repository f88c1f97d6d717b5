"""The link "this wasn't me" in messages: what it names, signed, so that whoever has the message may answer for it.

The same event makes the same link, whoever makes it and whenever, so that all copies of a message are equal. It names
no host but SITE_URL's, and tells nothing that the message does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from django.conf import settings as django_settings
from django.core.signing import BadSignature, Signer
from django.urls import NoReverseMatch, get_script_prefix, reverse, set_script_prefix

from sojourn.contrib.django.settings import current
from sojourn.core.disowning import Question
from sojourn.core.errors import InvalidInput
from sojourn.core.tokens import is_sid
from sojourn.notify.notices import is_disowned

_SALT = "sojourn.notices.links"
_VERSION = 1
TOKEN_MAX = 2000
"""Characters of the longest link's token; none of ours comes near."""


class Kind(StrEnum):
    """What the message told of."""

    STARTED = "started"
    """A sign-in: was it them?"""
    EVICTED = "evicted"
    """A sign-in that ended a session of theirs: was it them who signed in?"""
    REFUSED = "refused"
    """A sign-in that a limit refused."""
    PENDING = "pending"
    """A sign-in that a limit holds until its user has chosen."""
    REPEATED = "repeated"
    """Sign-ins that keep ending each other's sessions."""
    DISOWNED = "disowned"
    """A session that was ended from another one: whoever did so may be the one who has no business there."""


class LinkExpired(InvalidInput):
    """The link is one of ours, and its time is over."""

    code = "link-expired"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link names. `expires`: until when it is answered, in milliseconds."""

    kind: Kind
    subject: str
    question: Question
    expires: int


def not_me_url(event: Mapping[str, object]) -> str:
    """The address of the page on which the reader of a message about `event` (its payload) says that it wasn't them.

    "" if there is nothing to disown in it, SITE_URL is not set, or the site does not have Sojourn's pages.
    """
    link = link_of(event)
    page = address_of("sojourn:not_me") if link is not None else ""
    return f"{page}?{urlencode({'token': signed(link)})}" if link is not None and page else ""


def address_of(name: str) -> str:
    """The whole address of a page, for messages; "" if SITE_URL is not set, or the site does not have the page.

    The same in every thread: of a site that is mounted somewhere (FORCE_SCRIPT_NAME), those that answer no request
    know nothing.
    """
    before = get_script_prefix()
    set_script_prefix(django_settings.FORCE_SCRIPT_NAME or "/")
    try:
        return current().SITE_URL + reverse(name) if current().SITE_URL else ""
    except NoReverseMatch:
        return ""
    finally:
        set_script_prefix(before)


def link_of(event: Mapping[str, object]) -> Link | None:
    """What the link in a message about `event` (its payload) names; None if there is nothing to disown in it."""
    found = _asked(event)
    if found is None:
        return None
    kind, sid = found
    at = int(str(event["at"]))
    question = Question(str(event["id"]), at, sid)
    return Link(kind, str(event["subject"]), question, at + current().NOTICE_LINK_AGE)


def _asked(event: Mapping[str, object]) -> tuple[Kind, str] | None:
    session = event.get("session")
    facts: Mapping[str, object] = session if isinstance(session, Mapping) else {}
    match event["type"]:
        case "session.started":
            return Kind.STARTED, str(facts["sid"])
        case "session.ended" if facts.get("reason") == "evicted" and is_sid(facts.get("ended_by")):
            return Kind.EVICTED, str(facts["ended_by"])
        case "session.ended" if is_disowned(event):
            return Kind.DISOWNED, ""
        case "start.refused":
            return Kind.REFUSED, ""
        case "choice.offered":
            return Kind.PENDING, ""
        case "evictions.repeated":
            return Kind.REPEATED, ""
    return None


def signed(link: Link) -> str:
    """The link as a text for an address: readable by anybody, made by nobody else."""
    asked = link.question
    return _signer().sign_object([_VERSION, link.kind, link.subject, asked.id, asked.asked, asked.sid, link.expires])


def read(token: str, now: int) -> Link:
    """What the link with this text names. Raises LinkExpired or, for anything that we did not sign, InvalidInput."""
    if len(token) > TOKEN_MAX:
        raise InvalidInput
    try:
        version, kind, subject, event, asked, sid, expires = _signer().unsign_object(token)
        if version != _VERSION:
            raise InvalidInput  # of a newer release, while an older one still runs beside it
        link = Link(Kind(kind), str(subject), Question(str(event), int(asked), str(sid)), int(expires))
    except (BadSignature, ValueError, TypeError):
        raise InvalidInput from None
    if now >= link.expires:
        raise LinkExpired
    return link


def _signer() -> Signer:
    return Signer(salt=_SALT, sep=".")
