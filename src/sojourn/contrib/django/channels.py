"""For Channels: a socket is open only while the session it was opened with is live.

    application = ProtocolTypeRouter({
        "http": get_asgi_application(),
        "websocket": SessionControlStack(URLRouter(...)),
    })

Sockets do not pass Django's middleware, so they are checked here: when they are opened, at every message that comes
in, before a message goes out if the last check is too long ago, and every few seconds while nothing comes in.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async

from sojourn.contrib.django.internal import carrier
from sojourn.contrib.django.internal.judge import disown, is_owner, judge
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.core import timeouts
from sojourn.core.errors import StoreError, StoreUnavailable
from sojourn.core.records import EndReason, Session
from sojourn.core.timeouts import SECOND
from sojourn.web import problems

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[Any]]

ENDED = 4401
"""The close code of a socket whose session is over: sign in again."""
UNAVAILABLE = 1013
"""The close code when nobody can say whether the session is good (RFC 6455 registry: try again later)."""


class SessionControlMiddleware:
    """ASGI middleware for sockets. Put it inside Channels' AuthMiddlewareStack (or use SessionControlStack).

    A socket whose session has ended is closed with ENDED: before it is accepted (which browsers see as a failed
    connection, without the code), at its next message, or within `idle` milliseconds (by default LIVE_INTERVAL) if
    nothing comes in. If the store cannot be reached it is closed with UNAVAILABLE, at its next message. A socket that
    nobody is signed in to passes. An HTTP consumer's request is checked once, as it begins.

    `activity` says of an incoming message whether the user is active, which keeps the session from its inactivity
    timeout. By default no message is: scripts send most of them, and a forgotten tab goes on sending. A message goes
    out unchecked for up to `unchecked` milliseconds after a check.
    """

    def __init__(
        self,
        inner: Application,
        *,
        activity: Callable[[Mapping[str, Any]], bool] | None = None,
        unchecked: int = 10 * SECOND,
        idle: int | None = None,
    ) -> None:
        self.inner = inner
        self.activity = activity
        self.unchecked = unchecked
        self.idle = idle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection."""
        if scope["type"] not in {"websocket", "http"} or not current().ENABLED:
            return await self.inner(scope, receive, send)
        if "session" not in scope:
            raise ValueError("Sojourn finds no session in scope: put it inside Channels' AuthMiddlewareStack.")
        socket = _Socket(self, scope, receive, send)
        page = scope["type"] == "http"
        code = await socket.check(_open, active=page and not scope["path"].startswith(current().PASSIVE_PATHS))
        if code:
            return await (socket.answer(code) if page else socket.turn_away(code))
        if socket.session is None or page:
            return await self.inner(scope, receive, send)
        try:
            return await self.inner(scope, socket.receive, socket.send)
        finally:
            if socket.awaited is not None:
                socket.awaited.cancel()
            await socket.check(_follow)


def SessionControlStack(inner: Application, **options: Any) -> Any:  # noqa: N802  # named as Channels names its stacks
    """Channels' AuthMiddlewareStack with SessionControlMiddleware in it; `options` are the latter's."""
    return AuthMiddlewareStack(SessionControlMiddleware(inner, **options))


