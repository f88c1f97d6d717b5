"""What an asynchronous server says of its own life, and what it does to delivery."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sojourn.contrib.django.internal import herald
from sojourn.contrib.django.lifespan import finishing


async def django(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http", "Django can only handle ASGI/HTTP connections"
    await send({"type": "http.response.start", "body": (await receive())["body"]})


async def test_the_message_under_way_is_finished_before_the_server_goes_on_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finished: list[bool] = []
    monkeypatch.setattr(herald, "stop_delivering", lambda: finished.append(True))
    told, said = asyncio.Queue[Any](), asyncio.Queue[Any]()
    serving = asyncio.create_task(finishing(django)({"type": "lifespan"}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert await said.get() == {"type": "lifespan.startup.complete"}
    assert not finished
    await told.put({"type": "lifespan.shutdown"})
    assert await said.get() == {"type": "lifespan.shutdown.complete"}
    assert finished
    await serving


async def test_all_else_is_the_application_s() -> None:
    answered: list[Any] = []

    async def receive() -> Any:
        return {"body": b"hello"}

    async def send(message: Any) -> None:
        answered.append(message)

    await finishing(django)({"type": "http"}, receive, send)
    assert answered == [{"type": "http.response.start", "body": b"hello"}]
