"""What came of the bursts: counted, judged, and printed as a table."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.races.plan import Burst

# What an answer may be. 503 says "try again" and is counted; a 500 may never be.
_SIGN_IN = {
    ("refuse", False): {302, 409, 503},
    ("refuse", True): {302, 409, 503},
    ("end_existing", False): {302, 503},
    ("end_existing", True): {302, 503},
    ("ask", False): {302, 303, 503},
    ("ask", True): {303, 503},  # a session is open: whoever comes now must be asked
}
_LATER = {"choice page": {200, 503}, "choice": {302, 409, 503}, "look": {200, 401, 503}}
PHASES = ("page", "sign-in", "choice page", "choice", "look")
CANNOT_KNOW = 503


@dataclass(slots=True)
class Row:
    """All bursts of one combination on one database."""

    database: str
    overflow: str
    atomic: bool
    again: bool
    open: list[int] = field(default_factory=list)
    """Open sessions after each burst."""
    signed_in: list[int] = field(default_factory=list)
    """Browsers that were signed in after each burst."""
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    sign_in_ms: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, still_open: int, contenders: Sequence[Sequence[Any]], user: str) -> None:
        """Add one burst: what each contender's phases returned."""
        self.open.append(still_open)
        self.signed_in.append(sum(phases[4][1] == user for phases in contenders))
        for phases in contenders:
            for name, result in zip(PHASES[1:], (*phases[1:4], phases[4][0]), strict=True):
                if result is not None:
                    self.statuses.setdefault(name, Counter())[result] += 1
            self.failures.update(phases[4][2])

    @property
    def violations(self) -> int:
        """Bursts after which not exactly one session was open, or not exactly one browser signed in."""
        return sum((one, who) != (1, 1) for one, who in zip(self.open, self.signed_in, strict=True))

    @property
    def unexpected(self) -> int:
        """Answers with a status that no such request may have, a 500 above all."""
        return sum(
            count
            for phase, statuses in self.statuses.items()
            for status, count in statuses.items()
            if status not in (_SIGN_IN[self.overflow, self.again] if phase == "sign-in" else _LATER[phase])
        )

    @property
    def unavailable(self) -> int:
        """Answers that asked to try again."""
        return sum(statuses[CANNOT_KNOW] for statuses in self.statuses.values())

    @property
    def sound(self) -> bool:
        """Whether all is as it should be."""
        return bool(self.open) and not self.violations and not self.unexpected


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of sign-ins against changes of the same users."""

    database: str
    sign_ins: int
    saves: int
    deadlocks: int | None
    """As the server counted them; None where it does not."""
    answers: Counter[str]
    failures: Counter[str]

    @property
    def sound(self) -> bool:
        """Whether nothing deadlocked and nothing failed."""
        return not self.deadlocks and set(self.answers) <= {"302", "saved", "503"}


@dataclass(slots=True)
class Killed:
    """What was left by a process that was killed in the middle of a sign-in, and how the next sign-in went."""

    database: str
    atomic: bool
    after: str
    how: str
    unchanged: bool
    """Whether the database was as it had been before."""
    then_status: int = 0
    then_ms: float = 0
    then_open: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing was left: no lock, no half of a decision. (MariaDB would wait 50 seconds for a lock.)"""
        goes_on = self.then_status == 302 and self.then_open == 1 and self.then_ms < 10_000
        return self.how == "killed" and self.unchanged and goes_on


def between(numbers: Sequence[int]) -> str:
    """A range of counts: "1", or "3-16"."""
    return str(min(numbers)) if min(numbers) == max(numbers) else f"{min(numbers)}-{max(numbers)}"


def _counts(statuses: Counter[int] | None) -> str:
    return ", ".join(f"{count}x {status}" for status, count in sorted(statuses.items())) if statuses else "-"


COLUMNS: Sequence[tuple[str, Callable[[Row], str]]] = (
    ("database", lambda row: row.database),
    ("at the limit", lambda row: row.overflow),
    ("atomic", lambda row: "on" if row.atomic else "off"),
    ("sign-in", lambda row: "later" if row.again else "first"),
    ("bursts", lambda row: str(len(row.open))),
    ("violations", lambda row: str(row.violations)),
    ("open", lambda row: between(row.open)),
    ("signed in", lambda row: between(row.signed_in)),
    ("sign-in answers", lambda row: _counts(row.statuses.get("sign-in"))),
    ("choice answers", lambda row: _counts(row.statuses.get("choice"))),
    ("503", lambda row: str(row.unavailable)),
    ("other", lambda row: str(row.unexpected)),
    ("median ms", lambda row: f"{statistics.median(row.sign_in_ms):.0f}" if row.sign_in_ms else "-"),
)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table that is readable as it is."""
    widths = [max(len(row[index]) for row in (header, *rows)) for index in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def as_table(rows: Sequence[Row]) -> str:
    """The table of all combinations, and below it what was behind each status of 500."""
    text = table([name for name, _ in COLUMNS], [[show(row) for _, show in COLUMNS] for row in rows])
    failures = sum((row.failures for row in rows), Counter[str]())
    return text + "".join(f"\n{count}x {failure}" for failure, count in failures.most_common())


def row_of(database: str, burst: Burst) -> Row:
    """An empty row for bursts like this one."""
    return Row(database, burst.overflow, burst.atomic, burst.again)


def as_storm_table(storms: Sequence[Storm]) -> str:
    """The table of the storms, and below it what failed."""
    header = ("database", "sign-ins", "saves", "deadlocks", "answers")
    lines = [
        (
            each.database,
            str(each.sign_ins),
            str(each.saves),
            "-" if each.deadlocks is None else str(each.deadlocks),
            ", ".join(f"{count}x {answer}" for answer, count in sorted(each.answers.items())),
        )
        for each in storms
    ]
    failures = sum((each.failures for each in storms), Counter[str]())
    return table(header, lines) + "".join(f"\n{count}x {failure}" for failure, count in failures.most_common())


def as_kill_table(killed: Sequence[Killed]) -> str:
    """The table of what became of sign-ins whose process was killed."""
    header = ("database", "atomic", "killed after", "left behind", "next sign-in", "ms", "open then")
    lines = [
        (
            each.database,
            "on" if each.atomic else "off",
            each.after if each.how == "killed" else each.how,
            "nothing" if each.unchanged else "something",
            str(each.then_status),
            f"{each.then_ms:.0f}",
            str(each.then_open),
        )
        for each in killed
    ]
    return table(header, lines)
