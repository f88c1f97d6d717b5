"""The demonstration of Sojourn itself, as `sojourn demo` runs it, held to one session with each overflow.

But that its passwords are hashed quickly: an audit signs in forty times.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sojourn.probe.profiles.profile import Account
from sojourn.probe.profiles.secret import Secret
from tests.patients.processes import ROOT
from tests.patients.serving import Site


@contextmanager
def sojourn_demo(overflow: str, max_sessions: int = 1) -> Iterator[tuple[Site, Account]]:
    """Run it; where it is, and an account with the password that it prints at its start."""
    with tempfile.TemporaryDirectory() as folder:
        limit = {"overflow": overflow, "max_sessions": max_sessions}
        Path(folder, "limit.json").write_text(json.dumps(limit), encoding="utf-8")
        command = [sys.executable, "-u", "-m", __name__, folder]
        with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as demo:
            try:
                assert demo.stdout
                said = ""
                while "Ctrl-C" not in said:
                    line = demo.stdout.readline()
                    assert line, said
                    said += line
                url, password = re.search(r"http://\S+", said), re.search(r"ann\s+(\S+)", said)
                assert url, said
                assert password, said
                yield Site(url[0], url[0], ""), Account("ann", Secret(password[1]))
            finally:
                demo.terminate()
                demo.communicate(timeout=20)


def _run(folder: str) -> int:
    from sojourn.cli import main
    from sojourn.contrib.django.demo import setup

    values = setup.values
    quick = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
    setup.values = lambda *where: {**values(*where), **quick}
    return main(["demo", "--port", "0", "--keep", folder])


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1]))
