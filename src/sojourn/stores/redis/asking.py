"""What an operation asks of the servers, as data: no connection is here, so callers that wait and that await share it.

An operation is a generator: it yields calls, is sent their replies in the same order, and returns its result. What
carries it out (`sync`, `aio`) knows connections, clusters and failures, and nothing of sessions.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
Argument = str | bytes | int


@dataclass(frozen=True, slots=True)
class Call:
    """One script, run once and atomically on the node that has `route`.

    Every script is written so that sending it twice is the same as sending it once: if its answer was lost, it is sent
    again. `confirmed`: what it writes must not be lost; replicas are waited for, where the store was told to.
    """

    script: str
    route: int
    args: tuple[Argument, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The reply to a `confirmed` call that was carried out, but of which not every replica has said that it knows."""

    reply: Any


@dataclass(frozen=True, slots=True)
class Pause:
    """Yielded instead of calls: go on after so many seconds, and send nothing back but an empty list."""

    seconds: float


Operation = Generator[Sequence[Call] | Pause, list[Any], T]
"""Yields calls that may all be sent at once, is sent as many replies, returns the result."""


def one(call: Call) -> Operation[Any]:
    """The operation of one call, which returns its reply."""
    (reply,) = yield [call]
    return reply
