"""Killed with -9 between a commit and the message that tells of it: it is told after a restart, in one form."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KILLED = [pytest.param("killed after the commit", id="after the commit"), "killed while it sends"]


def process(kind: str, entry: dict[str, Any], sent: Path) -> int:
    command = [sys.executable, "-m", "tests.stores.killed", kind, json.dumps(entry), str(sent)]
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


@pytest.mark.parametrize("how", KILLED)
def test_what_a_killed_process_did_not_tell_is_told_after_a_restart(
    alias: str, entry: dict[str, Any], how: str, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    assert process(how, entry, sent) == -signal.SIGKILL
    before = sent.read_text().splitlines() if sent.exists() else []
    assert len(before) == (how == "killed while it sends")
    assert process("comes after", entry, sent) == 0
    lines = [json.loads(line) for line in sent.read_text().splitlines()]
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


def test_nothing_is_sent_twice_where_nobody_is_killed(alias: str, entry: dict[str, Any], tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    process("killed after the commit", entry, sent)
    process("comes after", entry, sent)
    process("comes after", entry, sent)
    ((_, types, _),) = [json.loads(line) for line in sent.read_text().splitlines()]
    assert types == ["session.started", "session.ended", "session.started"]
