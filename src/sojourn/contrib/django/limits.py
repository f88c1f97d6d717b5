"""`LIMITS`, `PING_PONG` and `FAMILIARITY`: from dicts, as a settings file has them, to the rules of a policy."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from sojourn.contrib.django.values import shown
from sojourn.core.errors import ConfigurationError
from sojourn.core.policy import Counts, Familiarity, Limit, NewPlace, Order, Overflow, PingPong, Scope
from sojourn.core.records import DeviceClass
from sojourn.core.timeouts import parse_duration

E = TypeVar("E", bound=StrEnum)


def _one_of(kind: type[E]) -> Callable[[object], E]:
    def parse(value: object) -> E:
        try:
            return kind(str(value))
        except ValueError:
            raise ConfigurationError(f"{shown(value)} is not one of: {', '.join(kind)}.") from None

    return parse


def _set_of(parse: Callable[[object], Any]) -> Callable[[object], frozenset[Any]]:
    def parse_all(value: object) -> frozenset[Any]:
        if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
            raise ConfigurationError(f"{shown(value)} is not a list.")
        return frozenset(parse(item) for item in value)

    return parse_all


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{shown(value)} is not a text.")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigurationError(f"{shown(value)} is not a whole number.")
    return value


_PARSERS: dict[str, Callable[[object], Any]] = {
    "max_sessions": _number,
    "overflow": _one_of(Overflow),
    "order": _one_of(Order),
    "scope": _set_of(_one_of(Scope)),
    "counts": _one_of(Counts),
    "groups": _set_of(_text),
    "exempt": _set_of(_text),
    "clients": _set_of(_text),
    "device_classes": _set_of(_one_of(DeviceClass)),
    "name": _text,
}
KEYS = tuple(_PARSERS)
"""What the dict of a limit may have."""


def parse_limits(value: object) -> tuple[Limit, ...]:
    """The limits in a list of dicts. Raises ConfigurationError that names the entry, the key and what to write."""
    if not isinstance(value, list | tuple):
        raise ConfigurationError(
            'It must be a list of dicts, such as [{"max_sessions": 3, "overflow": "end_existing"}].'
        )
    return tuple(_parse_limit(number, item) for number, item in enumerate(value, 1))


def _parse_limit(number: int, item: object) -> Limit:
    if not isinstance(item, Mapping):
        raise ConfigurationError(f"Limit {number} is not a dict.")
    if "max_sessions" not in item:
        raise ConfigurationError(f"Limit {number} has no max_sessions.")
    values: dict[str, Any] = {}
    for key, raw in item.items():
        if key not in _PARSERS:
            raise ConfigurationError(f"Limit {number} has no key {key!r}. Known are: {', '.join(_PARSERS)}.")
        try:
            values[key] = _PARSERS[key](raw)
        except ConfigurationError as error:
            raise ConfigurationError(f"Limit {number}, {key}: {error}") from None
    try:
        return Limit(**values)
    except ConfigurationError as error:
        raise ConfigurationError(f"Limit {number}: {error}") from None


_OF_PING_PONG: dict[str, Callable[[object], Any]] = {
    "times": _number,
    "within": parse_duration,
    "then": lambda value: None if value is None else _one_of(Overflow)(value),
}


_OF_FAMILIARITY: dict[str, Callable[[object], Any]] = {
    "new_place": _one_of(NewPlace),
    "distance_km": _number,
    "travel_kmh": _number,
}


def parse_ping_pong(value: object) -> PingPong | None:
    """The rule in a dict; None for none. Raises ConfigurationError that names the key and what to write."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{shown(value)} is neither a dict nor None.")
    return PingPong(**_values(value, _OF_PING_PONG))


def parse_familiarity(value: object) -> Familiarity:
    """The rule in a dict. Raises ConfigurationError that names the key and what to write."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{shown(value)} is not a dict.")
    return Familiarity(**_values(value, _OF_FAMILIARITY))


def _values(value: Mapping[Any, Any], known: Mapping[str, Callable[[object], Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, raw in value.items():
        if key not in known:
            raise ConfigurationError(f"It has no key {shown(key)}. Known are: {', '.join(known)}.")
        try:
            values[key] = known[key](raw)
        except ConfigurationError as error:
            raise ConfigurationError(f"{key}: {error}") from None
    return values
