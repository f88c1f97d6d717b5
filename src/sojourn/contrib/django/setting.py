"""How one key of `SOJOURN` is written down: how it is read, what it is for, its default, and an example."""

from collections.abc import Callable
from dataclasses import field
from typing import Any, TypeVar

T = TypeVar("T")


def setting(parse: Callable[[Any], T], doc: str, *, default: T, example: str) -> T:
    """A field of a dataclass of settings. `parse` raises ConfigurationError for what it cannot use."""
    made: T = field(default=default, metadata={"parse": parse, "doc": doc, "example": example})
    return made
