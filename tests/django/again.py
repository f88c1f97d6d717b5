"""Runs the tests of a file once more, on a database server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.services.database import DatabaseServer


def again_on(server: DatabaseServer, path: Path, chosen: str) -> None:
    """Run those of the file's tests that `chosen` (pytest's `-k`) names, with the site on a database of `server`."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", str(path)),
            *("-k", f"({chosen}) and not postgresql and not mariadb"),
        ],
        env={**os.environ, "SOJOURN_TEST_DATABASE": json.dumps(server.database())},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
