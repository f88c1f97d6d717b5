"""Outcomes as JSON: what a client that is not a browser is told (RFC 9457 problem details). Public facts only."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sojourn.core.errors import StoreError, StoreUnconfirmed
from sojourn.core.outcomes import Admitted, ChoiceRequired, Paused, Refused
from sojourn.core.records import Session

CONTENT_TYPE = "application/problem+json"


Names = Mapping[str, str]
"""What the subject calls their devices, by the device's digest."""


def instant(milliseconds: int | None) -> str | None:
    """A moment as RFC 3339 text in UTC, to the second."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat().replace("+00:00", "Z")


def session_json(session: Session, names: Names) -> dict[str, object]:
    """The public facts of a session; why and when it ended, if it did."""
    facts: dict[str, object] = {
        "sid": session.sid,
        "name": names.get(session.device.digest, ""),
        "client": session.client,
        "device": session.device.label,
        "device_class": str(session.device.kind),
        "place": session.place,
        "address": session.address,
        "started_at": instant(session.created),
        "last_seen_at": instant(session.last_seen),
    }
    if session.end_reason is not None:
        facts |= {"reason": str(session.end_reason), "ended_at": instant(session.ended)}
    return facts


def device_json(session: Session, names: Names) -> dict[str, object]:
    """On which device a session is, in a few words."""
    return {"name": names.get(session.device.digest, ""), "device": session.device.label, "place": session.place}


def admitted_json(outcome: Admitted, names: Names) -> dict[str, object]:
    """The answer to a sign-in that was admitted; without its token, which travels by itself."""
    return {
        "outcome": "admitted",
        "session": session_json(outcome.session, names),
        "ended": [session_json(session, names) for session in outcome.ended],
        "also_open": [session_json(session, names) for session in outcome.also_open],
        "rivals": [session.sid for session in outcome.rivals],
        "confirmed": outcome.confirmed,
    }


def _problem(name: str, title: str, status: int, detail: str, **more: object) -> dict[str, object]:
    return {"type": f"urn:sojourn:problem:{name}", "title": title, "status": status, "detail": detail, **more}


def _limit_json(outcome: Refused | ChoiceRequired) -> dict[str, object]:
    return {"max_sessions": outcome.limit.max_sessions, "scope": sorted(outcome.limit.scope)}


def refused_problem(outcome: Refused, names: Names) -> dict[str, object]:
    """409: there is no room, and nothing was changed."""
    return _problem(
        "limit-reached",
        "The limit of open sessions is reached",
        409,
        "Sign out of an open session, then sign in again.",
        limit=_limit_json(outcome),
        open=[session_json(session, names) for session in outcome.open],
        rivals=[session.sid for session in outcome.rivals],
        free_at=instant(outcome.free_at),
    )


def paused_problem(outcome: Paused) -> dict[str, object]:
    """403: an operator has paused this user's sign-ins, and nothing was changed. Why is for operators."""
    return _problem(
        "sign-ins-paused",
        "Sign-ins to this account are paused",
        403,
        "Wait until the pause is over, or ask the people who run this site.",
        until=instant(outcome.until),
    )


def choice_problem(outcome: ChoiceRequired, names: Names) -> dict[str, object]:
    """409: there is no room, and the user may choose what to end. The ticket in it authenticates nothing."""
    return _problem(
        "choice-required",
        "Choose which session to end",
        409,
        'Answer with {"ticket": ..., "end": [sid, ...]} to end sessions and sign in.',
        limit=_limit_json(outcome),
        ticket=outcome.ticket.reveal() if outcome.ticket is not None else None,
        expires_at=instant(outcome.expires),
        open=[session_json(session, names) for session in outcome.open],
        rivals=[session.sid for session in outcome.rivals],
        end_at_least=outcome.end_at_least,
    )


