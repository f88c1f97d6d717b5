"""A consumer that knows nothing of Sojourn: it says who is signed in, repeats, and passes on what a group is told."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.auth import login, logout
from channels.db import database_sync_to_async
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth.models import User

closed: asyncio.Queue[int] = asyncio.Queue()
"""The codes of the connections that ended, as the consumer learned them."""


class Echo(AsyncJsonWebsocketConsumer):
    """Says who it is talking to, then repeats."""

    groups = ("news",)

    async def connect(self) -> None:
        await self.accept()
        await self.send_json({"user": self.scope["user"].get_username()})

    async def receive_json(self, content: Any, **_: Any) -> None:
        if "sign_in" in content:
            await login(self.scope, await User.objects.aget(username=content["sign_in"]))
            await database_sync_to_async(self.scope["session"].save)()
        elif "sign_out" in content:
            await logout(self.scope)
        await self.send_json(content)

    async def news(self, event: dict[str, Any]) -> None:
        await self.send_json({"news": event["text"]})

    async def disconnect(self, code: int) -> None:
        closed.put_nowait(code)


class Page(AsyncHttpConsumer):
    """Says who is asking."""

    async def handle(self, body: bytes) -> None:
        await self.send_response(200, self.scope["user"].get_username().encode())
