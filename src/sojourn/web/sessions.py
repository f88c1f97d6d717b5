"""Somebody's own sessions as JSON: what an application in the browser shows them. Public facts only.

Described field by field in contrib/django/openapi.json, which a test holds to this.
"""

from collections.abc import Iterable

from sojourn.core.explain import Usage
from sojourn.core.records import Profile, Session
from sojourn.core.timeouts import deadline
from sojourn.core.wishes import reference
from sojourn.web.problems import Names, device_json, instant, session_json


def open_json(session: Session, names: Names, current_sid: str) -> dict[str, object]:
    """An open session of somebody who looks at it from the session `current_sid`."""
    return {
        **_facts(session, names),
        "current": session.sid == current_sid,
        "nameable": bool(session.device.digest) and not session.parent,
        "expires_at": instant(deadline(session)),
    }


def ended_json(session: Session, by: Session | None, names: Names, current_sid: str) -> dict[str, object]:
    """An ended session: when, why and, where it was one of the same user, by which session."""
    return {
        **_facts(session, names),
        "by": None if by is None else {"sid": by.sid, **device_json(by, names), "current": by.sid == current_sid},
    }


def _facts(session: Session, names: Names) -> dict[str, object]:
    return {
        **session_json(session, names),
        "browser": session.device.family,
        "system": session.device.os,
        "acting": bool(session.parent),
        "persistent": session.persistent,
        "authenticated_at": instant(session.authenticated),
    }


def devices_json(profile: Profile, current_digest: str) -> list[dict[str, object]]:
    """The devices that somebody knows, the one used last first; `current_digest` is the one that they look from."""
    return [
        {
            "device": reference(digest),
            "label": known.label,
            "name": profile.device_names.get(digest, ""),
            "trusted": known.trusted,
            "current": digest == current_digest,
            "first_seen_at": instant(known.since),
            "last_seen_at": instant(known.last),
        }
        for digest, known in reversed(list(profile.devices.items()))
    ]


def limit_json(usage: Usage) -> dict[str, object]:
    """How much of one limit is in use, and of which sessions that is said."""
    limit = usage.limit
    kinds: Iterable[str] = limit.device_classes if usage.device_class is None else [usage.device_class]
    clients = limit.clients if usage.client is None else [usage.client]
    return {
        "used": usage.used,
        "max_sessions": limit.max_sessions,
        "counts": str(limit.counts),
        "overflow": str(limit.overflow),
        "order": str(limit.order),
        "device_classes": sorted(str(kind) for kind in kinds),
        "clients": sorted(clients),
    }
