"""For how long a session may lie idle: several are left so, and each is looked at once, after a pause of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.demands import INACTIVITY, Span
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Visitor

AT_ONCE = 6
"""Sessions that lie idle beside one another."""
ROUNDS = 3
AFTER = 2.0
"""Seconds that a look comes later than its pause says: a session that may lie idle for 15 minutes is open at 15:00."""


@dataclass(frozen=True, slots=True)
class Idle:
    """What the idle sessions came to."""

    span: Span
    evidence: tuple[Exchange, ...]


def idle(examination: Examination) -> Idle:
    """When a session that nobody uses ends; found at most once in an audit. Takes no longer than `wait` allows.

    Several sessions are begun, each is looked at once, after a pause of its own, so that no look refreshes another.
    Where the account may have fewer sessions, the pauses follow one another. Raises NotTestable, and what signing
    in raises.
    """
    return examination.known("idle", lambda: _observe(examination))


def _observe(examination: Examination) -> Idle:
    wait = examination.profile.wait
    span, evidence, pauses = Span(0, None), tuple[Exchange, ...](), _first(wait)
    for _ in range(ROUNDS):
        began = examination.clock.now()
        found, shown = _round(examination, pauses, wait)
        examination.sign_out_of_all()
        if found.dead is None and span.dead is None:
            return Idle(found, shown)
        span = Span(max(span.alive, found.alive), span.dead if found.dead is None else found.dead)
        evidence = shown if found.dead is not None else evidence
        wait -= examination.clock.now() - began
        if span.dead is None or span.dead - span.alive <= max(10, span.dead / 20) or span.dead > wait:
            break
        step = (span.dead - span.alive) / 4
        pauses = [span.alive + step * number for number in (1, 2, 3)]
    return Idle(span, evidence)


def _first(wait: float) -> list[float]:
    """The pauses to try first: those that standards name, and the rest of the time in halves."""
    demanded = {demand.seconds for demand in INACTIVITY if demand.seconds < wait}
    halves = [wait / 2**number for number in range(AT_ONCE)]
    return sorted([*demanded, *[each for each in halves if each not in demanded][: AT_ONCE - len(demanded)]])


def _round(examination: Examination, pauses: Sequence[float], wait: float) -> tuple[Span, tuple[Exchange, ...]]:
    clock, begun = examination.clock, list[Visitor]()
    for _ in pauses:
        attempt = examination.attempt()
        if not attempt.admitted:
            break
        begun.append(attempt.visitor)
    idle_since, seen = dict[Visitor, float](), dict[Visitor, Exchange]()
    for visitor in begun:  # a limit may have ended some while others signed in
        signed_in, page = examination.look(visitor)
        if signed_in:
            idle_since[visitor], seen[visitor] = clock.now(), page.exchange
    if not idle_since:
        raise NotTestable("No session was open to be left idle")
    alive, evidence, ends = 0.0, tuple[Exchange, ...](), clock.now() + wait
    # Where there are fewer sessions than pauses, one that was open goes on with a longer pause: its look was its use.
    for planned, visitor in zip(pauses, cycle(idle_since), strict=False):
        pause = min(planned, ends - idle_since[visitor])  # what is left of the wait is a pause as well
        if pause <= alive:
            break
        examination.wait(idle_since[visitor] + pause + AFTER - clock.now())
        signed_in, page = examination.look(visitor)
        evidence = (seen[visitor], page.exchange)
        if not signed_in:
            return Span(alive, pause), evidence
        idle_since[visitor], seen[visitor], alive = clock.now(), page.exchange, pause
    return Span(alive, None), evidence
