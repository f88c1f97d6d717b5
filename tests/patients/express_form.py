"""An Express with a form and express-session: `express/form.js`, run by Node with packages that npm fetches once."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patients.plain import PASSWORD, USER
from tests.patients.processes import serving_process
from tests.patients.serving import Site
from tests.services.availability import NotInstalled

FOLDER = Path(__file__).parent / "express"


def node() -> str:
    """The path of Node, with the packages in place. Raises NotInstalled where Node or npm is missing, or npm fails."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        raise NotInstalled("Node and npm are not installed (on Debian: apt-get install nodejs npm)")
    modules = FOLDER / "node_modules"
    if not modules.is_dir():
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix="node_modules.") as folder:
            shutil.copy(FOLDER / "package.json", folder)
            quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
            done = subprocess.run([npm, "install", *quiet], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotInstalled(f"npm could not install Express: {done.stderr[-500:]}")
            (Path(folder) / "node_modules").rename(modules)  # whole or not at all
    return program


@contextmanager
def express_form() -> Iterator[Site]:
    """Serve it, without TLS. Raises NotInstalled as `node` does."""
    with serving_process([node(), str(FOLDER / "form.js"), USER, PASSWORD]) as site:
        yield site
