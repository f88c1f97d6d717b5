"""A page that is open is told by its stream, whichever worker has it, and whichever serves whoever signs in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request

from tests.servers.running import GUNICORN, LONG, running

SERVER = f"{GUNICORN} --preload --workers 2 -k uvicorn.workers.UvicornWorker tests.servers.site:asgi"


def test_an_open_page_hears_of_a_sign_in_elsewhere(database: Mapping[str, Any], tmp_path: Path) -> None:
    with running(SERVER, tmp_path, database) as server:
        visitor = server.sign_in_anew("ann")
        request = Request(f"{server.url}sessions/live/", headers={"Accept": "text/event-stream"})
        with visitor._opener.open(request, timeout=LONG) as stream:
            assert stream.readline() == b"event: beat\n"
            server.sign_in_anew("ann")
            while stream.readline() != b"event: ask\n":
                pass
