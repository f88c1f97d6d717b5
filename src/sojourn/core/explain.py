"""Which rule applies to whom, and why: the same arithmetic as the decision, in words and figures."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from sojourn.core.admission import Minted, decide_start
from sojourn.core.counting import Finding, examine
from sojourn.core.outcomes import Admitted, Paused, Refused, StartOutcome
from sojourn.core.policy import Limit, Policy, Scope
from sojourn.core.records import Arrival, Device, DeviceClass, Roster, Session


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a sign-in would come to, and what each limit has to say about it.

    `lines` are plain English; `findings` and `report_only` are the same for whoever speaks another language. Neither
    says anything of limits while sign-ins are paused.
    """

    outcome: StartOutcome
    lines: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    report_only: bool = False


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
    return Explanation(outcome, tuple(lines), tuple(findings), policy.report_only)


def _line(finding: Finding) -> str:
    limit = finding.limit
    if not finding.holds:
        return f"Limit “{limit.title}” does not hold this sign-in."
    taken = f"{len(limit.taken(finding.counted))} open of at most {limit.max_sessions} {limit.counts}"
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


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a limit is in use: `used` of `limit.max_sessions` sessions or devices.

    `client` and `device_class` say of which, where the limit counts each apart; otherwise they are None. `used` is more
    than the limit allows where that was lowered since.
    """

    limit: Limit
    used: int
    client: str | None = None
    device_class: DeviceClass | None = None


def usage(policy: Policy, sessions: Collection[Session], arrival: Arrival) -> tuple[Usage, ...]:
    """How much of each limit that holds the subject of `arrival` is taken up by `sessions`, their live ones.

    Limits of devices and applications that `arrival` does not come from are there as well, since they hold the
    subject's other sign-ins. A limit that counts kinds apart is there once for each kind that is open. Nothing if the
    policy only reports: it limits nobody.
    """
    if policy.report_only:
        return ()
    found: list[Usage] = []
    for limit in policy.limits:
        apart: dict[tuple[str | None, DeviceClass | None], Usage] = {}
        for each in _possible(limit, sessions, arrival):
            (finding,) = examine([limit], sessions, each)
            client = each.client if Scope.CLIENT in limit.scope else None
            kind = each.device.kind if Scope.DEVICE_CLASS in limit.scope else None
            if finding.holds and (client, kind) not in apart:
                apart[client, kind] = Usage(limit, len(limit.taken(finding.counted)), client, kind)
        found += apart.values()
    return tuple(found)


def _possible(limit: Limit, sessions: Collection[Session], arrival: Arrival) -> Iterator[Arrival]:
    """Sign-ins of the subject about which the limit may have something to say: this one, those that led to what is
    open, and one from each kind of device and application that the limit names.
    """
    plain = replace(arrival, parent="")
    yield plain
    for session in sessions:
        if not session.parent:
            yield replace(plain, client=session.client, device=session.device)
    for client in sorted(limit.clients) or [arrival.client]:
        for kind in sorted(limit.device_classes) or [arrival.device.kind]:
            yield replace(plain, client=client, device=Device(kind))