def ended_problem(session: Session, by: Session | None, names: Names) -> dict[str, object]:
    """401: the session is over: why, since when and, if it is known, on which device the one began that ended it."""
    return _problem(
        "session-ended",
        "The session has ended",
        401,
        "Sign in again.",
        reason=str(session.end_reason),
        ended_at=instant(session.ended),
        by=None if by is None else device_json(by, names),
    )


def not_signed_in_problem() -> dict[str, object]:
    """401: nobody is signed in; if somebody was, they have been told why not any more."""
    return _problem("not-signed-in", "Nobody is signed in", 401, "Sign in.")


def invalid_ticket_problem() -> dict[str, object]:
    """410: the choice can no longer be made."""
    return _problem("choice-over", "This choice is over", 410, "Begin the sign-in again.")


def unconfirmed_problem() -> dict[str, object]:
    """503: it was done, and a failover may undo it."""
    return _problem(
        "not-confirmed",
        "This was done, and is not confirmed",
        503,
        "Not every server has confirmed it yet. Look in a moment whether it has to be done again; that harms nothing.",
        code=StoreUnconfirmed.code,
    )


def unavailable_problem(error: StoreError) -> dict[str, object]:
    """503: whether the session is still good cannot be told, so it does not count as good; or `unconfirmed_problem`."""
    if isinstance(error, StoreUnconfirmed):
        return unconfirmed_problem()
    return _problem(
        "store-unavailable",
        "Sessions cannot be checked at the moment",
        503,
        "Try again in a few seconds.",
        code=error.code,
    )


def csrf_problem(header: str) -> dict[str, object]:
    """403: a change by cookie, without the token that shows that a page of this site asked for it."""
    detail = f"Send the csrf_token that the list of sessions came with, in the header {header}."
    return _problem("csrf-failed", "The request may come from another site", 403, detail)


def reauthentication_problem(window: int, method: str, url: str) -> dict[str, object]:
    """403: its user proved who they are too long ago (`window`, in milliseconds). How to do it again, and where."""
    return _problem(
        "reauthentication-required",
        "Prove again who you are",
        403,
        {
            "password": "Send the password to this address, then try again.",
            "page": "Send the user to this page, then try again.",
        }.get(method, "Sign out, sign in again, then try again."),
        window=window // 1000,
        method=method,
        url=url,
    )


def wrong_password_problem() -> dict[str, object]:
    """403: this is not the password."""
    return _problem("wrong-password", "This password is not right", 403, "Try again.")


def invalid_request_problem(detail: str, pointer: str = "") -> dict[str, object]:
    """400: what was sent is not what is asked for. `pointer` (RFC 6901) says where, as RFC 9457 shows it."""
    errors = [{"pointer": f"#{pointer}", "detail": detail}]
    return _problem("invalid-request", "The request is not valid", 400, detail, errors=errors)


def too_large_problem() -> dict[str, object]:
    """413: more was sent than this site reads."""
    return _problem("too-large", "The request is too large", 413, "Send less.")


def media_type_problem() -> dict[str, object]:
    """415: something else than JSON was sent."""
    return _problem("media-type", "The request is not JSON", 415, "Send JSON, as application/json.")


def method_problem(allowed: str) -> dict[str, object]:
    """405: this address is asked in another way."""
    return _problem("method-not-allowed", "This method is not allowed", 405, f"Use {allowed}.")


def not_found_problem() -> dict[str, object]:
    """404: no such session of this user; whether it is another user's is not told."""
    return _problem("not-found", "There is no such session", 404, "List the sessions anew.")


def not_answerable_problem() -> dict[str, object]:
    """409: it is not for this session to say whether the other was them: that one is over, older, or on this device."""
    return _problem("not-answerable", "There is nothing to answer about this session", 409, "List the sessions anew.")


def not_nameable_problem() -> dict[str, object]:
    """409: the session is over, or nothing recognises its device, so that a name for it would not last."""
    return _problem("not-nameable", "This device cannot be named", 409, "List the sessions anew.")
