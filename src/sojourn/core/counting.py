"""What each limit counts for one sign-in, how many are too many, and which of them would end for it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sojourn.core import pingpong
from sojourn.core.policy import Counts, Limit, Overflow, Policy, unit
from sojourn.core.records import Arrival, Profile, Session


@dataclass(frozen=True, slots=True)
class Finding:
    """What one limit says about one sign-in: whether it holds it, what it counts, how many are too many."""

    limit: Limit
    holds: bool
    counted: tuple[Session, ...] = ()
    excess: int = 0
    rivals: tuple[Session, ...] = ()
    """Those that would end for it once more, where two devices keep ending each other: see `PingPong`."""
    instead: Overflow | None = None
    """What the policy makes of these, in place of the limit's own overflow."""

    @property
    def overflow(self) -> Overflow:
        """What happens to the sign-in where there are too many."""
        return self.instead or self.limit.overflow


def examine(limits: Iterable[Limit], sessions: Collection[Session], arrival: Arrival) -> list[Finding]:
    """Hold each of `limits` against `arrival`, with `sessions` open. The one place where sessions are counted."""
    findings = []
    for limit in limits:
        if not limit.holds(arrival):
            findings.append(Finding(limit, holds=False))
            continue
        counted = limit.counted(sessions, arrival)
        findings.append(Finding(limit, holds=True, counted=tuple(counted), excess=limit.excess(counted, arrival)))
    return findings


def victims(findings: Iterable[Finding], arrival: Arrival) -> list[tuple[Limit, list[Session]]]:
    """The sessions that must end so that every END_EXISTING limit has room: for each limit those that end for it, in
    its own order.

    Where devices are counted, ending what the arriving device holds itself would free nothing: it is passed over.
    """
    chosen: set[str] = set()
    victims = []
    for finding in findings:
        if finding.overflow is not Overflow.END_EXISTING or not finding.excess:
            continue
        by_unit: dict[str, list[Session]] = {}
        for session in finding.limit.in_order(finding.counted):
            key = unit(session) if finding.limit.counts is Counts.DEVICES else session.sid
            if finding.limit.counts is Counts.SESSIONS or key != arrival.device.digest:
                by_unit.setdefault(key, []).append(session)
        room = finding.excess - sum(all(s.sid in chosen for s in group) for group in by_unit.values())
        mine: list[Session] = []
        for group in by_unit.values():
            if room > 0 and not all(s.sid in chosen for s in group):
                mine += [s for s in group if s.sid not in chosen]
                chosen |= {s.sid for s in group}
                room -= 1
        victims.append((finding.limit, mine))
    return victims


def with_rivals(finding: Finding, profile: Profile, arrival: Arrival, policy: Policy, now: int) -> Finding:
    """`finding`, with those of its victims that the arriving device and theirs keep ending each other for."""
    rule, losers = policy.ping_pong, [session for _, mine in victims([finding], arrival) for session in mine]
    rivals = pingpong.rivals(profile, arrival, losers, rule, now)
    return replace(finding, rivals=rivals, instead=rule.then) if rule is not None and rivals else finding
