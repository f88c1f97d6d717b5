"""Two devices that keep ending each other's sessions: often two people with one password."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from sojourn.core.policy import PingPong
from sojourn.core.records import Arrival, Eviction, Profile, Session


def returns(profile: Profile, arrival: Arrival, victim: Session, rule: PingPong, now: int) -> tuple[Eviction, ...]:
    """How the arriving device and the victim's have ended each other's sessions by turns, the latest first.

    The one before this sign-in went against the arriving device, the one before that against the other, and so on, as
    far back as `rule` looks. Devices that are not known are nobody's: nothing tells one from the next.
    """
    loser, winner = arrival.device.digest, victim.device.digest
    turns: list[Eviction] = []
    if not loser or not winner or loser == winner:
        return ()
    for eviction in reversed(profile.evictions):
        if {eviction.loser, eviction.winner} != {loser, winner} or eviction.at <= now - rule.within:
            continue
        if (eviction.loser, eviction.winner) != (loser, winner):
            break
        turns.append(eviction)
        loser, winner = winner, loser
    return tuple(turns)


def rivals(
    profile: Profile, arrival: Arrival, victims: Iterable[Session], rule: PingPong | None, now: int
) -> tuple[Session, ...]:
    """Those of `victims` whose device and the arriving one have ended each other often enough, with this sign-in."""
    if rule is None:
        return ()
    return tuple(s for s in victims if len(returns(profile, arrival, s, rule, now)) + 1 >= rule.times)


def calm_at(profile: Profile, arrival: Arrival, found: Iterable[Session], rule: PingPong, now: int) -> int | None:
    """When the rivals that were `found` will be none any more, if nobody ends anybody meanwhile; None without any."""
    ends = [returns(profile, arrival, s, rule, now)[rule.times - 2].at + rule.within for s in found]
    return max(ends, default=None)


def remembered(
    profile: Profile, arrival: Arrival, evicted: Collection[Session], rule: PingPong | None, now: int
) -> Profile | None:
    """The profile with these evictions, and without those that nobody will ask for any more; None if none is new."""
    mine = arrival.device.digest
    known = {s.device.digest for s in evicted} - {"", mine} if mine and rule is not None else set()
    if not known or rule is None:
        return None
    recent = [eviction for eviction in profile.evictions if eviction.at > now - rule.within]
    new = [Eviction(now, loser, mine) for loser in sorted(known)]
    return replace(profile, evictions=(*recent, *new))
