"""A project's tests, written without Sojourn, pass as they are with the setting that the documentation names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent / "adopter"
DISTURBED = {
    "test_a_session_made_by_hand",
    "test_a_user_is_deactivated",
    "test_force_login_twice",
    "test_login_alone",
    "test_queries_of_joining",
    "test_two_clients_of_one_user",
}
"""What fails while Sojourn is at work, and rightly: a session that nobody signed in to, a second one over the limit,
one that was disowned, its own queries at a sign-in, its own key in the session. Or else these tests would show nothing.
"""


def run(folder: str, settings: str) -> tuple[int, set[str], str]:
    """Run one folder of the project's tests as its developers would: the code, the failures, the output."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-o",
        "asyncio_mode=auto",
        "--tb=short",
        f"--ds={settings}",
        folder,
    ]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "PYTEST_", "SOJOURN_"))}
    ran = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    failed = {line.rpartition("::")[2] for line in re.findall(r"^FAILED (\S+)", ran.stdout, re.MULTILINE)}
    return ran.returncode, failed, ran.stdout + ran.stderr


def test_the_project_s_tests_pass_unchanged_with_the_documented_setting() -> None:
    code, failed, output = run("suite", "settings_test")
    assert (code, failed) == (0, set()), output


def test_without_the_setting_they_do_not() -> None:
    code, failed, output = run("suite", "settings")
    assert (code, failed) == (1, DISTURBED), output


def test_a_test_about_sessions_switches_sojourn_on_and_moves_its_clock() -> None:
    code, failed, output = run("about_sessions", "settings_test")
    assert (code, failed) == (0, set()), output
