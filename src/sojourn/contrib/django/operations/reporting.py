"""`report`: what report-only has found: what enforcing the policy would have come to."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.exporting import events
from sojourn.contrib.django.operations.moments import past
from sojourn.contrib.django.operations.terminal import Terminal, when
from sojourn.contrib.django.settings import current
from sojourn.core.policy import Overflow
from sojourn.core.records import EndReason
from sojourn.core.search import SessionQuery
from sojourn.web.problems import instant

COUNTED = 1_000_000
REPLACED = str(EndReason.REPLACED)


@dataclass(slots=True)
class Finding:
    """How often one rule would have acted, on how many sessions, of how many users."""

    times: int = 0
    sessions: int = 0
    subjects: set[str] = field(default_factory=set)

    def add(self, event: Mapping[str, object]) -> None:
        """Count one event."""
        ended = event["ended"]
        self.times += 1
        self.sessions += len(ended) if isinstance(ended, list) else 0
        self.subjects.add(str(event["subject"]))

    def facts(self) -> dict[str, int]:
        """The numbers, for JSON."""
        return {"times": self.times, "sessions": self.sessions, "users": len(self.subjects)}


@dataclass(slots=True)
class Findings:
    """All that would have happened; pure arithmetic over the events of report-only.

    `ended`: sessions that would have ended to make room or by time, while somebody used them. `replaced`: sessions of
    a device that signed in again, which nobody would have missed.
    """

    ended: Finding = field(default_factory=Finding)
    replaced: Finding = field(default_factory=Finding)
    refused: Finding = field(default_factory=Finding)
    asked: Finding = field(default_factory=Finding)
    by_rule: dict[tuple[str, str], Finding] = field(default_factory=dict)
    by_day: dict[str, dict[str, int]] = field(default_factory=dict)
    first: int | None = None

    def add(self, event: Mapping[str, object]) -> None:
        """Count one event."""
        outcome, at = str(event["outcome"]), int(str(event["at"]))
        self.first = at if self.first is None else min(at, self.first)
        self.by_rule.setdefault((outcome, str(event["limit"])), Finding()).add(event)
        day = self.by_day.setdefault(when(at)[:10], {"ended": 0, "refused": 0, "asked": 0})
        if outcome == Overflow.REFUSE:
            self.refused.add(event)
            day["refused"] += 1
        elif outcome == REPLACED:
            self.replaced.add(event)
        else:
            self.ended.add(event)
            day["ended"] += len(event["ended"]) if isinstance(event["ended"], list) else 0
        if outcome == Overflow.ASK:
            self.asked.add(event)
            day["asked"] += 1


def findings(found: Iterable[Mapping[str, object]]) -> Findings:
    """What the events of report-only come to."""
    made = Findings()
    for event in found:
        made.add(event)
    return made


class Report(Operation):
    """Shows what report-only has found."""

    name = "report"
    help = (
        "Say what the policy would have done, had it been enforced: how many sessions would have ended, how many "
        "sign-ins would have been refused, by rule and by day. REPORT_ONLY records it."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        parser.add_argument("--since", metavar="WHEN", help="Since so long ago ('7d') or a date; else all there is.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        since = past(options["since"])
        made = findings(events(types=("report.would_have",), since=since))
        begun = control().count(SessionQuery(since=since), COUNTED)
        if terminal.as_json:
            terminal.data(_json(made, since, begun))
        else:
            _tell(terminal, made, since, begun)


def _json(made: Findings, since: int | None, begun: int) -> dict[str, object]:
    return {
        "report_only": current().REPORT_ONLY,
        "since": instant(since),
        "first_at": instant(made.first),
        "sessions_begun": begun,
        "would_have_ended": made.ended.facts(),
        "would_have_replaced": made.replaced.facts(),
        "would_have_refused": made.refused.facts(),
        "would_have_asked": made.asked.facts(),
        "by_rule": [
            {"outcome": outcome, "limit": limit, **finding.facts()}
            for (outcome, limit), finding in sorted(made.by_rule.items())
        ],
        "by_day": [{"day": day, **counts} for day, counts in sorted(made.by_day.items())],
    }


def _tell(terminal: Terminal, made: Findings, since: int | None, begun: int) -> None:
    if not current().REPORT_ONLY and not current().POLICY:
        terminal.say("REPORT_ONLY is off: nothing is added to this any more.\n")
    if not made.by_rule:
        terminal.say("Nothing would have been different, as far as is recorded.")
        return
    span = "As far back as is recorded" if since is None else f"Since {when(since)}"
    terminal.say(f"{span}, {'more than ' if begun == COUNTED else ''}{begun} sessions began. Enforced, the policy")
    terminal.say(f"- would have ended {made.ended.sessions} sessions of {len(made.ended.subjects)} users;")
    terminal.say(f"- would have refused {made.refused.times} sign-ins of {len(made.refused.subjects)} users;")
    terminal.say(f"- would have asked {len(made.asked.subjects)} users {made.asked.times} times which session to end.")
    if made.replaced.sessions:
        terminal.say(
            f"Besides, {made.replaced.sessions} sessions of {len(made.replaced.subjects)} users would have been "
            "replaced by a new one on the same device."
        )
    terminal.say("\nBy rule")
    rules = [
        (outcome, limit or "-", str(finding.times), str(finding.sessions), str(len(finding.subjects)))
        for (outcome, limit), finding in sorted(made.by_rule.items())
    ]
    terminal.table(("OUTCOME", "LIMIT", "TIMES", "SESSIONS", "USERS"), rows=rules, cut=(1,))
    terminal.say("\nBy day")
    days = [(day, *map(str, counts.values())) for day, counts in sorted(made.by_day.items())]
    terminal.table(("DAY", "ENDED", "REFUSED", "ASKED"), days)
