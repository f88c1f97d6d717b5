"""What the dashboard says, worked out from what the store has counted: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sojourn.contrib.django.wording import limit_title
from sojourn.core.policy import Counts, Limit
from sojourn.core.records import EndReason
from sojourn.core.search import Census, Tally
from sojourn.core.timeouts import DAY, HOUR


@dataclass(frozen=True, slots=True)
class Period:
    """How far back a dashboard looks: `count` stretches of `step` milliseconds."""

    step: int
    count: int

    def start(self, now: int, offset: int) -> int:
        """When the first stretch begins, so that the last one holds `now` and all begin on the clock's full steps.

        `offset` is that of the reader's time zone, in milliseconds.
        """
        last = (now + offset) // self.step * self.step - offset
        return last - self.step * (self.count - 1)


PERIODS = {"day": Period(HOUR, 24), "week": Period(6 * HOUR, 28), "month": Period(DAY, 30)}


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a limit is used: how many of all subjects with a session have as many as it allows, or more."""

    title: str
    max_sessions: int
    at_limit: int
    subjects: int

    @property
    def percent(self) -> int:
        """The share of those at the limit, in percent."""
        return round(100 * self.at_limit / self.subjects) if self.subjects else 0


def open_over_time(live: int, tallies: Sequence[Tally]) -> list[int]:
    """How many sessions were open at the end of each stretch, counted back from the `live` ones of now."""
    found = []
    for tally in reversed(tallies):
        found.append(max(0, live))
        live += sum(tally.ended.values()) - tally.started
    return found[::-1]


def ended_by_reason(tallies: Iterable[Tally]) -> list[tuple[EndReason, int]]:
    """How many sessions ended for which reason, the most frequent first."""
    total: dict[EndReason, int] = {}
    for tally in tallies:
        for reason, count in tally.ended.items():
            total[reason] = total.get(reason, 0) + count
    return sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))


def stopped(tally: Tally, kinds: Iterable[str]) -> int:
    """How many sign-ins were stopped, of these types of events."""
    return sum(tally.stopped.get(kind, 0) for kind in kinds)


def use_of(limits: Iterable[Limit], census: Census) -> list[Use]:
    """The use of each limit that counts every session of everybody; of the others a census cannot tell."""
    return [
        Use(limit_title(limit), limit.max_sessions, _at_least(census.per_subject, limit.max_sessions), census.subjects)
        for limit in limits
        if limit.counts is Counts.SESSIONS
        and not (limit.scope or limit.clients or limit.device_classes or limit.groups or limit.exempt)
    ]


def _at_least(per_subject: Mapping[int, int], sessions: int) -> int:
    return sum(subjects for held, subjects in per_subject.items() if held >= sessions)
