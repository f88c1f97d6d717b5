"""The rules: what may happen to one subject's sessions. The only home of every state transition.

Each function takes the roster as one atomic step sees it and returns a `Decision`: the outcome, and all that is
to be written for it to be true. Nothing is changed here; a store carries the decision out, whole or not at all.
Because every store runs these functions while it holds the subject's roster still, a limit is exact however
many sign-ins race.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sojourn.core.errors import InvalidTicket
from sojourn.core.events import (
    ChoiceOffered,
    Event,
    SessionElevated,
    SessionEnded,
    SessionRotated,
    SessionStarted,
    StartRefused,
    WouldHave,
)
from sojourn.core.outcomes import Admitted, ChoiceRequired, Refused, StartOutcome
from sojourn.core.policy import Counts, Limit, Overflow, Policy, unit
from sojourn.core.records import Arrival, EndReason, Roster, Session, State, Ticket
from sojourn.core.timeouts import judge

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """An outcome, and what a store must write, all of it or nothing, for the outcome to be true.

    `insert`: a new session. `update`: sessions as they are from now on; only those still open are changed, none is
    ever created again. `issue`: a ticket to keep. `redeem`: the digest of a ticket that is used up. `events` go to
    the outbox in the same step.
    """

    outcome: T
    insert: Session | None = None
    update: tuple[Session, ...] = ()
    issue: Ticket | None = None
    redeem: bytes | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Minted:
    """Fresh identifiers for what a sign-in may lead to, made outside so that a repeated attempt uses the same."""

    sid: str
    digest: bytes
    ticket: bytes
    ticket_expires: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What one limit says about one sign-in: whether it holds it, what it counts, how many are too many."""

    limit: Limit
    holds: bool
    counted: tuple[Session, ...] = ()
    excess: int = 0


def end_session(session: Session, reason: EndReason, by: str, now: int) -> Session:
    """`session`, ended. If its time was already over by then, that is the reason, whoever comes later."""
    verdict = judge(session, now)
    if not verdict.live and verdict.reason is not None:
        reason, by = verdict.reason, ""
    at = now if verdict.live or verdict.at is None else verdict.at
    return replace(session, state=State.ENDED, end_reason=reason, ended=at, ended_by=by)


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


def _clear(roster: Roster, arrival: Arrival, policy: Policy, by: str, now: int) -> tuple[list[Session], list[Session]]:
    """Split the roster into the sessions that still take up room and those that end before anything is counted.

    Those are: dead ones (they never occupy the limit), those begun with a password that is no longer the
    account's, the one this same browser holds, and the one this same device holds for this client.
    """
    staying, ended = [], []
    for session in roster.sessions:
        stale = bool(arrival.credentials and session.credential and session.credential not in arrival.credentials)
        same_device = (
            policy.replace_same_device
            and not policy.report_only
            and session.device.digest != ""
            and session.device.digest == arrival.device.digest
            and not (session.parent or arrival.parent)
            and session.client == arrival.client
        )
        if not judge(session, now).live:
            ended.append(end_session(session, EndReason.ABSOLUTE_TIMEOUT, "", now))
        elif stale:
            ended.append(end_session(session, EndReason.CREDENTIAL_CHANGED, "", now))
        elif same_device or session.sid == arrival.replaces:
            ended.append(end_session(session, EndReason.REPLACED, by, now))
        else:
            staying.append(session)
    return staying, ended


def _victims(findings: Iterable[Finding], arrival: Arrival) -> list[Session]:
    """The sessions that must end so that every END_EXISTING limit has room, in the order of each limit.

    Where devices are counted, ending what the arriving device holds itself would free nothing: it is passed over.
    """
    chosen: dict[str, Session] = {}
    for finding in findings:
        if finding.limit.overflow is not Overflow.END_EXISTING or not finding.excess:
            continue
        by_unit: dict[str, list[Session]] = {}
        for session in finding.limit.in_order(finding.counted):
            key = unit(session) if finding.limit.counts is Counts.DEVICES else session.sid
            if finding.limit.counts is Counts.SESSIONS or key != arrival.device.digest:
                by_unit.setdefault(key, []).append(session)
        room = finding.excess - sum(all(s.sid in chosen for s in group) for group in by_unit.values())
        for group in by_unit.values():
            if room > 0 and not all(s.sid in chosen for s in group):
                chosen |= {s.sid: s for s in group}
                room -= 1
    return list(chosen.values())


def _arrival_facts(arrival: Arrival) -> dict[str, str]:
    return {
        "client": arrival.client,
        "device": arrival.device.label,
        "device_class": str(arrival.device.kind),
        "address": arrival.address,
        "place": arrival.place,
    }


