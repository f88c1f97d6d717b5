"""To whom a message goes: to the account's address, and to the one that it had when something happened."""

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.contrib.auth.base_user import AbstractBaseUser

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.notices.plain import plain
from sojourn.contrib.django.settings import current
from sojourn.notify.notices import Channel
from sojourn.notify.sinks import DeliveryRefused, Message

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser  # which an app registry that is not ready cannot import

_ADDRESS = re.compile(r"""[^\s,;:<>()\[\]"\\@]{1,64}@[^\s,;:<>()\[\]"\\@]{1,255}""")
"""One plain address: no list of several, no comment, no display name, nothing that ends a header."""
_LONGEST = 320
_logger = logging.getLogger("sojourn.delivery")


def contact_of(user: "AbstractBaseUser | AnonymousUser") -> str:
    """Where the user is written to now, to be kept with what they are told of this moment; "" if it cannot be told.

    For sign-ins, which no adapter's answer to this question stops.
    """
    if user.is_anonymous or not current().NOTICES.use(Channel.MAIL):
        return ""
    try:
        return plain(adapter().email(user), _LONGEST)
    except Exception:  # whoever delivers asks again
        _logger.exception("Where somebody is written to cannot be told.")
        return ""


def addressed(message: Message, present: str) -> Sequence[tuple[str, Message]]:
    """The message as each address is to get it; empty if there is none.

    `present`, the account's address now, is told of all of it. An address that the account had when something
    happened, and has no more, is told of that: it may be the owner's, and the present one a thief's; and if its owner
    has given it up, then perhaps since somebody else reads it. Raises DeliveryRefused if none of them is an address.
    """
    former = dict.fromkeys(each for each in message.contacts.values() if each != present)
    found = [(address, _told_then(message, address)) for address in former]
    if present:
        found.append((present, message))
    good = [(address, part) for address, part in found if _ADDRESS.fullmatch(address) and address.isprintable()]
    if found and not good:
        raise DeliveryRefused("What the account has for an e-mail address is none.")
    return good


def _told_then(message: Message, address: str) -> Message:
    events = tuple(event for event in message.events if message.contacts.get(str(event["id"])) == address)
    # Another message than the whole one, with an id of its own: in a mailbox that gets both, both are to be seen.
    return Message(f"{events[0]['id']}-then", message.subject, events)
