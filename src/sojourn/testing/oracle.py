"""What must be true, worked out a second time and differently: it shares no code with the rules that it checks."""

from collections.abc import Iterable

from sojourn.core.policy import Counts, Limit, Scope
from sojourn.core.records import Arrival, Session


def alive(session: Session, now: int) -> bool:
    """Whether the session may be used: nobody has ended it, no epoch, and none of its three clocks has run out."""
    if session.end_reason is not None:
        return False
    if session.voided is not None and now >= session.voided:
        return False
    if session.expires is not None and now >= session.expires:
        return False
    if session.carrier_expires is not None and now >= session.carrier_expires:
        return False
    return session.inactivity_timeout is None or now - session.last_seen < session.inactivity_timeout


def binds(limit: Limit, arrival: Arrival) -> bool:
    """Whether the limit holds this sign-in; somebody who acts as the subject is never held."""
    if arrival.parent:
        return False
    for group in arrival.groups:
        if group in limit.exempt:
            return False
    if limit.groups and not [group for group in limit.groups if group in arrival.groups]:
        return False
    return _within(limit, arrival)


def taken(limit: Limit, sessions: Iterable[Session], arrival: Arrival, newcomer: bool = False) -> int:
    """How much of the limit `sessions` take up where `arrival` signs in, together with it if `newcomer`.

    A session of somebody who acts as the subject takes up no room.
    """
    units = set()
    everybody: list[Session | Arrival] = [*sessions, *([arrival] if newcomer else [])]
    for one in everybody:
        apart = (Scope.CLIENT in limit.scope and one.client != arrival.client) or (
            Scope.DEVICE_CLASS in limit.scope and one.device.kind != arrival.device.kind
        )
        if one.parent or apart or not _within(limit, one):
            continue
        own = one.sid if isinstance(one, Session) else "the newcomer"
        units.add((one.device.digest or own) if limit.counts is Counts.DEVICES else own)
    return len(units)


def _within(limit: Limit, one: Session | Arrival) -> bool:
    if limit.clients and one.client not in limit.clients:
        return False
    return not limit.device_classes or one.device.kind in limit.device_classes
