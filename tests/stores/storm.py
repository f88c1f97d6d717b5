"""A storm of sign-ins, look-ups, touches and ends by clients that each keep a journal of what they were told.

A client makes one call after the other. A process that waits is one client; one that awaits is several at once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from sojourn import Admitted, Arrival, Limit, Policy, SessionControl
from sojourn.control import AsyncSessionControl
from sojourn.core.errors import StoreError, StoreUnconfirmed
from sojourn.core.outcomes import Authenticated
from sojourn.core.policy import Overflow
from sojourn.core.records import EndReason, Session
from sojourn.core.timeouts import HOUR, Timeouts
from sojourn.core.tokens import Token, route_of
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.aio import AsyncRedisStore
from sojourn.stores.redis.async_servers import AsyncServers
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.conformance import wanted

T = TypeVar("T")
MAX = 3
SUBJECTS = [f"user-{number}" for number in range(48)]
AT_ONCE = 4
"""Clients of one process that awaits."""
WELL_SECONDS = 120


def policy(arrival: Arrival) -> Policy:
    """Half of the subjects are refused at the limit, the other half lose a session to the newcomer."""
    overflow = Overflow.REFUSE if int(arrival.subject.rpartition("-")[2]) % 2 else Overflow.END_EXISTING
    return Policy((Limit(MAX, overflow),), Timeouts(inactivity=HOUR))


def open_store(url: str) -> RedisStore:
    return RedisStore(Servers(Address.parse(url)), wanted=wanted)


class Try(NamedTuple):
    """One call: what it was, on which route, when (by the clock that all processes share), and how it went."""

    what: str
    route: int
    began: float
    seconds: float
    error: str = ""


@dataclass
class Journal:
    """What one client was told. Of sessions: their sids."""

    tries: list[Try] = field(default_factory=list)
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Subject and token of those that were admitted."""
    unconfirmed: set[str] = field(default_factory=set)
    """Those that were admitted, and by which the admission was not confirmed."""
    ended: set[str] = field(default_factory=set)
    """Those of which it was said that they are over: by an end, or by an admission that they gave way to."""
    ended_unconfirmed: set[str] = field(default_factory=set)
    """Those that are over as far as is known."""
    in_doubt: set[str] = field(default_factory=set)
    """Those that were to end, and of which an error is all that is known."""
    doubtful: set[str] = field(default_factory=set)
    """Subjects of whom a sign-in failed: whether it took place, and what it ended, nobody was told."""
    undead: list[str] = field(default_factory=list)
    """Those whose end was confirmed, and that were live right afterwards."""


class Client:
    """Whoever makes one call after the other, of control that waits or of control that awaits."""

    def __init__(
        self, number: int, control: SessionControl | AsyncSessionControl, subjects: Sequence[str] = SUBJECTS
    ) -> None:
        self.control = control
        self.subjects = subjects
        self.journal = Journal()
        self.mine: dict[str, tuple[Session, Token]] = {}
        self.chance = random.Random(number)

    async def rage(self, operations: int) -> Journal:
        """So many operations, whatever becomes of each."""
        for _ in range(operations):
            await self.act()
        return self.journal

    async def act(self) -> None:
        """One operation."""
        what = self.chance.random()
        if what < 0.3 or not self.mine:
            await self.sign_in(self.chance.choice(self.subjects))
            return
        sid = self.chance.choice(list(self.mine))
        await {0: self.end, 1: self.touch}.get(int((what - 0.3) * 10), self.look_up)(sid)

    async def sign_in(self, subject: str) -> None:
        outcome = await self.told("sign-in", subject, lambda: self.control.start(Arrival(subject)))
        if outcome is None:
            self.journal.doubtful.add(subject)
        if not isinstance(outcome, Admitted):
            return
        assert outcome.token is not None
        sid = outcome.session.sid
        self.mine[sid] = outcome.session, outcome.token
        self.journal.tokens[sid] = subject, outcome.token.reveal()
        gone = {session.sid for session in outcome.ended}
        if outcome.confirmed:
            self.journal.ended |= gone
        else:
            self.journal.unconfirmed.add(sid)
            self.journal.ended_unconfirmed |= gone
        for each in gone & self.mine.keys():
            del self.mine[each]

    async def look_up(self, sid: str) -> None:
        session, token = self.mine[sid]
        found = await self.told("look-up", session.subject, lambda: self.control.authenticate(token))
        if found is not None and not isinstance(found, Authenticated):
            del self.mine[sid]  # ended by somebody else, or lost

    async def touch(self, sid: str) -> None:
        session, _ = self.mine[sid]
        await self.told("touch", session.subject, lambda: self.control.touch(session))

    async def end(self, sid: str) -> None:
        session, token = self.mine.pop(sid)
        try:
            ended = await self.told(
                "end", session.subject, lambda: self.control.end(session.subject, [sid], EndReason.LOGOUT)
            )
        except StoreUnconfirmed:
            self.journal.ended_unconfirmed.add(sid)
            return
        if not ended:  # by somebody else before, or an error
            self.journal.in_doubt.add(sid)
            return
        self.journal.ended.add(sid)
        found = await self.told("look-up", session.subject, lambda: self.control.authenticate(token))
        if isinstance(found, Authenticated):
            self.journal.undead.append(sid)

    async def told(self, what: str, subject: str, call: Callable[[], object]) -> object:
        """What came of it; None for an error. An end that is not confirmed is told as such."""
        began, error = time.monotonic(), ""
        try:
            found = call()
            return await found if isinstance(found, Awaitable) else found
        except StoreUnconfirmed:
            raise
        except StoreError as raised:
            error = f"{raised.code}: {raised}"
            return None
        finally:
            self.journal.tries.append(Try(what, route_of(subject), began, time.monotonic() - began, error))

    async def recover(self) -> None:
        """Ask about every subject, on the connections that it has, until there is an answer."""
        for subject in self.subjects:
            late = time.monotonic() + WELL_SECONDS
            while await self.told("roster", subject, lambda subject=subject: self.control.sessions(subject)) is None:
                if time.monotonic() > late:
                    raise TimeoutError(f"no answer about {subject} within {WELL_SECONDS} seconds")


