"""Is what a session carries good? One judgement, whatever the session arrives by: pages, apps, sockets."""

from dataclasses import dataclass, field
from typing import Any

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.carrier import Carried
from sojourn.contrib.django.internal.joined import UserAlong
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.outcomes import Authenticated, Ended
from sojourn.core.records import EndReason, Session


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a session that claims to be signed in came to: `live`, or a `reason` why it is not."""

    live: Session | None = None
    reason: EndReason = EndReason.ABORTED
    ended: Session | None = None
    """The record of the session that is over, if it is remembered."""
    renewed: bool = False
    """Whether it came by an older token, in its last seconds of grace."""
    parent_token: str = field(default="", repr=False)
    """While its owner acts as somebody else: the token of their own session, which lives too."""


def judge(carried: Carried, *, passive: bool, user: UserAlong | None = None) -> Judgement:
    """Judge what a session carries, by one look-up. Ends the record of a session that was tampered with.

    `passive` means that this is no activity of the user. `user`: whom to read along with the record. Raises
    StoreError if the store cannot be reached.
    """
    if user is None:
        found = control().authenticate(str(carried.token), passive=passive)
    else:
        found = user.authenticate(control(), str(carried.token), passive=passive)
    if isinstance(found, Ended):
        if found.session.end_reason is not None and found.session.end_reason.expired:
            control().expire(found.session.subject)
        return Judgement(reason=found.session.end_reason or EndReason.ABORTED, ended=found.session)
    if not isinstance(found, Authenticated):
        return Judgement()
    session = found.session
    if carried.user_key is None or carried.user_key != carried.bound_to:
        # Somebody took the login out of the session, or put another one in, without logging out or in.
        control().end(session.subject, [session.sid], EndReason.LOGOUT)
        return Judgement(reason=EndReason.LOGOUT)
    if not session.parent:
        return Judgement(session, renewed=found.renewed)
    # Whoever acts as another user may do so only as long as their own session lives.
    parent = control().authenticate(str(carried.parent_token), passive=passive)
    if isinstance(parent, Authenticated) and parent.session.sid == session.parent:
        return Judgement(session, renewed=found.renewed, parent_token=str(carried.parent_token))
    ended = control().end(session.subject, [session.sid], EndReason.REVOKED, by=session.parent)
    return Judgement(reason=EndReason.REVOKED, ended=next(iter(ended), None))


def is_owner(user: Any, session: Session) -> bool:
    """Whether the user whom Django has loaded is the one who signed in to the session."""
    return bool(user.is_authenticated) and adapter().subject(user) == session.subject


def disown(session: Session, user: Any, user_key: str | None) -> Session | None:
    """End the record of a session for which Django loads somebody else: it was signed in, and is no longer theirs.

    The user is inactive, gone, another, or has another password, and no signal told us (a bulk update, another
    program). `user` is None or anonymous if there is nobody. `user_key` is what is still in the session; None if
    Django has emptied it. Returns the session as it ended; None if it was over already.
    """
    somebody = user is not None and user.is_authenticated
    reason = EndReason.DELETED if somebody else _why(user_key)
    return next(iter(control().end(session.subject, [session.sid], reason)), None)


def _why(user_key: str | None) -> EndReason:
    from django.contrib.auth import get_user_model

    if user_key is None:  # Django has flushed it: the password is another one
        return EndReason.CREDENTIAL_CHANGED
    there = get_user_model()._base_manager.filter(pk=user_key).exists()
    return EndReason.DEACTIVATED if there else EndReason.DELETED
