"""How a session of the plain application begins, and what a sign-in makes of the one from before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.patients.carrying import Request, set_cookie
from tests.patients.leaving import has_token
from tests.patients.minting import new_id

if TYPE_CHECKING:
    from tests.patients.plain import Answer, Plain, Session


def first_key(site: Plain, request: Request) -> str:
    """The key of a new session: never one that a browser brought."""
    if site.illness == "adopts-ids" and request.key:
        return request.key
    if site.illness == "adopts-ids-of-strangers" and request.key and request.method == "GET":
        return request.key
    return new_id(site, request)


def renewed(site: Plain, request: Request, session: Session | None) -> tuple[str, Session]:
    """The session that goes on after a sign-in: a new one, and the one from before ends."""
    again = session is not None and bool(session.user)
    if session and (site.illness == "login-keeps-id" or (site.illness == "second-login-keeps-id" and again)):
        return request.key, session
    if not (site.illness == "second-login-ends-nothing" and again):
        site.sessions.pop(request.key, None)
    return site.begin(request)


def reset(site: Plain, request: Request) -> Answer:
    """Begins to reset a password: a link goes out by mail, and nobody is signed in by that."""
    if request.method == "GET":
        key, session = (request.key, request.session) if request.session else site.begin(request)
        form = (
            f'<input type="hidden" name="csrf" value="{session.csrf}"><input name="name"><button>Send the mail</button>'
        )
        return "200 OK", [set_cookie(site, key)], f'<h1>Forgotten</h1><form method="post">{form}</form>'
    if not has_token(request):
        return "403 Forbidden", [], "the form is out of date"
    if site.illness == "reset-signs-in":
        request.session.user = request.form["name"]
    return "200 OK", [], "If there is such an account, a mail is on its way"
