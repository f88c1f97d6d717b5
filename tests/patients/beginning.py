"""How a session of the plain application begins, and what a sign-in makes of the one from before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.patients.carrying import Request
from tests.patients.minting import new_id

if TYPE_CHECKING:
    from tests.patients.plain import Plain, Session


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
