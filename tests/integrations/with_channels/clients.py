"""The other end of a socket and of a request. As channels.testing has them, which cannot be imported without Daphne."""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator

PATIENCE = 60
"""Seconds that an application has for an answer, on a machine that has much else to do."""


class Socket(ApplicationCommunicator):
    """A browser's end of a socket."""

    def __init__(self, application: Any, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": headers, "subprotocols": []}
        super().__init__(application, scope)

    async def connect(self) -> int:
        """0 if the socket was accepted, otherwise the code it was closed with."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(PATIENCE)
        return 0 if answer["type"] == "websocket.accept" else int(answer["code"])

    async def say(self, content: Any) -> None:
        """Send a message of JSON."""
        await self.send_input({"type": "websocket.receive", "text": json.dumps(content)})

    async def hear(self) -> Any:
        """The next message, from JSON."""
        message = await self.receive_output(PATIENCE)
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def closed(self) -> int:
        """The code with which the socket is closed now."""
        message = await self.receive_output(PATIENCE)
        assert message["type"] == "websocket.close", message
        return int(message["code"])

    async def disconnect(self) -> None:
        """Close from this end."""
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(PATIENCE)


async def get(application: Any, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    """Status and body of a request to an application."""
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    request = ApplicationCommunicator(application, scope)
    await request.send_input({"type": "http.request", "body": b""})
    start, body = await request.receive_output(PATIENCE), await request.receive_output(PATIENCE)
    await request.wait(PATIENCE)
    return int(start["status"]), bytes(body["body"])
