"""What is found in a table is not trusted: each value is what it should be, or raises one of `DAMAGE`."""

from collections.abc import Iterable
from typing import Any

from sojourn.core.errors import InvalidInput, RecordFormatError
from sojourn.core.records import FORMAT_VERSION

DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, InvalidInput)


def known_format(value: object) -> None:
    """Raises RecordFormatError unless `value` is a format that this version can read."""
    if type(value) is not int or not 1 <= value <= FORMAT_VERSION:
        raise RecordFormatError


def each(kind: type, values: Iterable[object], *others: type) -> None:
    """Raises TypeError unless all of `values` are of this very type, or of one of `others`."""
    # Not isinstance: True is no number. All at once: a request's look-up comes by here with every column.
    if not {*map(type, values)} <= {kind, *others}:
        raise TypeError


def texts(values: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(values, list):
        raise TypeError
    each(str, values)
    return tuple(values)


def flag(value: object) -> bool:
    """True or False, which some databases keep as a number."""
    if not isinstance(value, int) or value not in (0, 1):
        raise TypeError
    return bool(value)


def moment(value: Any) -> int | None:
    """A moment in milliseconds, as a number or in digits; None for none. Raises RecordFormatError."""
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        raise RecordFormatError from None


def digest(text: str) -> bytes:
    """32 bytes, written as hex digits."""
    if len(text) != 64:
        raise ValueError
    return bytes.fromhex(text)
