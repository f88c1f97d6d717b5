"""What a check says: an answer with its evidence. Plain data, already free of secrets where it says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sojourn.probe.wire.exchange import Exchange


class Answer(StrEnum):
    """What a check came to. `NOT_TESTABLE` has a reason and is never counted as a pass."""

    PASS = "pass"  # noqa: S105  # no password
    WARN = "warn"
    FAIL = "fail"
    NOT_TESTABLE = "not testable"


class Severity(StrEnum):
    """How bad it is where a check fails, by what an attacker gains."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's own answer: a sentence of what was seen, and the exchanges that show it. It may hold secrets."""

    answer: Answer
    summary: str
    evidence: tuple[Exchange, ...] = ()
    details: tuple[str, ...] = field(default=(), kw_only=True)
    quoted: str = field(default="", kw_only=True)
    """What the application says, whole. Its beginning ends the summary, cut off once no secret is in it any more."""


def passed(
    summary: str, evidence: Sequence[Exchange] = (), *, details: Sequence[str] = (), quoted: str = ""
) -> Verdict:
    """What the check looks for was looked for, and is not there."""
    return Verdict(Answer.PASS, summary, tuple(evidence), details=tuple(details), quoted=quoted)


def warned(
    summary: str, evidence: Sequence[Exchange] = (), *, details: Sequence[str] = (), quoted: str = ""
) -> Verdict:
    """Not wrong in itself, but worse than it should be, or wrong under circumstances that the probe cannot see."""
    return Verdict(Answer.WARN, summary, tuple(evidence), details=tuple(details), quoted=quoted)


def failed(summary: str, evidence: Sequence[Exchange], *, details: Sequence[str] = ()) -> Verdict:
    """The weakness is there; `evidence` shows it to somebody who was not present."""
    return Verdict(Answer.FAIL, summary, tuple(evidence), details=tuple(details))
