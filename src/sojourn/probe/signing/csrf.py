"""Tokens against forged requests that scripts send as a header: from a cookie (double submit), or from the page."""

from urllib.parse import unquote

from sojourn.probe.reading.pages import meta
from sojourn.probe.wire.visitor import Page, Visitor

_BY_COOKIE = {"csrftoken": "X-CSRFToken", "xsrf-token": "X-XSRF-TOKEN"}


def csrf_headers(visitor: Visitor, page: Page | None = None) -> dict[str, str]:
    """The headers with which a script of the application would prove that it is one; {} where there is no token."""
    found = {}
    for cookie in visitor.jar:
        known = _BY_COOKIE.get(cookie.name.lower())
        if known or "csrf" in cookie.name.lower() or "xsrf" in cookie.name.lower():
            found[known or "X-CSRF-Token"] = unquote(cookie.value)
    if page is not None:
        for name in ("csrf-token", "csrf_token", "_csrf"):
            if token := meta(page, name):
                found[meta(page, "_csrf_header") or "X-CSRF-Token"] = token
    return found