def _open_session(arrival: Arrival, policy: Policy, minted: Minted, now: int) -> Session:
    timeouts = policy.timeouts_for(arrival.persistent)
    return Session(
        sid=minted.sid,
        subject=arrival.subject,
        digest=minted.digest,
        created=now,
        authenticated=now,
        last_seen=now,
        inactivity_timeout=timeouts.inactivity,
        expires=None if timeouts.absolute is None else now + timeouts.absolute,
        carrier_expires=arrival.carrier_expires,
        persistent=arrival.persistent,
        client=arrival.client,
        device=arrival.device,
        address=arrival.address,
        place=arrival.place,
        acr=arrival.acr,
        amr=arrival.amr,
        parent=arrival.parent,
        credential=next(iter(arrival.credentials), ""),
    )


def decide_start(
    roster: Roster,
    arrival: Arrival,
    policy: Policy,
    minted: Minted,
    now: int,
    *,
    chosen: Collection[str] = (),
    findings: list[Finding] | None = None,
) -> Decision[StartOutcome]:
    """May this sign-in have a session, and what ends for it?

    All limits are judged before anything changes: any REFUSE refuses, and ASK outranks END_EXISTING. `chosen` are
    sids that the user decided to end; one that is gone already is as good as ended. Asked again for a sid that was
    admitted already, it answers as before. What each limit said is added to `findings`, for `explain`.
    """
    known = roster.by_sid(minted.sid)
    if known is not None:
        others = tuple(s for s in roster.sessions if s.sid != known.sid and judge(s, now).live)
        return Decision(Admitted(known, (), others))

    staying, ended = _clear(roster, arrival, policy, minted.sid, now)
    ended += [end_session(s, EndReason.EVICTED, minted.sid, now) for s in staying if s.sid in chosen]
    staying = [s for s in staying if s.sid not in chosen]
    examined = examine(policy.limits, staying, arrival)
    if findings is not None:
        findings += examined
    over = [finding for finding in examined if finding.excess]
    facts = _arrival_facts(arrival)
    open_now = tuple(sorted((s for s in roster.sessions if judge(s, now).live), key=lambda s: (-s.last_seen, s.sid)))

    if not policy.report_only:
        for finding in over:
            if finding.limit.overflow is Overflow.REFUSE:
                refused = StartRefused(
                    subject=arrival.subject,
                    at=now,
                    arrival=facts,
                    limit=finding.limit.title,
                    open=tuple(s.sid for s in finding.counted),
                )
                return Decision(Refused.of(finding.limit, finding.counted), events=(refused,))
        asking = [finding for finding in over if finding.limit.overflow is Overflow.ASK]
        if asking:
            worst = max(asking, key=lambda finding: finding.excess)
            offered = ChoiceOffered(
                subject=arrival.subject,
                at=now,
                arrival=facts,
                limit=worst.limit.title,
                open=tuple(s.sid for s in open_now),
            )
            outcome = ChoiceRequired(worst.limit, worst.counted, worst.excess, minted.ticket_expires)
            return Decision(outcome, events=(offered,))

    victims = _victims(over, arrival)
    reports: tuple[Event, ...] = ()
    if policy.report_only:
        reports = tuple(
            WouldHave(
                subject=arrival.subject,
                at=now,
                outcome=str(finding.limit.overflow),
                limit=finding.limit.title,
                sid=minted.sid,
                ended=tuple(s.sid for s in _victims([finding], arrival)),
            )
            for finding in over
        )
        victims = []
    gone = {s.sid for s in victims}
    ended += [end_session(s, EndReason.EVICTED, minted.sid, now) for s in victims]
    session = _open_session(arrival, policy, minted, now)
    also_open = tuple(s for s in staying if s.sid not in gone)
    started = SessionStarted(
        subject=arrival.subject, at=now, session=session, also_open=tuple(s.sid for s in also_open)
    )
    return Decision(
        Admitted(session, tuple(ended), also_open),
        insert=session,
        update=tuple(ended),
        events=(*_ended_events(ended, now), *reports, started),
    )


def offer(
    decision: Decision[StartOutcome], arrival: Arrival, minted: Minted, browser: str, context: dict[str, str], now: int
) -> Decision[StartOutcome]:
    """Add the ticket to a decision that asks; any other decision comes back as it is."""
    if not isinstance(decision.outcome, ChoiceRequired):
        return decision
    ticket = Ticket(minted.ticket, arrival.subject, now, minted.ticket_expires, browser, arrival, context)
    return replace(decision, issue=ticket)


def check_ticket(ticket: Ticket | None, browser: str, credentials: Collection[str], now: int) -> Ticket:
    """Return the ticket if this browser may use it now, with the password it began with. Raises InvalidTicket."""
    if ticket is None or ticket.expires <= now or not browser or ticket.browser != browser:
        raise InvalidTicket
    began_with = next(iter(ticket.arrival.credentials), "")
    if began_with and began_with not in credentials:
        raise InvalidTicket
    return ticket


