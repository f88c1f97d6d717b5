"""`WEBHOOKS`: from dicts, as a settings file has them, to the webhooks that events are sent to."""

from collections.abc import Callable, Mapping
from typing import Any

from sojourn.contrib.django.values import shown
from sojourn.core.errors import ConfigurationError
from sojourn.notify.webhook import Webhook

EXAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # the convention's own example: no secret
"""What the documentation shows. Everybody knows it, so a check refuses it."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ConfigurationError("it is not a text.")  # the value may be a secret
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigurationError("it is not a list.")
    return tuple(_text(item) for item in value)


_PARSERS: dict[str, Callable[[object], Any]] = {
    "name": _text,
    "url": _text,
    "secrets": _texts,
    "events": _texts,
    "allow_internal": _text,
}
_NEEDED = ("name", "url", "secrets", "events")


def parse_webhooks(value: object) -> tuple[Webhook, ...]:
    """The webhooks in a list of dicts. Raises ConfigurationError that says what to write and shows no secret."""
    if not isinstance(value, list | tuple):
        raise ConfigurationError("It must be a list of dicts, each with a name, a url, secrets and events.")
    found = tuple(_parse_webhook(number, item) for number, item in enumerate(value, 1))
    names = [webhook.name for webhook in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"Two webhooks have the name {name!r}: progress is kept by it.")
    return found


def _parse_webhook(number: int, item: object) -> Webhook:
    if not isinstance(item, Mapping):
        raise ConfigurationError(f"Webhook {number} is not a dict.")
    for key in _NEEDED:
        if key not in item:
            raise ConfigurationError(f"Webhook {number} has no {key}.")
    values: dict[str, Any] = {}
    for key, raw in item.items():
        if key not in _PARSERS:
            raise ConfigurationError(f"Webhook {number} has no key {shown(key)}. Known are: {', '.join(_PARSERS)}.")
        try:
            values[key] = _PARSERS[key](raw)
        except ConfigurationError as error:
            raise ConfigurationError(f"Webhook {number}, {key}: {error}") from None
    try:
        return Webhook(**values)
    except ConfigurationError as error:
        raise ConfigurationError(f"Webhook {number}, {error}") from None
