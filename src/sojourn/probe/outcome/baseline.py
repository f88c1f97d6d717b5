"""What was known before: an earlier report, so that an audit fails on what is new."""

import json
from dataclasses import dataclass
from pathlib import Path

from sojourn.probe.answers import Answer
from sojourn.probe.errors import WrongProfile
from sojourn.probe.outcome.report import Finding, Report

VERSION = 1
"""Of the JSON report; another one is not read as a baseline."""
_LARGEST = 20_000_000
_BAD = (Answer.FAIL, Answer.WARN)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What of a report was there before."""

    exists: bool = False
    """Whether there is anything to compare with."""
    known: frozenset[tuple[str, str]] = frozenset()
    """Ids of checks and what they came to."""
    no_longer: tuple[str, ...] = ()
    """Checks that failed then and pass now."""

    def is_new(self, finding: Finding) -> bool:
        """Whether something is wrong that was not, or was less so: a warning that is a failure now is new."""
        if finding.answer not in _BAD:
            return False
        said = (finding.check.id, finding.answer.value)
        return said not in self.known and (finding.check.id, Answer.FAIL.value) not in self.known


def read_baseline(path: Path) -> frozenset[tuple[str, str]]:
    """The findings of an earlier JSON report. Raises WrongProfile where it is none."""
    try:
        if path.stat().st_size > _LARGEST:
            raise WrongProfile(f"{path} is too large to be a report")
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise WrongProfile(f"{path} is a report of another version: write it anew with --output report.json")
        return frozenset((str(each["id"]), str(each["answer"])) for each in document["findings"])
    except OSError as error:
        raise WrongProfile(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise WrongProfile(f"{path} is no JSON report of this command: --output report.json writes one") from None


def compare(report: Report, before: frozenset[tuple[str, str]]) -> Comparison:
    """What of `report` was there before, and what is mended since."""
    bad = {check for check, answer in before if answer in _BAD}
    mended = [each.check.id for each in report.with_answer(Answer.PASS) if each.check.id in bad]
    return Comparison(exists=True, known=frozenset(pair for pair in before if pair[1] in _BAD), no_longer=tuple(mended))