@dataclass(slots=True)
class _Socket:
    """One connection: the session it was opened with, and when that was last seen to be live."""

    rules: SessionControlMiddleware
    scope: Scope
    inner_receive: Receive
    inner_send: Send
    session: Session | None = None
    ended: Session | None = None
    checked: int = 0
    closed: int = 0
    awaited: "asyncio.Future[Message] | None" = None
    """The next message, while nothing comes in."""

    async def check(self, look: "Callable[[_Socket, bool], bool]", *, active: bool = False) -> int:
        """0 if the session is live, otherwise the code to close with. One hop to a thread."""
        try:
            live = await database_sync_to_async(look)(self, active)
        except StoreError:
            return UNAVAILABLE
        self.checked = now()
        return 0 if live else ENDED

    async def receive(self) -> Message:
        """The next message, or the end of the connection if its session is over."""
        if self.closed:
            return {"type": "websocket.disconnect", "code": self.closed}
        message = await self._next()
        if message["type"] != "websocket.receive":
            return message
        active = self.rules.activity is not None and self.rules.activity(message)
        code = await self.check(_follow, active=active)
        if not code:
            return message
        await self._close(code)
        return {"type": "websocket.disconnect", "code": code}

    async def _next(self) -> Message:
        """Wait for a message, looking now and then whether the session is still live.

        What is waited for is kept, also if whoever waits is interrupted: a message that has come is never lost.
        """
        idle = (current().LIVE_INTERVAL if self.rules.idle is None else self.rules.idle) / 1000
        if self.awaited is None:
            self.awaited = asyncio.ensure_future(self.inner_receive())
        while not (await asyncio.wait({self.awaited}, timeout=idle))[0]:
            # Only a session that is known to be over ends here. Nothing is said while nobody can tell.
            if await self.check(_follow) == ENDED:
                await self._close(ENDED)
                return {"type": "websocket.disconnect", "code": ENDED}
        message, self.awaited = self.awaited.result(), None
        return message

    async def send(self, message: Message) -> None:
        """Send, unless the session is over."""
        if self.closed:
            return
        if message["type"] == "websocket.send" and now() - self.checked >= self.rules.unchecked:
            code = await self.check(_follow)
            if code:
                await self._close(code)
                return
        await self.inner_send(message)

    async def turn_away(self, code: int) -> None:
        """Close a socket that has not been accepted."""
        await self.inner_receive()  # websocket.connect
        await self.inner_send({"type": "websocket.close", "code": code})

    async def answer(self, code: int) -> None:
        """Answer the request of an HTTP consumer, for which there are no close codes: 401 or 503."""
        if code == UNAVAILABLE:
            body = problems.unavailable_problem(StoreUnavailable())
        elif self.ended is not None:
            body = problems.ended_problem(self.ended, None, {})
        else:
            body = {"type": "about:blank", "title": "Not signed in", "status": 401}
        headers = [(b"content-type", problems.CONTENT_TYPE.encode()), (b"cache-control", b"no-store")]
        await self.inner_send({"type": "http.response.start", "status": body["status"], "headers": headers})
        await self.inner_send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _close(self, code: int) -> None:
        if not self.closed:
            self.closed = code
            await self.inner_send({"type": "websocket.close", "code": code})


def _open(socket: _Socket, active: bool) -> bool:
    """Whether a new connection may be what it claims; remembers the session it is signed in to."""
    carried = carrier.read(socket.scope["session"])
    if carried.user_key is None and carried.token is None:
        return True
    judgement = judge(carried, passive=not active)
    found, socket.ended = judgement.live, judgement.ended
    if found is None:
        return False
    user = socket.scope.get("user")
    if user is not None and not is_owner(user, found):
        disown(found, user, carrier.read(socket.scope["session"]).user_key)
        return False
    socket.session = found
    return True


def _follow(socket: _Socket, active: bool) -> bool:
    """Whether the session is still live. By its sid: its token may have been renewed by a page in the meantime."""
    mine = socket.session
    if mine is None:
        return True
    carried = carrier.read(socket.scope["session"])
    if carried.user_key is None or carried.user_key != carried.bound_to:  # signed out, or switched, over the socket
        control().end(mine.subject, [mine.sid], EndReason.LOGOUT)
        return False
    return all(_lives(sid, active) for sid in (mine.sid, mine.parent) if sid)


def _lives(sid: str, active: bool) -> bool:
    found, at = control().store.find(sid), now()
    if found is None or not timeouts.judge(found, at).live:
        if found is not None:
            control().expire(found.subject)
        return False
    if active and control().touch_due(found, at):
        control().touch(found)
    return True
