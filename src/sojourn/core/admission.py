"""May a sign-in have a session? The limits, judged on the roster as one atomic step sees it.

The only home of the rule that the product is: at most so many sessions, however many sign-ins race.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sojourn.core import familiarity, pingpong, rehearsal
from sojourn.core.counting import Finding, examine, victims, with_rivals
from sojourn.core.decisions import Decision, end_session, ended_events
from sojourn.core.errors import InvalidTicket
from sojourn.core.events import (
    ChoiceOffered,
    Event,
    EvictionsRepeated,
    SessionStarted,
    StartPaused,
    StartRefused,
    WouldHave,
)
from sojourn.core.outcomes import Admitted, ChoiceRequired, Paused, Refused, StartOutcome
from sojourn.core.pausing import pause_of
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, EndReason, Profile, Roster, Session, Ticket
from sojourn.core.timeouts import judge


@dataclass(frozen=True, slots=True)
class Minted:
    """Fresh identifiers for what a sign-in may lead to, made outside so that a repeated attempt uses the same."""

    sid: str
    digest: bytes
    ticket: bytes
    ticket_expires: int


def _clear(roster: Roster, arrival: Arrival, policy: Policy, by: str, now: int) -> tuple[list[Session], list[Session]]:
    """Split the roster into the sessions that still take up room and those that end before anything is counted.

    Those are: dead ones (they never occupy the limit), those begun with a password that is no longer the
    account's, the one this same browser holds, and the one this same device holds for this client.
    """
    staying, ended = [], []
    unenforced = {} if policy.report_only else roster.profile.unenforced
    for session in roster.sessions:
        inactivity = policy.timeouts_for(session.persistent).inactivity
        stale = bool(arrival.credentials and session.credential and session.credential not in arrival.credentials)
        same_device = (
            policy.replace_same_device
            and not policy.report_only
            and session.device.digest != ""
            and session.device.digest == arrival.device.digest
            and not (session.parent or arrival.parent)
            and session.client == arrival.client
        )
        # Begun while the policy was report-only, and not used since: its idle time counts, as anybody else's.
        idle = session.sid in unenforced and not judge(replace(session, inactivity_timeout=inactivity), now).live
        if idle:
            ended.append(end_session(replace(session, inactivity_timeout=inactivity), EndReason.ABORTED, "", now))
        elif not judge(session, now).live:
            ended.append(end_session(session, EndReason.ABSOLUTE_TIMEOUT, "", now))
        elif stale:
            ended.append(end_session(session, EndReason.CREDENTIAL_CHANGED, "", now))
        elif same_device or session.sid == arrival.replaces:
            ended.append(end_session(session, EndReason.REPLACED, by, now))
        else:
            staying.append(session)
    return staying, ended


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
        privileges=arrival.privileges,
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
    adopted: bool = False,
) -> Decision[StartOutcome]:
    """May this sign-in have a session, and what ends for it?

    A pause comes first: it is an operator's act and no limit, so it holds in report-only as well. Then all limits are
    judged before anything changes: any REFUSE refuses, and ASK outranks END_EXISTING. `chosen` are sids that the user
    decided to end; one that is gone already is as good as ended. Asked again for a sid that was admitted already, it
    answers as before. What each limit said is added to `findings`, for `explain`. `adopted`: it is no sign-in of now,
    but a session that was open before anybody looked; its device and place are learned, and nothing is told.
    """
    known = roster.by_sid(minted.sid)
    if known is not None:
        others = tuple(s for s in roster.sessions if s.sid != known.sid and judge(s, now).live)
        return Decision(Admitted(known, (), others))

    pause = pause_of(roster.profile, arrival, now)
    if pause is not None:
        facts = _arrival_facts(arrival)
        stopped = StartPaused(subject=arrival.subject, at=now, arrival=facts, until=pause.until)
        return Decision(Paused(pause.until), events=(stopped,))
    if policy.report_only:
        return _report(roster, arrival, policy, minted, now, findings, adopted=adopted)

    staying, ended = _clear(roster, arrival, policy, minted.sid, now)
    ended += [end_session(s, EndReason.EVICTED, minted.sid, now) for s in staying if s.sid in chosen]
    staying = [s for s in staying if s.sid not in chosen]
    examined = [
        with_rivals(each, roster.profile, arrival, policy, now) for each in examine(policy.limits, staying, arrival)
    ]
    if findings is not None:
        findings += examined
    over = [finding for finding in examined if finding.excess]
    decision = _stop(over, roster, arrival, policy, minted, now)
    if decision is not None:
        return decision
    losing = [session for _, mine in victims(over, arrival) for session in mine]
    ended += [end_session(s, EndReason.EVICTED, minted.sid, now) for s in losing]
    evicted = [session for session in ended if session.end_reason is EndReason.EVICTED]
    rivals = pingpong.rivals(roster.profile, arrival, evicted, policy.ping_pong, now)
    profile = pingpong.remembered(roster.profile, arrival, evicted, policy.ping_pong, now) or roster.profile
    repeated = _repeated(arrival, rivals, Overflow.END_EXISTING, now)
    staying = [session for session in staying if session not in losing]
    return _admit(
        arrival, policy, minted, now, staying, ended, repeated, rivals=rivals, profile=profile, adopted=adopted
    )


def _repeated(arrival: Arrival, rivals: Iterable[Session], overflow: Overflow, now: int) -> list[Event]:
    """The event that tells of rivals, if there are any."""
    sids = tuple(session.sid for session in rivals)
    if not sids:
        return []
    facts, became = _arrival_facts(arrival), str(overflow)
    return [EvictionsRepeated(subject=arrival.subject, at=now, arrival=facts, against=sids, outcome=became)]


def _stop(
    over: Iterable[Finding], roster: Roster, arrival: Arrival, policy: Policy, minted: Minted, now: int
) -> Decision[StartOutcome] | None:
    """The decision to refuse or to ask, if a limit that is exceeded says so; it changes no session."""
    facts = _arrival_facts(arrival)
    refusing = sorted((f for f in over if f.overflow is Overflow.REFUSE), key=lambda f: f.instead is not None)
    if refusing:
        first = refusing[0]
        sids = tuple(s.sid for s in first.counted)
        refused = StartRefused(subject=arrival.subject, at=now, arrival=facts, limit=first.limit.title, open=sids)
        outcome = Refused.of(first.limit, first.counted)
        profile = familiarity.refused(roster.profile, arrival)
        if first.instead is None or policy.ping_pong is None:
            return Decision(outcome, events=(refused,), profile=profile)
        calm = pingpong.calm_at(roster.profile, arrival, first.rivals, policy.ping_pong, now)
        free_at = min((at for at in (outcome.free_at, calm) if at is not None), default=None)
        repeated = _repeated(arrival, first.rivals, Overflow.REFUSE, now)
        outcome = replace(outcome, free_at=free_at, rivals=first.rivals)
        return Decision(outcome, events=(refused, *repeated), profile=profile)
    asking = [finding for finding in over if finding.overflow is Overflow.ASK]
    if not asking:
        return None
    worst = max(asking, key=lambda finding: finding.excess)
    rivals = worst.rivals if worst.instead is not None else ()
    live = sorted((s for s in roster.sessions if judge(s, now).live), key=lambda s: (-s.last_seen, s.sid))
    sids = tuple(s.sid for s in live)
    offered = ChoiceOffered(subject=arrival.subject, at=now, arrival=facts, limit=worst.limit.title, open=sids)
    asked = ChoiceRequired(worst.limit, worst.counted, worst.excess, minted.ticket_expires, rivals=rivals)
    return Decision(asked, events=(offered, *_repeated(arrival, rivals, Overflow.ASK, now)))


def _admit(
    arrival: Arrival,
    policy: Policy,
    minted: Minted,
    now: int,
    also_open: Iterable[Session],
    ended: Collection[Session],
    reports: Iterable[Event] = (),
    *,
    profile: Profile,
    rivals: tuple[Session, ...] = (),
    adopted: bool = False,
) -> Decision[StartOutcome]:
    """The decision to admit: a new session, beside those that stay open and in place of those that ended."""
    session, beside = _open_session(arrival, policy, minted, now), tuple(also_open)
    if adopted:
        seen, learned = familiarity.Recognition(first=True), familiarity.adopted(profile, arrival, now)
    else:
        seen = familiarity.recognise(profile, arrival, policy.familiarity, now)
        learned = familiarity.remembered(profile, arrival, policy.familiarity, now, beside)
    started = SessionStarted(
        subject=arrival.subject,
        at=now,
        session=session,
        also_open=tuple(s.sid for s in beside),
        unusual=seen.unusual,
        first=seen.first,
        trusted=seen.trusted,
        previous=seen.previous,
    )
    return Decision(
        Admitted(session, tuple(ended), beside, previous=seen.previous, rivals=rivals),
        insert=session,
        update=tuple(ended),
        events=(*ended_events(ended, now), *reports, started),
        profile=learned,
    )


def _report(
    roster: Roster,
    arrival: Arrival,
    policy: Policy,
    minted: Minted,
    now: int,
    findings: list[Finding] | None,
    *,
    adopted: bool,
) -> Decision[StartOutcome]:
    """Admit whatever the limits say, and record what they would have done: see `sojourn.core.rehearsal`."""
    staying, ended = _clear(roster, arrival, policy, minted.sid, now)
    stage = rehearsal.as_enforced(roster, policy)
    asked, chosen, examined, staged = _rehearse(stage, arrival, policy.enforced, minted, now)
    outcome = staged.outcome
    if findings is not None:
        findings += examine(policy.limits, _clear(stage, arrival, policy.enforced, minted.sid, now)[0], arrival)
    marks = {minted.sid: ""}
    reports: list[Event] = []
    if isinstance(outcome, Admitted):
        would_end = victims([finding for finding in examined if finding.excess], arrival)
        if asked is not None:
            reports.append(_would_have(arrival, minted, now, Overflow.ASK, asked.title, chosen))
        reports += [
            _would_have(arrival, minted, now, Overflow.END_EXISTING, each.title, mine) for each, mine in would_end
        ]
        evicted = [*chosen, *(session for _, mine in would_end for session in mine)]
        marks |= {session.sid: str(EndReason.EVICTED) for session in evicted}
        really_ended = {session.sid for session in ended}
        replaced = [s for s in outcome.ended if s.end_reason is EndReason.REPLACED and s.sid not in really_ended]
        if replaced:
            reports.append(_would_have(arrival, minted, now, EndReason.REPLACED, "", replaced))
            marks |= {session.sid: str(EndReason.REPLACED) for session in replaced}
    elif isinstance(outcome, Refused):
        # Refusing leaves the browser the session that it has; here the new one has taken that one's place.
        kept = stage.by_sid(arrival.replaces)
        marks[minted.sid] = "" if kept is not None and judge(kept, now).live else rehearsal.NEVER_BEGUN
        reports.append(_would_have(arrival, minted, now, Overflow.REFUSE, outcome.limit.title))
    profile = rehearsal.marked(roster, ended, marks)
    if isinstance(outcome, Admitted) and staged.profile is not None:
        profile = replace(profile, evictions=staged.profile.evictions)
    return _admit(arrival, policy, minted, now, staying, ended, reports, profile=profile, adopted=adopted)


def _rehearse(
    stage: Roster, arrival: Arrival, policy: Policy, minted: Minted, now: int
) -> tuple[Limit | None, list[Session], list[Finding], Decision[StartOutcome]]:
    """The sign-in as if `policy` were enforced: which limit asked, what was chosen, the findings and the decision.

    Nobody can be asked, so whoever would have been is taken to choose what `end_existing` would end.
    """
    asked: Limit | None = None
    chosen: list[Session] = []
    while True:
        found: list[Finding] = []
        sids = [session.sid for session in chosen]
        decision = decide_start(stage, arrival, policy, minted, now, chosen=sids, findings=found)
        outcome = decision.outcome
        if not isinstance(outcome, ChoiceRequired):
            return asked, chosen, found, decision
        asked = asked or outcome.limit
        question = Finding(
            outcome.limit,
            holds=True,
            counted=outcome.open,
            excess=outcome.end_at_least,
            instead=Overflow.END_EXISTING,
        )
        chosen += victims([question], arrival)[0][1]


def _would_have(
    arrival: Arrival, minted: Minted, now: int, outcome: str, limit: str, ended: Iterable[Session] = ()
) -> WouldHave:
    sids = tuple(session.sid for session in ended)
    return WouldHave(subject=arrival.subject, at=now, outcome=str(outcome), limit=limit, sid=minted.sid, ended=sids)


def offer(
    decision: Decision[StartOutcome], arrival: Arrival, minted: Minted, browser: str, context: dict[str, str], now: int
) -> Decision[StartOutcome]:
    """Add the ticket to a decision that asks; any other decision comes back as it is."""
    if not isinstance(decision.outcome, ChoiceRequired):
        return decision
    kept = replace(arrival, contact="")  # whoever chooses brings their own
    ticket = Ticket(minted.ticket, arrival.subject, now, minted.ticket_expires, browser, kept, context)
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

    Nothing ends unless the sign-in is admitted; a pause stops it as it stops any other. Raises InvalidTicket if the
    roster's ticket is not there, over, begun with another password, or from another browser.
    """
    ticket = check_ticket(roster.ticket, browser, arrival.credentials, now)
    decision = decide_start(roster, arrival, policy, minted, now, chosen=chosen)
    if isinstance(decision.outcome, Admitted):
        return replace(decision, redeem=ticket.digest)
    if isinstance(decision.outcome, ChoiceRequired):
        return Decision(replace(decision.outcome, expires=ticket.expires))
    return decision
