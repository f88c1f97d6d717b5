"""What a check is: what it says of itself, and a function that looks."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sojourn.probe.answers import Severity, Verdict

if TYPE_CHECKING:
    from sojourn.probe.examining.examination import Examination


class Need(StrEnum):
    """What a check cannot do without. Where it is missing the answer is `not testable`, with how to give it."""

    BROWSER = "a real browser (--browser)"
    MAILBOX = "the account's mailbox ([mailbox] in the profile)"
    ADMIN = "an administrator ([admin] in the profile)"
    WAIT = "time to wait (--wait)"
    CHANGES = "leave to change the account (--changes)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. Its file holds nothing else, and ends with `CHECK = Check(...)`."""

    id: str
    """Stable, lower case with hyphens: reports, baselines, `--only` and `--skip` name it."""
    title: str
    """What is true where it passes: "A token is dead after logout"."""
    severity: Severity
    references: tuple[str, ...]
    """Such as "ASVS 5.0 7.4.1", "WSTG-SESS-06", "NIST SP 800-53 SC-23(1)", "CWE-613", "Fluid Attacks 076"."""
    does: str
    """What it does, for `--list`, `--dry-run` and the report: a sentence or two in the present tense."""
    advice: str
    """What to do where it fails, for whoever builds the application."""
    sign_ins: int
    """How many sign-ins it makes at most: the cheapest check goes first."""
    shared: int = 0
    """How many of these are made once for all checks that need what they show, such as the limit."""
    look: "Callable[[Examination], Verdict]"
    """Does it. May raise any ProbeError: NotTestable is an answer, LockedOut ends the audit."""
    needs: frozenset[Need] = frozenset()
