"""Which requests are no activity of the user: they find a session live, and do not keep it from its timeout."""

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from sojourn.contrib.django.settings import current

HEADER = "Sojourn-Passive"
"""A page's own script says with it that a request is not its user's doing: `Sojourn-Passive: 1`."""
QUESTION, LIVE = "timeout/", "live/"
"""The ends of the addresses at which a page asks how long its session has left, and whether it is live. To ask is no
activity."""

_META = "HTTP_" + HEADER.upper().replace("-", "_")


def is_passive(request: HttpRequest) -> bool:
    """Whether the request is no activity of its user. A header can only shorten the sender's own session."""
    return (
        request.path.startswith(current().PASSIVE_PATHS)
        or request.META.get(_META) in {"1", "?1"}
        or (
            request.method in {"GET", "HEAD"} and request.path_info.endswith((QUESTION, LIVE)) and _is_question(request)
        )
    )


def _is_question(request: HttpRequest) -> bool:
    """Looked up only for paths with that end: no other request pays for it."""
    try:
        match = resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return False
    return match.url_name in {"timeout", "live"} and match.app_names[-1:] == ["sojourn"]
