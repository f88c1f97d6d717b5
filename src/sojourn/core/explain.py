"""Which rule applies to whom, and why: the same arithmetic as the decision, in words."""

from dataclasses import dataclass

from sojourn.core.admission import Minted, decide_start
from sojourn.core.counting import Finding
from sojourn.core.outcomes import Admitted, Paused, Refused, StartOutcome
from sojourn.core.policy import Policy
from sojourn.core.records import Arrival, Roster


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a sign-in would come to, and what each limit has to say about it. `lines` are plain English."""

    outcome: StartOutcome
    lines: tuple[str, ...]


def explain(roster: Roster, arrival: Arrival, policy: Policy, now: int) -> Explanation:
    """Judge `arrival` as `decide_start` would, writing nothing, and say which rule applied and why."""
    findings: list[Finding] = []
    sid = "00" + "-" * 22  # no minted sid looks like this one, and nothing is written
    outcome = decide_start(
        roster, arrival, policy, Minted(sid, bytes(32), bytes(32), now), now, findings=findings
    ).outcome
    if isinstance(outcome, Paused):
        return Explanation(outcome, ("An operator has paused this subject's sign-ins.", _conclusion(outcome)))
    lines = [_line(finding) for finding in findings] or ["No limit is configured."]
    if policy.report_only:
        lines.append("Report-only: this is recorded, and nothing is enforced.")
    lines.append(_conclusion(outcome))
    return Explanation(outcome, tuple(lines))


def _line(finding: Finding) -> str:
    limit = finding.limit
    if not finding.holds:
        return f"Limit “{limit.title}” does not hold this sign-in."
    taken = f"{len(finding.counted)} open of at most {limit.max_sessions} {limit.counts}"
    if not finding.excess:
        return f"Limit “{limit.title}”: {taken}; there is room."
    line = f"Limit “{limit.title}”: {taken}; {finding.excess} too many with this sign-in, so {finding.overflow}"
    if not finding.rivals:
        return f"{line}."
    names = ", ".join(session.device.label or session.sid for session in finding.rivals)
    why = "because" if finding.instead else "although"
    return f"{line}, {why} this device and that of {names} keep ending each other's sessions."


def _conclusion(outcome: StartOutcome) -> str:
    if isinstance(outcome, Admitted):
        ended = ", ".join(f"{s.sid} ({s.end_reason})" for s in outcome.ended)
        return (
            f"The sign-in would be admitted; these would end: {ended}." if ended else "The sign-in would be admitted."
        )
    if isinstance(outcome, Refused):
        return "The sign-in would be refused."
    if isinstance(outcome, Paused):
        return "The sign-in would be stopped, whatever the limits say."
    return "The user would be asked which session to end."
