"""Webhooks: events as signed POST requests to programs, by the Standard Webhooks convention."""

import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from sojourn.core.errors import ConfigurationError
from sojourn.core.events import TYPE_OF
from sojourn.core.timeouts import DAY
from sojourn.notify.outward import Resolver, resolve, system_resolver
from sojourn.notify.posting import post
from sojourn.notify.signature import read_secret, signed_headers
from sojourn.notify.sinks import DeliveryFailed, Message, SinkClosed

SECONDS = 15.0
"""How long one attempt takes at most, from the look-up of the host's name to the status, as the convention advises."""
_RESOLVING = 5.0
_GONE = 410
_LATER = {429, 503}
"""Too many requests, and not now: what may say when to come again."""
PING = "ping"
"""The type of what `ping` sends. It is no event, and no filter holds it back."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver: where it is, what it is told, and the secrets that it knows.

    `name`: letters, digits, '-' and '_'; its progress is kept by it. `url`: https; it may hold a secret itself, so it
    is never shown. `secrets`: each signs every message. `events`: types, "session.*" for all of a kind, "*" for all.
    `allow_internal`: the host of `url`, once more, if it is one of the internal network; then http will do, too.
    Raises ConfigurationError, which shows no secret and no address.
    """

    name: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    events: tuple[str, ...] = ("*",)
    allow_internal: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= 64 or not self.name.isascii() or set(self.name) - _NAMING:
            raise ConfigurationError("name: it is 1 to 64 letters, digits, '-' and '_'.")
        _check_url(self.url, self.allow_internal)
        if not self.secrets:
            raise ConfigurationError("secrets: there is none. `manage.py sojourn webhook --secret` makes one.")
        for secret in self.secrets:
            read_secret(secret)
        if not self.events:
            raise ConfigurationError('events: there are none. Write ["*"] for all.')
        for pattern in self.events:
            if not any(_matches(pattern, known) for known in TYPE_OF.values()):
                raise ConfigurationError(
                    f"events: {pattern[:80]!r} is no type of event. Types are: {', '.join(TYPE_OF.values())}; "
                    '"session.*" is all that begin so, and "*" is all.'
                )


_NAMING = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def _check_url(url: str, allow_internal: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError("url: it is no address.") from None
    if not host or not url.isascii() or not url.isprintable() or " " in url or parts.scheme not in {"https", "http"}:
        raise ConfigurationError("url: it must be an https:// address, in ASCII and without blanks.")
    if "@" in parts.netloc or parts.fragment:
        raise ConfigurationError("url: a name, a password or a '#' have no place in it; the signature says who sends.")
    if allow_internal and allow_internal.lower() != host:
        raise ConfigurationError("allow_internal: it must be the host of url, as it stands there.")
    if parts.scheme == "http" and not allow_internal:
        raise ConfigurationError("url: it must begin with https://, except for a host that allow_internal names.")


def _matches(pattern: str, kind: str) -> bool:
    return pattern in {"*", kind} or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))


def body_of(event: Mapping[str, object]) -> bytes:
    """What is sent of an event: the convention's `type`, `timestamp` and `data`; ASCII, the same in every copy."""
    moment = datetime.fromtimestamp(int(str(event["at"])) / 1000, UTC)
    stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": event["type"], "timestamp": stamp, "data": dict(event)}, separators=(",", ":")).encode()


class WebhookSink:
    """Tells one receiver of every event that it wants, each in a request of its own, in each subject's order.

    A status of 200 to 299 is success, 410 closes the sink, anything else fails; redirects are not followed, for they
    lead where nobody has looked. `clock`: milliseconds. `resolver` and `tls` are for tests, and for a private CA.
    """

    fold = 0
    patience = 3 * DAY
    endurance = 5 * DAY
    bounded = True

    def __init__(
        self,
        webhook: Webhook,
        clock: Callable[[], int],
        *,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.webhook = webhook
        self._clock, self._resolver, self._seconds = clock, resolver, seconds
        self._url: SplitResult = urlsplit(webhook.url)
        self._keys = [read_secret(secret) for secret in webhook.secrets]
        self._given_tls = tls

    def __repr__(self) -> str:
        return f"WebhookSink({self.name!r})"

    @property
    def name(self) -> str:
        """The name under which progress is kept."""
        return f"webhook:{self.webhook.name}"

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        """Made when it is first needed, since reading all the system's authorities takes a while."""
        return (self._given_tls or ssl.create_default_context()) if self._url.scheme == "https" else None

    def wants(self, event: Mapping[str, object]) -> bool:
        """Whether its filter lets the event through."""
        return any(_matches(pattern, str(event["type"])) for pattern in self.webhook.events)

    def deliver(self, message: Message) -> bool:
        """See `Sink.deliver`. Takes at most SECONDS."""
        (event,) = message.events  # nothing is folded
        self._send(message.id, body_of(event))
        return True

    def ping(self, message: str) -> None:
        """Send what tells nothing, with the id `message`, to see whether it arrives. Raises DeliveryFailed."""
        self._send(message, body_of({"v": 1, "id": message, "type": PING, "at": self._clock()}))

    def _send(self, message: str, body: bytes) -> None:
        until = time.monotonic() + self._seconds
        parts = self._url
        addresses = resolve(
            str(parts.hostname),
            parts.port or (443 if parts.scheme == "https" else 80),
            inside=bool(self.webhook.allow_internal),
            seconds=min(_RESOLVING, self._seconds),
            resolver=self._resolver,
        )
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Sojourn",
            **signed_headers(message, self._clock(), body, self._keys),
        }
        answer = post(parts, addresses, headers, body, until=until, tls=self._tls)
        status = answer.status
        if status == _GONE:
            raise SinkClosed("It answered 410: it wants nothing any more.")
        if not 200 <= status < 300:
            redirected = " Redirects are not followed." if 300 <= status < 400 else ""
            after = asked_for(answer.retry_after, self._clock()) if status in _LATER else 0
            raise DeliveryFailed(f"It answered {status}.{redirected}", after=after)


def asked_for(retry_after: str, now: int) -> int:
    """How many milliseconds a receiver wants to be left alone, by its header Retry-After: seconds, or a date.

    0 if it says nothing that can be read.
    """
    if retry_after.isascii() and retry_after.isdigit():
        return int(retry_after[:9]) * 1000
    try:
        moment = parsedate_to_datetime(retry_after)
        return max(0, int(moment.timestamp() * 1000) - now)
    except (ValueError, OverflowError):
        return 0


def sinks_of(webhooks: Iterable[Webhook], clock: Callable[[], int]) -> list[WebhookSink]:
    """A sink for each webhook."""
    return [WebhookSink(webhook, clock) for webhook in webhooks]
