"""What a user sees of their own sessions, gathered once: the page and the JSON show the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest

from sojourn.contrib.django.internal.start import arrival_of
from sojourn.contrib.django.internal.visit import visit_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.disowning import unanswered
from sojourn.core.explain import Usage, usage
from sojourn.core.records import Profile, Session
from sojourn.core.timeouts import judge
from sojourn.core.tokens import is_sid

HISTORY = 10
"""How many ended sessions are shown."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A user's sessions as they stand: `open` ones, last used first, and the latest that `ended`."""

    mine: Session
    open: tuple[Session, ...]
    ended: tuple[Session, ...]
    enders: Mapping[str, Session]
    """By its sid: each session of theirs that has ended another one."""
    names: Mapping[str, str]
    profile: Profile
    limits: tuple[Usage, ...]
    unanswered: tuple[str, ...] = ()
    """The sids of those of `open` of which the user is to be asked whether it was them."""


def overview(request: HttpRequest, mine: Session) -> Overview:
    """Gather what is known of the sessions of whoever makes the request in `mine`. Raises StoreError."""
    site = control()
    roster, moment = site.store.roster(mine.subject), site.clock()
    live = sorted((s for s in roster.sessions if judge(s, moment).live), key=lambda s: (-s.last_seen, s.sid))
    ended = tuple(site.store.history(mine.subject, HISTORY))
    arrival = arrival_of(request, request.session, visit_of(request), cast("Any", request.user))
    return Overview(
        mine,
        tuple(live),
        ended,
        _enders(mine.subject, ended, [*live, *ended]),
        roster.profile.device_names,
        roster.profile,
        usage(site.policy_for(arrival), live, arrival),
        tuple(each.sid for each in unanswered(roster, mine.sid, moment)),
    )


def _enders(subject: str, ended: Iterable[Session], known: Iterable[Session]) -> dict[str, Session]:
    """Who ended these, as far as it was the subject themselves. An operator's name is not among them."""
    found = {session.sid: session for session in known}
    for sid in {session.ended_by for session in ended if is_sid(session.ended_by)} - set(found):
        ender = control().store.find(sid)
        if ender is not None and ender.subject == subject:
            found[sid] = ender
    return found


def find_own(mine: Session, sid: str) -> Session | None:
    """The session called `sid`, open or ended, if it is of the same user as `mine`; None for any other."""
    found = control().store.find(sid) if is_sid(sid) else None
    return found if found is not None and found.subject == mine.subject else None
