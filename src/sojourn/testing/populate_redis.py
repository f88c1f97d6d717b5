"""A store on Redis as full as a busy site's: the same crowd as `populate` makes on SQL, past every rule and script.

populate_redis(redis.Redis(), Crowd(sessions=1_000_000, subjects=300_000), now=system_clock())
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sojourn.core.events import Event, SessionStarted, StartRefused
from sojourn.core.records import Device, DeviceClass, EndReason, Session, State
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND, deadline
from sojourn.core.tokens import mint_sid, route_of
from sojourn.stores.redis.keys import PREFIX, key
from sojourn.stores.redis.texts import event_text, session_text
from sojourn.testing.populate import CLIENTS, DEVICES, REASONS, Crowd

T = TypeVar("T")
_PRIME = 7_368_787  # its multiples, modulo how many there are, come in no order that an index would like
_LUCK = 1021
_BATCH = 10_000
_LATEST = 1 << 53


def populate_redis(client: Any, crowd: Crowd, *, now: int, prefix: str = PREFIX) -> None:
    """Add the sessions of `crowd`, their subjects and their events to a store whose subjects are others.

    `client` is one of redis-py, or of valkey-py. For tests and measurements: nothing asks whether it may. Nobody holds
    a token of these sessions. `now` is in milliseconds.
    """
    if crowd.sessions < 1 or crowd.subjects < 1:
        return
    rosters: defaultdict[str, list[str]] = defaultdict(list)
    containers = _Containers(client, prefix)
    for number, session in enumerate(_sessions(crowd, now)):
        containers.add_session(session)
        if session.open:
            rosters[session.subject].append(session.sid)
        if crowd.events:
            containers.add_event(SessionStarted(subject=session.subject, at=session.created, session=session), number)
            if number % 20 == 0:
                refused = StartRefused(subject=session.subject, at=session.created, arrival={}, limit="1")
                containers.add_event(refused, crowd.sessions + number)
        if number % _BATCH == _BATCH - 1:
            containers.write()
    for subject, sids in rosters.items():
        containers.put(route_of(subject), "subjects", subject, "\t".join(["populated", *sids]) + "\n")
    containers.write()


class _Containers:
    """What is to be written, until it is: a command for each container, all of them at once."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._entries: defaultdict[str, dict[str | bytes, Any]] = defaultdict(dict)

    def put(self, route: int, container: str, name: str | bytes, value: str | float) -> None:
        """An entry of a hash, if `value` is a text, or of a sorted set."""
        self._entries[key(self._prefix, route, container)][name] = value

    def add_session(self, session: Session) -> None:
        """A session with all that leads to it, but for the roster."""
        route, sid = route_of(session.subject), session.sid
        self.put(route, "sessions", sid, session_text(session))
        self.put(route, "tokens", session.digest, sid)
        self.put(route, "created", sid, session.created)
        if session.ended is None:
            at = deadline(session)
            self.put(route, "open", sid, float("inf") if at is None else at)
            return
        self.put(route, "ended", sid, session.ended)
        self.put(route, "addressed", sid, session.ended)
        self.put(route, "history", f"{session.subject}\0{_LATEST - session.ended:016d}{sid}", 0)

    def add_event(self, event: Event, number: int) -> None:
        """An event that nobody waits for."""
        route = event.route
        record = event_text(event, wanted=False)
        self.put(route, "events", event.id, f"{number} {record}")
        self.put(route, "log", event.id, number)
        self.put(route, "moments", event.id, event.at)
        self.put(route, "told", f"{event.subject}\0{number:016d}{event.id}", 0)
        if '"address": "1' in record:
            self.put(route, "exposed", event.id, event.at)

    def write(self) -> None:
        """Write what there is."""
        pipe = self._client.pipeline(transaction=False)
        for name, entries in self._entries.items():
            if isinstance(next(iter(entries.values())), str):
                pipe.hset(name, mapping=entries)
            else:
                pipe.zadd(name, entries)
        pipe.execute()
        self._entries.clear()


def _sessions(crowd: Crowd, now: int) -> Iterator[Session]:
    for n in range(crowd.sessions):
        started = now - crowd.days * DAY + n * _PRIME % crowd.sessions * (crowd.days * DAY) // crowd.sessions
        share, luck = (n * n % 10007 + n * 31) % 100, (n * n % 99991 + n * 7) % _LUCK
        left = started + luck * 9 * SECOND
        live, is_open = share < crowd.live, share < crowd.live + crowd.late
        seen = now - luck * SECOND if live else min(left, now - MINUTE)
        subject = f"{crowd.prefix}{n % crowd.subjects + crowd.first}"
        kind, family, system = _pick(DEVICES, luck)
        yield Session(
            sid=mint_sid(route_of(subject)),
            subject=subject,
            digest=os.urandom(32),
            created=started,
            authenticated=started,
            last_seen=seen,
            inactivity_timeout=14 * DAY if live else HOUR,
            persistent=luck % 2 == 0,
            client=_pick(CLIENTS, luck),
            device=Device(DeviceClass(kind), family, system, os.urandom(21).hex()),
            address=f"10.{luck % 200}.{n % 251}.{n % 241}",
            amr=("pwd",),
            state=State.OPEN if is_open else State.ENDED,
            end_reason=None if is_open else EndReason(_pick(REASONS, luck)),
            ended=None if is_open else seen + MINUTE,
        )


def _pick(items: Sequence[T], luck: int) -> T:
    """One of `items`; each is half as common as the one before, the last as common as that."""
    below, share = 0, _LUCK
    for item in items[:-1]:
        share //= 2
        below += share
        if luck < below:
            return item
    return items[-1]
