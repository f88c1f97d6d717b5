"""What a newcomer is told: which sessions ended to make room for theirs, and when they last signed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from sojourn.contrib.django.internal import carrier
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.presentation import device_name, device_text, label_text, moment
from sojourn.core.events import session_facts
from sojourn.core.outcomes import Admitted
from sojourn.core.records import EndReason


def leave(request: HttpRequest, outcome: Admitted) -> None:
    """Keep the notice for the "your sessions" page, and say it through Django's messages where a site has them."""
    if outcome.previous is not None:
        request.session[carrier.PREVIOUS] = dict(outcome.previous)
        _warn_of_refusals(request, outcome.previous)
    evicted = [session for session in outcome.ended if session.end_reason is EndReason.EVICTED]
    if not evicted:
        return
    names = names_of(outcome.session.subject)
    request.session[carrier.NOTICE] = [
        {
            **session_facts(session),
            "device": device_text(session.device),
            "name": names.get(session.device.digest, ""),
            "rival": session in outcome.rivals,
        }
        for session in evicted
    ]
    if hasattr(request, "_messages"):
        devices = ", ".join(device_name(session.device, names) for session in evicted)
        text = ngettext(
            "You are now signed in. To make room, your session on %(devices)s was ended.",
            "You are now signed in. To make room, your sessions on %(devices)s were ended.",
            len(evicted),
        )
        messages.warning(request, text % {"devices": devices}, fail_silently=True)
        for session in outcome.rivals:
            messages.warning(request, warning(device_name(session.device, names)), fail_silently=True)


def _warn_of_refusals(request: HttpRequest, previous: Mapping[str, object]) -> None:
    refused = previous["refused"]
    if isinstance(refused, int) and refused and hasattr(request, "_messages"):
        text = ngettext(
            "Since your last sign-in, %(count)d sign-in to your account was refused because too many sessions were "
            "open. If it was not yours, change your password.",
            "Since your last sign-in, %(count)d sign-ins to your account were refused because too many sessions were "
            "open. If they were not yours, change your password.",
            refused,
        )
        messages.warning(request, text % {"count": refused}, fail_silently=True)


@dataclass(frozen=True, slots=True)
class Previous:
    """The sign-in before this session's, for its user to see whether it was theirs (NIST SP 800-53 AC-9)."""

    at: datetime
    device: str
    place: str
    address: str
    refused: int
    """How many sign-ins a limit refused between that one and this."""


def previous(request: HttpRequest) -> Previous | None:
    """The sign-in before that of the session that the request is made in; None if none is known."""
    facts: Any = request.session.get(carrier.PREVIOUS)
    try:
        device, place, address = (str(facts[name]) for name in ("device", "place", "address"))
        return Previous(moment(facts["at"]), label_text(device), place, address, int(facts["refused"]))
    except (KeyError, OverflowError, TypeError, ValueError):
        return None  # none is known; or written by another release, or by somebody else


def warning(device: str) -> str:
    """What to tell a user whose devices keep ending each other: perhaps one of them is not theirs."""
    text = gettext(
        "This browser and %(device)s keep ending each other's sessions. Is somebody else using your account? If you "
        "are not sure, change your password."
    )
    return text % {"device": device}


def take(request: HttpRequest) -> list[dict[str, object]]:
    """The notice, once, as the pages show sessions: whoever has taken it has seen it."""
    if carrier.NOTICE not in request.session:
        return []
    try:
        return [_item(facts) for facts in request.session.pop(carrier.NOTICE)]
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return []  # written by another release, or by somebody else: a notice is not worth an error


def _item(facts: dict[str, Any]) -> dict[str, object]:
    times = {name: moment(facts[name]) for name in ("started_at", "last_seen_at", "ended_at")}
    device = facts.get("name") or facts["device"] or gettext("an unknown device")
    warn = warning(device) if facts.get("rival") is True else ""
    return {**facts, **times, "device_label": facts["device"], "warning": warn}