def decide_choice(
    roster: Roster, arrival: Arrival, browser: str, chosen: Collection[str], policy: Policy, minted: Minted, now: int
) -> Decision[StartOutcome]:
    """The user has chosen: the admission, run again with those sessions to end. The ticket is used up if it admits.

    Nothing ends unless the sign-in is admitted. Raises InvalidTicket if the roster's ticket is not there, over,
    begun with another password, or from another browser.
    """
    ticket = check_ticket(roster.ticket, browser, arrival.credentials, now)
    decision = decide_start(roster, arrival, policy, minted, now, chosen=chosen)
    if isinstance(decision.outcome, Admitted):
        return replace(decision, redeem=ticket.digest)
    if isinstance(decision.outcome, ChoiceRequired):
        return Decision(replace(decision.outcome, expires=ticket.expires))
    return decision


def _ended_events(ended: Iterable[Session], now: int) -> list[Event]:
    return [SessionEnded(subject=session.subject, at=now, session=session) for session in ended]


def decide_end(
    roster: Roster, sids: Collection[str] | None, reason: EndReason, by: str, now: int, *, spare: str = ""
) -> Decision[tuple[Session, ...]]:
    """End the sessions called `sids` (None: all), except `spare`. The one way in which a session ends on purpose."""
    ended = tuple(
        end_session(session, reason, by, now)
        for session in roster.sessions
        if session.sid != spare and (sids is None or session.sid in sids)
    )
    return Decision(ended, update=ended, events=tuple(_ended_events(ended, now)))


def decide_credential(
    roster: Roster, credentials: Collection[str], spare: str, now: int
) -> Decision[tuple[Session, ...]]:
    """The subject's password is now the first of `credentials`: end what began with another, except `spare`.

    The spared session goes on with the new one. Sessions of unknown credential end too.
    """
    stale = {s.sid for s in roster.sessions if s.credential not in credentials}
    decision = decide_end(roster, stale, EndReason.CREDENTIAL_CHANGED, spare, now, spare=spare)
    kept = roster.by_sid(spare)
    if kept is None or kept.credential in credentials:
        return decision
    renewed = replace(kept, credential=next(iter(credentials), ""))
    return replace(decision, update=(*decision.update, renewed))


def decide_expire(roster: Roster, now: int) -> Decision[tuple[Session, ...]]:
    """End what time has ended, so that its notices go out; the sessions were dead before, whoever looked."""
    dead = {session.sid for session in roster.sessions if not judge(session, now).live}
    return decide_end(roster, dead, EndReason.ABSOLUTE_TIMEOUT, "", now)


def decide_settle(
    roster: Roster, sid: str, policy: Policy, now: int, *, persistent: bool, carrier_expires: int | None
) -> Decision[Session | None]:
    """Fit a session to what its sign-in turned out to be, such as one that its user asked to stay signed in.

    Its timeouts are those of `policy` for a session that is persistent or not, counted from its start.
    """
    session = roster.by_sid(sid)
    if session is None or not judge(session, now).live:
        return Decision(None)
    timeouts = policy.timeouts_for(persistent)
    settled = replace(
        session,
        persistent=persistent,
        inactivity_timeout=timeouts.inactivity,
        expires=None if timeouts.absolute is None else session.authenticated + timeouts.absolute,
        carrier_expires=carrier_expires,
    )
    return Decision(settled, update=(settled,))


def decide_rotate(roster: Roster, sid: str, digest: bytes, grace: int, now: int) -> Decision[Session | None]:
    """Renew a session's token. The old one is accepted for `grace` more milliseconds, for requests on their way."""
    session = roster.by_sid(sid)
    if session is None or not judge(session, now).live:
        return Decision(None)
    rotated = replace(
        session,
        digest=digest,
        generation=session.generation + 1,
        predecessor=session.digest if grace else None,
        predecessor_until=now + grace if grace else 0,
    )
    return Decision(
        rotated, update=(rotated,), events=(SessionRotated(subject=roster.subject, at=now, session=rotated),)
    )


def decide_elevate(roster: Roster, sid: str, acr: str, amr: tuple[str, ...], now: int) -> Decision[Session | None]:
    """The subject proved again who they are: both timeouts start anew (NIST SP 800-63B-4 section 5.2)."""
    session = roster.by_sid(sid)
    if session is None or not judge(session, now).live:
        return Decision(None)
    lifetime = None if session.expires is None else session.expires - session.authenticated
    elevated = replace(
        session,
        authenticated=now,
        last_seen=max(session.last_seen, now),
        expires=None if lifetime is None else now + lifetime,
        acr=acr or session.acr,
        amr=tuple(dict.fromkeys((*session.amr, *amr))),
    )
    return Decision(
        elevated, update=(elevated,), events=(SessionElevated(subject=roster.subject, at=now, session=elevated),)
    )
