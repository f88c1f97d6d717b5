"""Killed with -9 between a commit and the message that tells of it: it is told after a restart, in one form."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import valkey
from tests.services.availability import NotInstalled, unavailable
from tests.services.valkey import ValkeyServer
from tests.stores.places import Place, settings

ROOT = Path(__file__).parents[2]
LIMITS = [{"max_sessions": 1, "overflow": "end_existing"}]
SILENT: dict[str, list[str]] = {
    kind: [] for kind in ("new_device", "new_place", "second_session", "evicted", "refused", "repeated", "disowned")
}
KILLED = [pytest.param("killed after the commit", id="after the commit"), "killed while it sends"]


def process(kind: str, place: Place, sent: Path) -> int:
    site = settings({"STORE": place}, LIMITS=LIMITS, NOTICES=SILENT, SINKS=["tests.stores.killed.FileSink"])
    command = [sys.executable, "-m", "tests.stores.killed", kind, json.dumps(site), str(sent)]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def lines_of(sent: Path) -> list[list[str]]:
    return [json.loads(line) for line in sent.read_text().splitlines()] if sent.exists() else []


def check_told(before: list[list[str]], lines: list[list[str]]) -> None:
    """Of what happened before a process was killed, everything, and each message in one form however often."""
    copies: dict[str, set[str]] = {}
    for message, types, _ in lines:
        copies.setdefault(message, set()).add(json.dumps(types))
    assert all(len(forms) == 1 for forms in copies.values()), "two copies of one message differ"
    if before:
        assert lines[0][:2] == lines[1][:2]
    told = sorted(kind for forms in copies.values() for kind in json.loads(next(iter(forms))))
    # Killed in the first message, it may not have come to the second sign-in.
    assert told in (["session.ended", "session.started", "session.started"], ["session.started"])
    assert len(told) == 3 or before


@pytest.mark.parametrize("how", KILLED)
def test_what_a_killed_process_did_not_tell_is_told_after_a_restart(place: Place, how: str, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    assert process(how, place, sent) == -signal.SIGKILL
    before = lines_of(sent)
    assert len(before) == (how == "killed while it sends")
    assert process("comes after", place, sent) == 0
    check_told(before, lines_of(sent))


def test_nothing_is_sent_twice_where_nobody_is_killed(place: Place, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    process("killed after the commit", place, sent)
    process("comes after", place, sent)
    process("comes after", place, sent)
    ((_, types, _),) = lines_of(sent)
    assert types == ["session.started", "session.ended", "session.started"]


@pytest.fixture(params=valkey.PRODUCTS)
def durable(request: pytest.FixtureRequest) -> Iterator[ValkeyServer]:
    """A server of the test's own, whose writes are on disk before they are answered."""
    try:
        server = valkey.start(request.param, durable=True)
    except NotInstalled as missing:
        unavailable(str(missing))
    yield server
    server.stop()


@pytest.mark.redis
@pytest.mark.parametrize("how", KILLED)
def test_it_is_told_also_when_the_server_was_killed_with_it(durable: ValkeyServer, how: str, tmp_path: Path) -> None:
    sent, place = tmp_path / "sent", Place(durable.product, url=durable.url())
    assert process(how, place, sent) == -signal.SIGKILL
    before = lines_of(sent)
    durable.kill()
    durable.restart()
    assert process("comes after", place, sent) == 0
    check_told(before, lines_of(sent))
