"""Rules in plain sentences, for documents that people sign."""

from collections.abc import Iterable

from sojourn.core.policy import Counts, Limit, Order, Overflow, PingPong, Scope
from sojourn.core.records import DeviceClass
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND

_KINDS = {
    DeviceClass.COMPUTER: "computers",
    DeviceClass.PHONE: "phones",
    DeviceClass.TABLET: "tablets",
    DeviceClass.BOT: "programs",
    DeviceClass.OTHER: "devices of unknown kind",
}
_APART = {
    Scope.CLIENT: "Each application is counted apart.",
    Scope.DEVICE_CLASS: "Each kind of device is counted apart.",
}
_FIRST = {
    Order.LEAST_RECENTLY_USED: "the one whose last use is longest ago first",
    Order.OLDEST: "the one that began first of all first",
    Order.SOONEST_EXPIRING: "the one that time would end soonest first",
}


def duration(milliseconds: int | None) -> str:
    """A duration in words; "no bound" for None."""
    if milliseconds is None:
        return "no bound"
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        if milliseconds % size == 0:
            count = milliseconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{milliseconds} milliseconds"


def seconds(milliseconds: int | None) -> float | None:
    """A duration in seconds, a whole number where it is one."""
    if milliseconds is None:
        return None
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def limit_sentence(limit: Limit) -> str:
    """One limit: whom it holds, what it counts, how many there may be, and what happens at the limit."""
    parts = [f"{_whom(limit)} may have at most {_how_many(limit)} open at once{_where(limit)}."]
    parts += [_APART[scope] for scope in sorted(limit.scope)]
    parts.append(_at_the_limit(limit))
    return " ".join(parts)


def ping_pong_sentence(rule: PingPong) -> str:
    """When two devices that keep ending each other are noticed, and what happens to the sign-in then."""
    noticed = (
        f"Two devices that have ended each other's sessions {rule.times} times by turns within {duration(rule.within)}"
    )
    if rule.then is Overflow.REFUSE:
        return f"{noticed} are noticed: their user is told, and that sign-in is refused."
    if rule.then is Overflow.ASK:
        return f"{noticed} are noticed: their user is told, and chooses which session is to end."
    return f"{noticed} are noticed: their user is told."


def _whom(limit: Limit) -> str:
    if limit.groups:
        return f"A user in {_any_of(limit.groups)}" + (f", but not in {_any_of(limit.exempt)}," if limit.exempt else "")
    return f"A user, unless in {_any_of(limit.exempt)}," if limit.exempt else "Each user"


def _any_of(groups: Iterable[str]) -> str:
    names = [f"“{name}”" for name in sorted(groups)]
    return f"the group {names[0]}" if len(names) == 1 else f"one of the groups {', '.join(names)}"


def _how_many(limit: Limit) -> str:
    plural = "" if limit.max_sessions == 1 else "s"
    if limit.counts is Counts.DEVICES:
        return f"{limit.max_sessions} device{plural} with a session"
    return f"{limit.max_sessions} session{plural}"


def _where(limit: Limit) -> str:
    kinds = ", ".join(_KINDS[kind] for kind in sorted(limit.device_classes))
    clients = ", ".join(f"“{name}”" for name in sorted(limit.clients))
    return (f" on {kinds}" if kinds else "") + (f" in the application {clients}" if clients else "")


def _at_the_limit(limit: Limit) -> str:
    if limit.overflow is Overflow.REFUSE:
        return "A sign-in beyond that is refused, and what is open stays open."
    if limit.overflow is Overflow.ASK:
        return "A sign-in beyond that waits until its user has chosen which open session is to end."
    return f"A sign-in beyond that is admitted, and as many open sessions as are too many end, {_FIRST[limit.order]}."
