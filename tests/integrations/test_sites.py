"""Runs the tests of every site in a process of its own: one process has one set of settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SITES = sorted(folder.name for folder in HERE.glob("with_*"))


@pytest.mark.parametrize("site", SITES)
def test_the_site_s_own_tests_pass(site: str) -> None:
    """`pytest --ds=tests.integrations.<site>.settings tests/integrations/<site>` says more when one fails."""
    where = HERE / site
    command = [sys.executable, "-m", "pytest", "-q", f"--ds=tests.integrations.{site}.settings", str(where)]
    ran = subprocess.run(
        command, cwd=HERE.parents[1], env={**os.environ, "COLUMNS": "120"}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}\n{ran.stderr}"


def test_every_folder_with_a_site_has_settings() -> None:
    assert SITES
    assert [site for site in SITES if not (HERE / site / "settings.py").exists()] == []
