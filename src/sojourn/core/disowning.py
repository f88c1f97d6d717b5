"""Was it them? What follows when a subject answers for a sign-in that they were told of.

Two ways lead here. The link in a message names a question, which is answered once, by whoever reads the message. A
session of the subject may answer for those that began after it, and for no other: whoever came later, a thief
perhaps, has no say about who was there first.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sojourn.core.decisions import Decision, end_session, ended_events
from sojourn.core.records import EndReason, Location, Profile, Roster, Session
from sojourn.core.timeouts import judge


@dataclass(frozen=True, slots=True)
class Question:
    """Was it them? What a message asks its reader; `id` is that of the event that it tells of, `asked` its moment.

    `sid`: the session that it is about; empty if there was none, as when a sign-in was refused.
    """

    id: str
    asked: int
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a question stands. Milliseconds; None where something has not happened.

    `session`: the one that it is about, ended or not, if it is remembered. `disputed`: what is live of it and on its
    device. `open`: all live sessions of the subject, last used first. `answered`: when it was answered.
    `credential_changed`: when the subject's password was seen to have changed since it was asked.
    """

    session: Session | None
    disputed: tuple[Session, ...]
    open: tuple[Session, ...]
    answered: int | None
    credential_changed: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer came to: the sessions that it `ended`, and how the question stood before it.

    If it had been answered already, nothing has ended.
    """

    ended: tuple[Session, ...]
    standing: Standing


def standing(roster: Roster, question: Question, found: Session | None, now: int) -> Standing:
    """How `question` stands. `found` is the session that it is about, as far as it is remembered, ended or not."""
    named = found if found is not None and found.subject == roster.subject and found.sid == question.sid else None
    live = [session for session in roster.sessions if judge(session, now).live]
    changed = roster.profile.credential_changed
    return Standing(
        session=named,
        disputed=tuple(session for session in live if _disputed(session, question.sid, named)),
        open=tuple(sorted(live, key=lambda session: (-session.last_seen, session.sid))),
        answered=roster.profile.answered.get(question.id),
        credential_changed=changed if changed is not None and changed >= question.asked else None,
    )


def decide_answer(
    roster: Roster, question: Question, found: Session | None, now: int, *, everything: bool = False
) -> Decision[Answer]:
    """It was not them: end what the question is about, or `everything`; a question about no session means everything.

    Answered once: a second answer changes nothing. What else is open on the disputed session's device ends with it,
    for who signs in again there has only had it replaced. Its device and place are not known any more.
    """
    before = standing(roster, question, found, now)
    if before.answered is not None:
        return Decision(Answer((), before))
    disputed = {session.sid for session in before.disputed}
    wanted = before.open if everything or not question.sid else before.disputed
    ended = tuple(
        end_session(session, EndReason.DISOWNED if session.sid in disputed else EndReason.REVOKED, "", now)
        for session in wanted
    )
    told = replace(roster, profile=_unlearned(roster.profile, (*before.disputed, *_some(before.session))))
    profile = replace(told.profile, answered={**told.profile.answered, question.id: now})
    return Decision(Answer(ended, before), update=ended, events=tuple(ended_events(ended, now)), profile=profile)


def answerable(roster: Roster, mine: str, now: int) -> tuple[Session, ...]:
    """The sessions for which the live session `mine` may answer: those that began after it, the oldest first.

    Not those on its own device, and not where somebody acts as the subject, in either of them.
    """
    asker = roster.by_sid(mine)
    if asker is None or asker.parent or not judge(asker, now).live:
        return ()
    return tuple(
        session
        for session in roster.sessions  # in the order of (created, sid)
        if (session.created, session.sid) > (asker.created, asker.sid)
        and not session.parent
        and not _same_device(session, asker)
        and judge(session, now).live
    )


def unanswered(roster: Roster, mine: str, now: int) -> tuple[Session, ...]:
    """Those of `answerable` of which it is worth asking: not confirmed before, and not on a device that is trusted.

    Neither counts if it was said by somebody who may themselves be asked about: a thief trusts the device on which
    they have come, and says of their second session that it was them. So a confirmation counts from a session no
    younger than `mine`, and trust in a device that was known before `mine` began.
    """
    asker, profile = roster.by_sid(mine), roster.profile
    if asker is None:
        return ()
    return tuple(
        session
        for session in answerable(roster, mine, now)
        if profile.confirmed.get(session.sid, now + 1) > asker.created
        and not (known_before(profile, session, asker) and profile.devices[session.device.digest].trusted)
    )


def known_before(profile: Profile, session: Session, asker: Session) -> bool:
    """Whether the device of `session` was known when `asker` began: so that what is said of it, its name for one, was
    not first said by whoever has only now come with it.
    """
    known = profile.devices.get(session.device.digest)
    return known is not None and known.since <= asker.created


def names_before(profile: Profile, asker: Session) -> dict[str, str]:
    """What the subject calls their devices, of those that were known when `asker` began: whoever has only now come
    may call theirs by the name of one of the subject's own.
    """
    known = profile.devices
    return {
        digest: name
        for digest, name in profile.device_names.items()
        if digest in known and known[digest].since <= asker.created
    }


def decide_confirm(roster: Roster, mine: str, sid: str, now: int) -> Decision[bool]:
    """It was them: the session `mine` answers for `sid`, of which no session asks that is as young. False if it may
    not.
    """
    asker = roster.by_sid(mine)
    if asker is None or sid not in {session.sid for session in answerable(roster, mine, now)}:
        return Decision(outcome=False)
    confirmed = {each: begun for each, begun in roster.profile.confirmed.items() if each != sid}
    confirmed[sid] = min(asker.created, roster.profile.confirmed.get(sid, asker.created))
    return Decision(outcome=True, profile=replace(roster.profile, confirmed=confirmed))


def decide_disown(roster: Roster, mine: str, sid: str, now: int) -> Decision[tuple[Session, ...]]:
    """It was not them: the session `mine` answers for `sid`, which ends, and with it what else it may answer for on
    that device. Nothing ends if it may not. Device and place are not known any more.
    """
    may = answerable(roster, mine, now)
    found = next((session for session in may if session.sid == sid), None)
    if found is None:
        return Decision(())
    disputed = [session for session in may if session.sid == sid or _same_device(session, found)]
    ended = tuple(end_session(session, EndReason.DISOWNED, mine, now) for session in disputed)
    profile = _unlearned(roster.profile, disputed)
    return Decision(ended, update=ended, events=tuple(ended_events(ended, now)), profile=profile)


def _disputed(session: Session, sid: str, named: Session | None) -> bool:
    return session.sid == sid or (named is not None and _same_device(session, named))


def _same_device(one: Session, other: Session) -> bool:
    return bool(one.device.digest) and one.device.digest == other.device.digest


def _some(session: Session | None) -> tuple[Session, ...]:
    return () if session is None else (session,)


def _unlearned(profile: Profile, disputed: Collection[Session]) -> Profile:
    """`profile` as if nothing had been learned from these sign-ins, so that the next one like them is told again.

    A place is known since the last sign-in from it; and who was not the subject did not travel.
    """
    digests, moments, sids = (
        {session.device.digest for session in disputed},
        {session.created for session in disputed},
        {session.sid for session in disputed},
    )
    last = profile.last_sign_in
    if last is not None and last.at in moments:
        last = replace(last, location=Location())
    return replace(
        profile,
        devices={digest: known for digest, known in profile.devices.items() if digest not in digests},
        places=tuple(place for place in profile.places if place.last not in moments),
        confirmed={sid: begun for sid, begun in profile.confirmed.items() if sid not in sids},
        last_sign_in=last,
    )
