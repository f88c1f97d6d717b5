"""The rules for sessions that are there already: ending, renewing, elevating. The only home of these transitions.

Each function takes the roster as one atomic step sees it and returns a `Decision`: the outcome, and all that is
to be written for it to be true. Nothing is changed here; a store carries the decision out, whole or not at all.
Because every store runs these functions while it holds the subject's roster still, a limit is exact however
many sign-ins race.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sojourn.core import rehearsal
from sojourn.core.events import (
    Event,
    SessionElevated,
    SessionEnded,
    SessionRotated,
    WouldHave,
)
from sojourn.core.policy import Policy
from sojourn.core.records import EndReason, Profile, Roster, Session, State, Ticket, clean_text
from sojourn.core.timeouts import judge

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """An outcome, and what a store must write, all of it or nothing, for the outcome to be true.

    `insert`: a new session. `update`: sessions as they are from now on; only those still open are changed, none is
    ever created again. `issue`: a ticket to keep. `redeem`: the digest of a ticket that is used up. `events` go to
    the outbox in the same step. `profile`: what is remembered of the subject from now on; None leaves it as it is.
    """

    outcome: T
    insert: Session | None = None
    update: tuple[Session, ...] = ()
    issue: Ticket | None = None
    redeem: bytes | None = None
    events: tuple[Event, ...] = ()
    profile: Profile | None = None


def end_session(session: Session, reason: EndReason, by: str, now: int, note: str = "") -> Session:
    """`session`, ended. If its time was already over by then, that is the reason, whoever comes later."""
    verdict = judge(session, now)
    if not verdict.live and verdict.reason is not None:
        reason, by, note = verdict.reason, "", ""
    at = now if verdict.live or verdict.at is None else verdict.at
    return replace(session, state=State.ENDED, end_reason=reason, ended=at, ended_by=by, end_note=note, voided=None)


def ended_events(ended: Iterable[Session], now: int) -> list[Event]:
    """The events of sessions that ended, one each."""
    return [SessionEnded(subject=session.subject, at=now, session=session) for session in ended]


def decide_end(
    roster: Roster,
    sids: Collection[str] | None,
    reason: EndReason,
    by: str,
    now: int,
    *,
    spare: str = "",
    note: str = "",
) -> Decision[tuple[Session, ...]]:
    """End the sessions called `sids` (None: all), except `spare`. The one way in which a session ends on purpose.

    `note` is what whoever ends them wants remembered of why.
    """
    ended = tuple(
        end_session(session, reason, by, now, clean_text(note))
        for session in roster.sessions
        if session.sid != spare and (sids is None or session.sid in sids)
    )
    return Decision(ended, update=ended, events=tuple(ended_events(ended, now)))


def decide_credential(
    roster: Roster, credentials: Collection[str], spare: str, now: int
) -> Decision[tuple[Session, ...]]:
    """The subject's password is now the first of `credentials`: end what began with another, except `spare`.

    The spared session goes on with the new one. Sessions of unknown credential end too. That it has changed is noted
    in the profile, for those who are asked afterwards whether a sign-in was theirs.
    """
    stale = {s.sid for s in roster.sessions if s.credential not in credentials}
    decision = decide_end(roster, stale, EndReason.CREDENTIAL_CHANGED, spare, now, spare=spare)
    if any(s.credential and s.sid in stale for s in roster.sessions):
        decision = replace(decision, profile=replace(roster.profile, credential_changed=now))
    kept = roster.by_sid(spare)
    if kept is None or kept.credential in credentials:
        return decision
    renewed = replace(kept, credential=next(iter(credentials), ""))
    return replace(decision, update=(*decision.update, renewed))


def decide_expire(roster: Roster, now: int, *, by: str = "", note: str = "") -> Decision[tuple[Session, ...]]:
    """End what time has ended, so that its notices go out; the sessions were dead before, whoever looked.

    `by` and `note` tell who began the epoch that made sessions void, and why.
    """
    ended = []
    for session in roster.sessions:
        if not judge(session, now).live:
            over = end_session(session, EndReason.ABSOLUTE_TIMEOUT, "", now)
            void = over.end_reason is EndReason.EPOCH
            ended.append(replace(over, ended_by=by, end_note=clean_text(note)) if void else over)
    return Decision(tuple(ended), update=tuple(ended), events=tuple(ended_events(ended, now)))


def decide_name_device(roster: Roster, sid: str, name: str) -> Decision[bool]:
    """Call the device of the open session `sid` by this name; an empty one takes its name away."""
    session = roster.by_sid(sid)
    if session is None or not session.device.digest:
        return Decision(outcome=False)
    names = {digest: text for digest, text in roster.profile.device_names.items() if digest != session.device.digest}
    return Decision(outcome=True, profile=replace(roster.profile, device_names={**names, session.device.digest: name}))


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


def decide_enforce(roster: Roster, found: Session, policy: Policy, now: int) -> Decision[Session | None]:
    """`policy` is enforced now, and `found` began while it was not: from this request on it is held to its timeouts.

    Idle time counts as it was before this request (`found`); the absolute timeout is counted from now, so that whoever
    is at work when enforcement begins goes on. None, and it ends, if it was idle for too long. A session that has
    timeouts keeps them.
    """
    session, timeouts = roster.by_sid(found.sid), policy.timeouts_for(found.persistent)
    if session is None or not judge(session, now).live:
        return Decision(None)
    idle = replace(found, inactivity_timeout=timeouts.inactivity)
    if not judge(idle, now).live:
        ended = end_session(idle, EndReason.INACTIVITY_TIMEOUT, "", now)
        return Decision(None, update=(ended,), events=tuple(ended_events([ended], now)))
    if session.inactivity_timeout is not None or session.expires is not None:
        return Decision(session)
    ends = None if timeouts.absolute is None else now + timeouts.absolute
    held = replace(session, inactivity_timeout=timeouts.inactivity, expires=ends)
    return Decision(held, update=(held,), profile=rehearsal.marked(roster, [held], {}))


def decide_note(roster: Roster, found: Session, policy: Policy, now: int) -> Decision[EndReason | None]:
    """Report-only: note that time would have ended `found`, as it was before this request, had it been enforced.

    Noted once, and not at all if something else would have ended it before. Returns the reason, None if none was noted.
    """
    verdict = rehearsal.idle_or_old(found, policy, now)
    if verdict.live or verdict.reason is None or roster.profile.unenforced.get(found.sid) != "":
        return Decision(None)
    reason = verdict.reason
    report = WouldHave(subject=roster.subject, at=now, outcome=str(reason), limit="", sid=found.sid, ended=(found.sid,))
    profile = rehearsal.marked(roster, (), {found.sid: str(reason)})
    return Decision(reason, events=(report,), profile=profile)


def decide_rotate(
    roster: Roster, sid: str, digest: bytes, grace: int, now: int, *, privileges: str = ""
) -> Decision[Session | None]:
    """Renew a session's token. The old one is accepted for `grace` more milliseconds, for requests on their way.

    `privileges`, if given, is noted as what the subject may do now.
    """
    session = roster.by_sid(sid)
    if session is None or not judge(session, now).live:
        return Decision(None)
    rotated = replace(
        session,
        digest=digest,
        generation=session.generation + 1,
        predecessor=session.digest if grace else None,
        predecessor_until=now + grace if grace else 0,
        privileges=privileges or session.privileges,
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
