"""Report-only: what enforcement would have left open is kept beside what is open, so that both are counted exactly.

A session that began while its policy was report-only is *unenforced*: no limit and no timeout ends it. Its sid is in
the subject's profile, together with the reason for which enforcement would have ended it, once there is one. What is
marked so counts no more. The same sign-ins, enforced, therefore come to the same numbers.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sojourn.core.policy import Policy
from sojourn.core.records import Profile, Roster, Session
from sojourn.core.timeouts import Verdict, judge

NEVER_BEGUN = "refused"
"""Marks a session whose sign-in enforcement would have refused."""


def under(session: Session, policy: Policy) -> Session:
    """`session` with the timeouts that `policy` gives, counted as if it had been enforced from the start."""
    timeouts = policy.enforced.timeouts_for(session.persistent)
    ends = None if timeouts.absolute is None else session.authenticated + timeouts.absolute
    return replace(session, inactivity_timeout=timeouts.inactivity, expires=ends)


def as_enforced(roster: Roster, policy: Policy) -> Roster:
    """The sessions that would be on the roster if `policy` had been enforced; nothing in it is unenforced."""
    unenforced = roster.profile.unenforced
    sessions = tuple(
        under(session, policy) if session.sid in unenforced else session
        for session in roster.sessions
        if not unenforced.get(session.sid)
    )
    return replace(roster, sessions=sessions, profile=replace(roster.profile, unenforced={}))


def idle_or_old(session: Session, policy: Policy, now: int) -> Verdict:
    """Whether an unenforced session, as it was before this request, would have been ended by time under `policy`."""
    return judge(replace(under(session, policy), carrier_expires=None, voided=None), now)


def due(session: Session, policy: Policy, now: int) -> bool:
    """Whether a session without timeouts is to come under those of `policy` now or, report-only, would be over."""
    if session.inactivity_timeout is not None or session.expires is not None or session.parent:
        return False
    if policy.report_only:
        return not idle_or_old(session, policy, now).live
    timeouts = policy.timeouts_for(session.persistent)
    return timeouts.inactivity is not None or timeouts.absolute is not None


def marked(roster: Roster, gone: Collection[Session], marks: Mapping[str, str]) -> Profile:
    """The subject's profile with these sids as unenforced, each with the reason for which it would be over; "" if none.

    Forgets those of sessions that are no longer open.
    """
    over = {session.sid for session in gone}
    kept = {
        sid: why for sid, why in roster.profile.unenforced.items() if sid not in over and roster.by_sid(sid) is not None
    }
    return replace(roster.profile, unenforced={**kept, **marks})
