"""What happened is told, whatever becomes of the worker in which it happened."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.django.smtp import post_office
from tests.servers.running import GUNICORN, LONG, Server, arrived, running
from tests.services.process import wait_until

SERVERS = {
    "gunicorn, loaded before the fork, with threads": f"{GUNICORN} --preload --threads 4 tests.servers.site:wsgi",
    "uvicorn": "uvicorn --fd {fd} --workers 2 --timeout-worker-healthcheck 60 tests.servers.site:asgi",
}


def gone(process: int) -> bool:
    """Whether it has ended, and whoever began it has noticed."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def killed(server: Server) -> int:
    """Kill whoever answers, if it has not just been replaced; which one."""
    while True:
        found = server.here()["process"]
        with suppress(ProcessLookupError):
            os.kill(found, signal.SIGKILL)
            return found


def another_answers(server: Server, gone: int) -> int:
    """Wait until another process than `gone` answers; which one."""
    found = gone

    def other() -> bool:
        nonlocal found
        try:
            found = server.here()["process"]
        except OSError:  # it was killed while it was asked
            return False
        return found != gone

    wait_until(other, LONG, "another worker")
    return found


@pytest.mark.parametrize("how", SERVERS.values(), ids=SERVERS)
def test_workers_that_are_replaced_or_killed_are_followed_by_others_that_deliver(
    how: str, database: Mapping[str, Any], tmp_path: Path
) -> None:
    with post_office() as post, running(how, tmp_path, database, SOJOURN_TEST_SMTP=str(post.port)) as server:
        first = server.here()["process"]
        server.sign_in_anew("ann")
        arrived(post, "ann")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: gone(first), LONG, "the end of a worker")
        server.sign_in_anew("bob")
        arrived(post, "bob")
        third = another_answers(server, killed(server))
        server.sign_in_anew("cid")
        arrived(post, "cid")
        server.stop()
        assert gone(third)


def test_a_mail_server_that_hangs_keeps_no_worker_from_stopping(database: Mapping[str, Any], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        hanging.settimeout(LONG)
        port = str(hanging.getsockname()[1])
        with running(f"{GUNICORN} tests.servers.site:wsgi", tmp_path, database, SOJOURN_TEST_SMTP=port) as server:
            server.sign_in_anew("ann")
            with hanging.accept()[0]:  # it is told nothing, and waits
                worker = server.here()["process"]
                assert server.stop() == 0
        assert worker in server.last_words()
