"""The code of docs/howto/with-channels.md runs here."""

from __future__ import annotations

from typing import Any

from channels.auth import CookieMiddleware

from tests.integrations import documented


def test_the_documented_application_is_one_and_knows_typed_messages() -> None:
    names: dict[str, Any] = documented.run("with-channels.md")
    assert isinstance(names["application"].application_mapping["websocket"], CookieMiddleware)
    assert names["typed"]({"text": '{"type": "chat"}'})
    assert not names["typed"]({"text": '{"type": "ping"}'})
    assert not names["typed"]({"bytes": b"x"})
