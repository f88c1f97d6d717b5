"""How one signs out of the plain application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.patients.carrying import Request, cookie_name, delete_cookie

if TYPE_CHECKING:
    from tests.patients.plain import Answer, Plain


def has_token(request: Request) -> bool:
    """Whether a form was sent with the token that it was given with."""
    return request.session is not None and request.form.get("csrf") == request.session.csrf


def leave(site: Plain, request: Request) -> Answer:
    """Ends the session on the server and in the browser, and says so; by POST, with the form's token."""
    if request.method != "POST" and site.illness != "logout-by-get":
        return "405 Method Not Allowed", [], ""
    if site.illness not in {"logout-by-get", "logout-without-token"} and not has_token(request):
        return "403 Forbidden", [], "the form is out of date"
    session = request.session
    if session and session.raced:
        session.under_way.wait(30)
    if site.illness != "logout-keeps":
        site.sessions.pop(request.key, None)
    if session:
        session.left.set()
    headers = [*_without_cookie(site), *_without_data(site)]
    if site.illness == "logout-says-nothing":
        return "303 See Other", [("Location", "/login"), *headers], ""
    return "200 OK", headers, "You are logged out"


def slow(site: Plain, request: Request) -> Answer:
    """A page that takes its time: ends after its user has signed out, unless it is the session's first look at it."""
    session = request.session
    if session and session.raced:
        session.under_way.set()
        session.left.wait(30)
        if site.illness == "late-save-revives":
            site.sessions[request.key] = session
    elif session:
        session.raced = True
    return site.page(request, "Slow", "")


def _without_cookie(site: Plain) -> list[tuple[str, str]]:
    if site.illness == "logout-leaves-cookie":
        return []
    if site.illness == "logout-takes-another-cookie":
        return [("Set-Cookie", f"{cookie_name(site)}=; Path=/logout; Secure; Max-Age=0")]
    return [delete_cookie(site)]


def _without_data(site: Plain) -> list[tuple[str, str]]:
    said = {
        "no-clear-site-data": "",
        "clear-site-data-unquoted": "storage",
        "clear-site-data-of-caches": '"cache"',
    }.get(site.illness, '"storage"')
    return [("Clear-Site-Data", said)] if said else []
