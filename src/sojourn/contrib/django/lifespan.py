"""For asynchronous servers: what delivery has under way is finished before a worker ends.

Uvicorn ends its workers by the signal that asked them to stop, after which Python tidies up nothing. Before that it
tells the application, by ASGI's lifespan protocol, which Django's own does not speak.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
Application = Callable[[_Message, _Receive, _Send], Awaitable[None]]


def finishing(application: Application) -> Application:
    """`application`, which finishes the message under way, for five seconds at most, when its server stops.

    All but the lifespan protocol is passed on, so `application` must be one that does not speak it, as Django's.
    """

    async def finishes(scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        from sojourn.contrib.django.internal.herald import stop_delivering  # Django has been set up by now

        await asyncio.to_thread(stop_delivering)
        await send({"type": "lifespan.shutdown.complete"})

    return finishes
