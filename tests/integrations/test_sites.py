"""Runs the tests of every site in a process of its own: one process has one set of settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SITES = ["moving_from", *sorted(folder.name for folder in HERE.glob("with_*"))]
ATOMIC = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": ":memory:",
    "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    "ATOMIC_REQUESTS": True,
}


def run(site: str, **environment: str) -> None:
    """`pytest --ds=tests.integrations.<site>.settings tests/integrations/<site>` says more when one fails."""
    where = HERE / site
    command = [sys.executable, "-m", "pytest", "-q", f"--ds=tests.integrations.{site}.settings", str(where)]
    ran = subprocess.run(
        command, cwd=HERE.parents[1], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}\n{ran.stderr}"


@pytest.mark.parametrize("site", SITES)
def test_the_site_s_own_tests_pass(site: str) -> None:
    run(site)


@pytest.mark.parametrize("site", ["with_allauth", "with_drf", "with_hijack"])
def test_they_pass_with_every_view_in_a_transaction(site: str) -> None:
    """What a view's exception rolls back (ATOMIC_REQUESTS) is done again after it."""
    run(site, SOJOURN_TEST_DATABASE=json.dumps(ATOMIC))


def test_every_folder_with_a_site_has_settings() -> None:
    assert SITES
    assert [site for site in SITES if not (HERE / site / "settings.py").exists()] == []
