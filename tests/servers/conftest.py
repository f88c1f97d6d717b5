"""A database of its own for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.servers.running import prepared

FILE = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 60}}


@pytest.fixture(scope="package")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the site's tables and people."""
    path = tmp_path_factory.mktemp("tables") / "site.sqlite3"
    prepared({**FILE, "NAME": os.fspath(path)})
    return path


@pytest.fixture
def database(tables: Path, tmp_path: Path) -> Mapping[str, Any]:
    """An entry for DATABASES: a file with the site's tables and people."""
    return {**FILE, "NAME": os.fspath(shutil.copy(tables, tmp_path / "site.sqlite3"))}
