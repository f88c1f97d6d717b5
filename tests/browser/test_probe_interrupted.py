"""Ctrl-C while a real browser signs in for the probe: the browser goes, and nobody is left signed in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic

import pytest

from sojourn.cli.probe import NOT_DONE
from tests.patients.plain import PASSWORD, USER
from tests.patients.scripted import Scripted
from tests.patients.serving import serving

pytestmark = pytest.mark.usefixtures("chromium_path")


class Holding(Scripted):
    """Holds back the answer to the second sign-in, which has begun a session by then."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.let_go = Event(), Event()

    def sign_in(self, said: dict) -> tuple[str, list[tuple[str, str]], str]:
        answer = super().sign_in(said)
        if len(self.issued) == 2:
            self.reached.set()
            self.let_go.wait(60)
        return answer


@pytest.fixture
def folder() -> Iterator[str]:
    """Where the browser keeps its profile, by a short name: Chromium puts a socket there, whose path has a limit."""
    with TemporaryDirectory() as name:
        yield name


def test_an_interrupted_audit_closes_the_browser_and_signs_out_of_what_it_had_begun(folder: str) -> None:
    patient = Holding()
    with serving(patient) as site:
        auditing = subprocess.Popen(
            [
                *(sys.executable, "-m", "sojourn.cli", "probe", site.url, "--ca", site.ca, "--browser"),
                *("--user", USER, "--password-env", "PW", "--only", "logout-replay"),
            ],
            env={**os.environ, "PW": PASSWORD, "TMPDIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            assert patient.reached.wait(60)
            assert folder in processes()
            os.killpg(auditing.pid, signal.SIGINT)  # a terminal sends it to all that it has started
            patient.let_go.set()
            said, _ = auditing.communicate(timeout=60)
        finally:
            auditing.kill()
    assert auditing.returncode == NOT_DONE, said
    assert "Stopped by the operator at logout-replay" in said
    assert "may still be open" not in said
    assert len(patient.issued) == 2
    assert not patient.sessions
    gone = monotonic() + 60  # the last of its processes may take a moment
    while folder in processes():
        assert monotonic() < gone


def processes() -> str:
    """How everything was called that runs on this machine."""
    return subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
