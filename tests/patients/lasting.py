"""For how long sessions of the plain application last: by its clock, judged when they are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.patients.carrying import Request
    from tests.patients.plain import Plain, Session

IDLE = 3000.0
LIFETIME = 2 * 3600.0
POLLED = {"/state"}
"""What pages ask for by themselves: no activity of anybody."""


def live(site: Plain, request: Request) -> Session | None:
    """The session that a request brought, if it is not over; the request counts as its use."""
    session, now = site.sessions.get(request.key), site.clock()
    if session is None:
        return None
    idle = {"never-idle": 10**9, "idle-for-two-hours": 7200.0}.get(site.illness, IDLE)
    lifetime = 10**9 if site.illness == "lives-for-ever" else LIFETIME
    if now - session.seen > idle or now - session.began > lifetime:
        del site.sessions[request.key]
        return None
    if request.path not in POLLED or site.illness == "polling-keeps-alive":
        session.seen = now
    return session
