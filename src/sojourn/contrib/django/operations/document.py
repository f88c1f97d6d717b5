"""The policy as a document (ASVS 7.1.1, 7.1.2): from the running configuration to statements, as data. Pure.

Every statement is held against the running site by tests/django/test_policy_document.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sojourn.contrib.django.operations.sentences import duration, limit_sentence, ping_pong_sentence, seconds
from sojourn.core.policy import Limit, PingPong, Policy
from sojourn.core.records import EndReason
from sojourn.core.timeouts import DAY, HOUR, MINUTE, Timeouts, touch_interval


@dataclass(frozen=True, slots=True)
class Bound:
    """What NIST SP 800-63B-4 says of one timeout at one assurance level; None where it says nothing."""

    level: str
    timeout: str
    milliseconds: int
    strength: str
    section: str


NIST = (
    Bound("AAL1", "absolute", 30 * DAY, "should", "2.1.3"),
    Bound("AAL2", "absolute", DAY, "should", "2.2.3"),
    Bound("AAL2", "inactivity", HOUR, "should", "2.2.3"),
    Bound("AAL3", "absolute", 12 * HOUR, "shall", "2.3.3"),
    Bound("AAL3", "inactivity", 15 * MINUTE, "should", "2.3.3"),
)

ENDS: dict[EndReason, str] = {
    EndReason.LOGOUT: "Its user signs out of it.",
    EndReason.REVOKED: "Its user ends it from another session.",
    EndReason.OPERATOR: "An administrator ends it; who it was and why is recorded.",
    EndReason.EVICTED: "A limit is reached and makes room for a new session.",
    EndReason.REPLACED: "Its user signs in again in the same browser.",
    EndReason.SWITCHED: "Another user signs in in the same browser.",
    EndReason.INACTIVITY_TIMEOUT: "It is not used for the inactivity timeout.",
    EndReason.ABSOLUTE_TIMEOUT: "It reaches the absolute timeout.",
    EndReason.CARRIER_EXPIRED: "Django's own session, which carries it, runs out.",
    EndReason.CREDENTIAL_CHANGED: "The password is changed; the session in which that is done goes on.",
    EndReason.DEACTIVATED: "The account is deactivated.",
    EndReason.DELETED: "The account is deleted.",
    EndReason.EPOCH: "An administrator ends all sessions at once.",
    EndReason.DISOWNED: "Its user says, by the link in a message or in an older session, that it was not them.",
    EndReason.ABORTED: "The sign-in does not complete.",
}
_REPORTED = (EndReason.EVICTED, EndReason.INACTIVITY_TIMEOUT, EndReason.ABSOLUTE_TIMEOUT)
"""What does not happen while the policy is only reported."""


def document(policy: Policy | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The document. `policy` is None where a function of the site picks one for each sign-in; then limits and timeouts
    cannot be known. `facts` are settings that belong to no policy: see `sojourn.contrib.django.operations.policy`.
    """
    enforced = policy is not None and not policy.report_only
    body: dict[str, Any] = {
        "document": "sojourn-session-policy",
        "version": 1,
        **{name: facts[name] for name in ("sojourn", "generated_at", "enabled")},
        "report_only": policy is not None and policy.report_only,
        "decided_by": facts["decided_by"],
    }
    if policy is not None:
        full = policy.enforced
        body["timeouts"] = {
            kind: _timeouts(full.timeouts_for(persistent), facts["touch_interval"])
            for kind, persistent in (("ordinary", False), ("persistent", True))
        }
        body["nist_sp_800_63b_4"] = [
            _compared(kind, full.timeouts_for(persistent), bound)
            for kind, persistent in (("ordinary", False), ("persistent", True))
            for bound in NIST
        ]
        body["limits"] = [_limit(limit) for limit in policy.limits]
        body["same_device_replaces"] = policy.replace_same_device
        body["ping_pong"] = None if policy.ping_pong is None else _ping_pong(policy.ping_pong)
    body |= {name: facts[name] for name in ("django_session", "choice_seconds", "reauthentication_seconds", "adoption")}
    body["ends"] = [
        {"reason": str(reason), "sentence": sentence, "in_force": enforced or policy is None or reason not in _REPORTED}
        for reason, sentence in ENDS.items()
    ]
    body["told"] = list(facts["told"])
    body["to_be_added"] = list(_to_be_added(body))
    return body


def _timeouts(timeouts: Timeouts, wished: int | None) -> dict[str, float | None]:
    interval = touch_interval(timeouts.inactivity, wished)
    return {
        "inactivity_seconds": seconds(timeouts.inactivity),
        "absolute_seconds": seconds(timeouts.absolute),
        "early_by_at_most_seconds": 0 if timeouts.inactivity is None else seconds(interval),
    }


def _compared(kind: str, timeouts: Timeouts, bound: Bound) -> dict[str, Any]:
    own = timeouts.inactivity if bound.timeout == "inactivity" else timeouts.absolute
    deviates = own is None or own > bound.milliseconds
    what = "none is set" if own is None else f"it is {duration(own)}"
    return {
        "level": bound.level,
        "section": bound.section,
        "sessions": kind,
        "timeout": bound.timeout,
        "seconds": seconds(own),
        "at_most_seconds": seconds(bound.milliseconds),
        "strength": bound.strength,
        "deviates": deviates,
        "sentence": f"The {bound.timeout} timeout of {kind} sessions {bound.strength} be at most "
        f"{duration(bound.milliseconds)}; {what}{', which deviates' if deviates else ''}.",
    }


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "title": limit.title,
        "max_sessions": limit.max_sessions,
        "counts": str(limit.counts),
        "counted_apart_by": sorted(map(str, limit.scope)),
        "only_groups": sorted(limit.groups),
        "exempt_groups": sorted(limit.exempt),
        "only_clients": sorted(limit.clients),
        "only_device_classes": sorted(map(str, limit.device_classes)),
        "overflow": str(limit.overflow),
        "order": str(limit.order),
        "sentence": limit_sentence(limit),
    }


def _ping_pong(rule: PingPong) -> dict[str, Any]:
    return {
        "times": rule.times,
        "within_seconds": seconds(rule.within),
        "then": None if rule.then is None else str(rule.then),
        "sentence": ping_pong_sentence(rule),
    }


def _to_be_added(body: Mapping[str, Any]) -> Iterable[str]:
    """What only the site can say."""
    yield "The assurance level that the application needs, and why (NIST SP 800-63-4)."
    if body["decided_by"]:
        yield (
            f"The limits and timeouts: the function {body['decided_by']} decides about them for each sign-in, and they "
            "cannot be read from it. `manage.py sojourn explain USER` says what it decides for one user."
        )
    if any(each["deviates"] for each in body.get("nist_sp_800_63b_4", ())):
        yield "For each deviation at that level: why the risk is accepted, or what makes up for it (ASVS 7.1.1)."
    if not body["decided_by"] and not body["limits"]:
        yield "Why any number of sessions may be open at once (ASVS 7.1.2)."
    if body["report_only"]:
        yield "From when on the policy is enforced: at present it is only reported."
    yield "How sessions with identity providers and other applications are coordinated, if there are any (ASVS 7.1.3)."
