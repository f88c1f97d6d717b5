"""`manage.py sojourn deliver` as a process of its own: it works while it runs, and ends well when it is asked to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.races.site import SETTINGS, sqlite

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_stop_says_what_it_did_and_ends_with_status_zero(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    database = json.dumps(sqlite(tmp_path / "site.sqlite3"))
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "SOJOURN_TEST_DATABASE": database,
    }
    django = [sys.executable, "-u", "-m", "django"]
    subprocess.run([*django, "migrate", "-v0"], check=True, env=environment, timeout=120)
    with subprocess.Popen(
        [*django, "sojourn", "deliver", "--workers", "2"], env=environment, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("Delivering by mail")
        worker.send_signal(number)
        said, _ = worker.communicate(timeout=120)
    assert worker.returncode == 0
    assert said == "Stopped. 0 messages were delivered.\n"
