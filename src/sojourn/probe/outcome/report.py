"""What an audit came to. Everything in it has been masked: it can be printed, mailed and kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from sojourn.probe.answers import Answer
from sojourn.probe.check import Check
from sojourn.probe.outcome.masking import Shown


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to, without secrets."""

    check: Check
    answer: Answer
    summary: str
    details: tuple[str, ...]
    evidence: tuple[Shown, ...]
    sign_ins: int
    """How many it made."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """A whole audit, or as much of it as there was."""

    target: str
    account: str
    began: float
    """Seconds since 1970."""
    seconds: float
    login: str
    """How it signed in."""
    marks: tuple[str, ...]
    """How it knew that it was."""
    findings: tuple[Finding, ...]
    stopped: str
    """Why it ended early; "" if it did not."""
    requests: int
    sign_ins: int
    left_open: int
    """Sessions that could not be signed out."""
    skipped: tuple[Check, ...] = ()
    """What the operator did not ask for."""

    def count(self, answer: Answer) -> int:
        """How many checks came to this."""
        return sum(each.answer is answer for each in self.findings)

    def with_answer(self, *answers: Answer) -> Iterable[Finding]:
        """The findings that came to one of these."""
        return (each for each in self.findings if each.answer in answers)