def at_once(steps: Coroutine[Any, Any, T]) -> T:
    """Carry out what waits and never awaits, without an event loop: in one, Django lets nobody wait."""
    try:
        steps.send(None)
    except StopIteration as done:
        outcome: T = done.value
        return outcome
    raise AssertionError("it awaits something")


Phase = Callable[[int], list[Journal]]


def connect(number: int, url: str, operations: int) -> tuple[Phase, Phase]:
    """A contender that waits: rages, then asks until all is well."""
    return phases([Client(number, SessionControl(open_store(url), policy))], operations)


def connect_and_await(number: int, url: str, operations: int) -> tuple[Phase, Phase]:
    """A contender that awaits: several clients on one event loop and one set of connections."""
    control = AsyncSessionControl(AsyncRedisStore(AsyncServers(Address.parse(url)), wanted=wanted), policy)
    clients = [Client(number * AT_ONCE + place, control) for place in range(AT_ONCE)]
    return phases(clients, operations // AT_ONCE)


def phases(clients: list[Client], operations: int) -> tuple[Phase, Phase]:
    """All clients of a process rage; one of them then asks about everybody."""
    runner = asyncio.Runner()

    async def rage() -> list[Journal]:
        return list(await asyncio.gather(*(client.rage(operations) for client in clients)))

    async def recover() -> list[Journal]:
        await clients[0].recover()
        return [client.journal for client in clients]

    runner.run(clients[0].told("roster", SUBJECTS[0], lambda: clients[0].control.sessions(SUBJECTS[0])))
    return lambda _: runner.run(rage()), lambda _: runner.run(recover())


def still_live(journals: Sequence[Journal], control: SessionControl) -> set[str]:
    """Those of the sessions in the journals whose tokens are good."""
    tokens = [entry for journal in journals for entry in journal.tokens.items()]
    return {sid for sid, (_, token) in tokens if isinstance(control.authenticate(token), Authenticated)}


@dataclass
class Reckoning:
    """What the journals and the records come to, put together."""

    journals: list[Journal]
    live: set[str]

    @property
    def tries(self) -> list[Try]:
        return [each for journal in self.journals for each in journal.tries]

    @property
    def errors(self) -> list[str]:
        return [each.error for each in self.tries if each.error]

    @property
    def undead(self) -> list[str]:
        return [sid for journal in self.journals for sid in journal.undead]

    @property
    def lost_ends(self) -> list[str]:
        """Those who were told that they are over, and are not."""
        return sorted(self.live & self.union("ended"))

    @property
    def lost_admissions(self) -> list[str]:
        """Those who were admitted and never ended, and are not live."""
        known = self.union("ended") | self.union("ended_unconfirmed") | self.union("in_doubt")
        doubtful, unconfirmed = self.union("doubtful"), self.union("unconfirmed")
        return [
            sid
            for journal in self.journals
            for sid, (subject, _) in journal.tokens.items()
            if sid not in self.live | known | unconfirmed and subject not in doubtful
        ]

    @property
    def undone(self) -> set[str]:
        """Those of whom it was said that nothing was confirmed, and of whom nothing is left."""
        known = self.union("ended") | self.union("in_doubt")
        doubtful = self.union("doubtful")
        admitted = {sid for journal in self.journals for sid, (by, _) in journal.tokens.items() if by not in doubtful}
        admissions = (self.union("unconfirmed") & admitted) - self.live - known - self.union("ended_unconfirmed")
        return self.union("ended_unconfirmed") & self.live | admissions

    def union(self, name: str) -> set[str]:
        return set().union(*(getattr(journal, name) for journal in self.journals))

    def longest(self, *kinds: str) -> float:
        return max(each.seconds for each in self.tries if each.what in kinds)
