"""What a race is held to on every store, whatever connects its processes to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sojourn import Admitted, Arrival, ChoiceRequired, Limit, Policy, Refused, SessionControl
from sojourn.core.errors import InvalidTicket
from sojourn.core.policy import Overflow
from sojourn.core.store import Store
from sojourn.core.timeouts import HOUR, Timeouts
from sojourn.testing.races import race

Worker = Callable[[int], str]


def policies(most: int) -> dict[Overflow, Policy]:
    """One limit, with each of what can happen at it."""
    return {overflow: Policy((Limit(most, overflow),), Timeouts(inactivity=HOUR)) for overflow in Overflow}


def assert_as_promised(overflow: Overflow, most: int, results: Sequence[tuple[str, str]]) -> None:
    """Hold a burst to its limit: what each process got by signing in, then by choosing ("" if it was not asked)."""
    processes = len(results)
    first, then = sorted(outcome for outcome, _ in results), sorted(outcome for _, outcome in results if outcome)
    if overflow is Overflow.END_EXISTING:
        assert first == [Admitted.__name__] * processes
    else:
        rest = Refused.__name__ if overflow is Overflow.REFUSE else ChoiceRequired.__name__
        assert first == sorted([Admitted.__name__] * most + [rest] * (processes - most))
    if overflow is Overflow.ASK:
        assert then == sorted([Admitted.__name__] + [ChoiceRequired.__name__] * (processes - most - 1))


def open_of(store: Store) -> Callable[[int], int]:
    """Counts the open sessions of a burst's subject."""
    return lambda burst: len(store.roster(f"user-{burst}").sessions)


def sender(store: Store, most: int, tickets: Sequence[str]) -> Worker:
    """A worker of a browser whose form is sent many times at once: all have the same ticket."""
    store.roster("warm up")
    control = SessionControl(store, policies(most)[Overflow.ASK])

    def choose(burst: int) -> str:
        sid = store.roster(f"user-{burst}").sessions[0].sid
        try:
            return type(control.choose(tickets[burst], [sid], browser="one browser")).__name__
        except InvalidTicket:
            return InvalidTicket.__name__

    return choose


def assert_a_ticket_admits_once(
    store: Store, most: int, worker: str, site: dict[str, Any], *, processes: int, bursts: int
) -> None:
    """Ask one browser for each burst, and have all processes answer at once; `worker` is where its `sender` is made."""
    control = SessionControl(store, policies(most)[Overflow.ASK])
    tickets = [
        _asked(control.start(Arrival(f"user-{each}"), browser="one browser") for _ in range(most + 1))
        for each in range(bursts)
    ]
    report = race(
        worker, {**site, "tickets": tickets}, count=open_of(store), expected=most, processes=processes, bursts=bursts
    )
    assert not report.violations, report
    for results in report.results:
        assert sorted(results) == [("Admitted",)] + [("InvalidTicket",)] * (processes - 1)


def _asked(outcomes: Iterable[object]) -> str:
    *_, last = outcomes
    assert isinstance(last, ChoiceRequired)
    assert last.ticket is not None
    return last.ticket.reveal()
