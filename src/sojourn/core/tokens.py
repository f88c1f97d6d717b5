"""Mint, parse and digest secrets: the only file of the core that ever sees one in the clear.

A session token (OWASP ASVS 7.2: a reference token) is `soj_`, two hex digits of route, and 256 random bits
in base64url. Stores keep its SHA-256 digest only, so a stolen table opens nothing. Tickets have the same
form with the prefix `sojt_`. The route, one of 256, is derived from the subject: it keeps all that belongs
to one subject on one node of a cluster, and lets a look-up go straight there.
"""

import hashlib
import hmac
import re
import secrets

from sojourn.core.errors import InvalidSubject, InvalidTicket, InvalidToken

ROUTES = 256
_SECRET_BYTES = 32
_BODY = r"([0-9a-f]{2})[A-Za-z0-9_-]{43}"
_TOKEN = re.compile(rf"soj_{_BODY}")
_TICKET = re.compile(rf"sojt_{_BODY}")
_SID = re.compile(r"[0-9a-f]{2}[A-Za-z0-9_-]{22}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Secret:
    """A secret that does not show itself: `repr` and `str` are masked, `reveal()` is the one way to the text.

    Equality takes constant time. Not hashable and not picklable, so that it is not kept by accident.
    """

    __slots__ = ("__text",)
    __hash__ = None  # type: ignore[assignment]  # the documented way to forbid hashing

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The secret itself. Hand it to the one who may have it and to nobody else."""
        return self.__text

    def digest(self) -> bytes:
        """SHA-256 of the secret, 32 bytes: what a store keeps. The secret has 256 random bits, so no salt is needed."""
        return hashlib.sha256(self.__text.encode()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.__text, other.__text)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} ...>"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be pickled")


class Token(Secret):
    """A session token; who holds it is the session's owner."""


class TicketSecret(Secret):
    """The secret of a pending sign-in; it authenticates nothing, it only lets its browser answer the question."""


def check_subject(subject: str) -> str:
    """Return `subject` if it may be one: 1 to 255 bytes of UTF-8, no control characters. Raises InvalidSubject."""
    try:
        size = len(subject.encode())
    except UnicodeEncodeError:
        raise InvalidSubject from None
    if not 1 <= size <= 255 or _CONTROL.search(subject):
        raise InvalidSubject
    return subject


def route_of(subject: str) -> int:
    """The route of a subject, 0 to 255; the same in every process and version."""
    return hashlib.sha256(subject.encode()).digest()[0]


def mint_token(route: int) -> Token:
    """A new session token for a subject's route, from the system's CSPRNG (ASVS 7.2.3)."""
    return Token(f"soj_{route:02x}{secrets.token_urlsafe(_SECRET_BYTES)}")


def mint_ticket(route: int) -> TicketSecret:
    """A new ticket for a subject's route, from the system's CSPRNG."""
    return TicketSecret(f"sojt_{route:02x}{secrets.token_urlsafe(_SECRET_BYTES)}")


def mint_sid(route: int) -> str:
    """A new public session id: the route and 128 random bits. Not a secret; it opens nothing."""
    return f"{route:02x}{secrets.token_urlsafe(16)}"


def parse_token(text: object) -> Token:
    """The token in `text`, any value from outside. Raises InvalidToken for everything Sojourn did not mint."""
    if isinstance(text, str) and _TOKEN.fullmatch(text):
        return Token(text)
    raise InvalidToken


def parse_ticket(text: object) -> TicketSecret:
    """The ticket in `text`, any value from outside. Raises InvalidTicket for everything Sojourn did not mint."""
    if isinstance(text, str) and _TICKET.fullmatch(text):
        return TicketSecret(text)
    raise InvalidTicket


def is_sid(text: object) -> bool:
    """Whether `text` has the form of a public session id."""
    return isinstance(text, str) and _SID.fullmatch(text) is not None


def secret_route(secret: Secret) -> int:
    """The route written into a token or a ticket."""
    return int(secret.reveal().split("_", 1)[1][:2], 16)


def sid_route(sid: str) -> int:
    """The route written into a public session id."""
    return int(sid[:2], 16)


def keyed_digest(secret: str, message: str) -> str:
    """HMAC-SHA256 of `message` under `secret`, as 64 hex digits.

    Binds a device's random cookie to one subject, so that records of two subjects cannot be joined by device.
    """
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
