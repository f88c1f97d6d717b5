"""Events of Ada's that are told, as an outbox keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sojourn.core.events import EvictionsRepeated, SessionEnded, SessionStarted, StartRefused, payload
from sojourn.core.records import Device, EndReason, Session, State
from tests.django.browser import subject

AT = 1_800_000_000_000
"""15 January 2027, 8:00 in UTC."""


def session(sid: str = "00new", **more: Any) -> Session:
    made = Session(
        sid=sid,
        subject=subject(),
        digest=bytes(32),
        created=AT,
        authenticated=AT,
        last_seen=AT,
        device=Device(family="Firefox", os="Windows", digest="the-device"),
        address="198.51.100.23",
        place="Kyoto, Japan",
    )
    return replace(made, **more)


def started(**more: Any) -> Mapping[str, object]:
    event: dict[str, Any] = {"subject": subject(), "at": AT, "session": session(), "unusual": ("new_device",), **more}
    return payload(SessionStarted(**event))


def evicted(by: str = "00new") -> Mapping[str, object]:
    old = session("00old", place="Berlin, Germany", address="192.0.2.4")
    over = replace(old, state=State.ENDED, end_reason=EndReason.EVICTED, ended=AT, ended_by=by)
    return payload(SessionEnded(subject=subject(), at=AT, session=over))


def disowned() -> Mapping[str, object]:
    ended = {"state": State.ENDED, "end_reason": EndReason.DISOWNED, "ended": AT, "ended_by": "00old"}
    return payload(SessionEnded(subject=subject(), at=AT, session=session(**ended)))


def refused(at: int = AT, **facts: str) -> Mapping[str, object]:
    arrival = {"client": "", "device": "Chrome on Linux", "address": "203.0.113.9", "place": "", **facts}
    return payload(StartRefused(subject=subject(), at=at, arrival=arrival, limit="one", open=("00old",)))


def quarrel() -> Mapping[str, object]:
    arrival = {"device": "Firefox"}
    return payload(
        EvictionsRepeated(subject=subject(), at=AT, arrival=arrival, against=("00old",), outcome="end_existing")
    )
