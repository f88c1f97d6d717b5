"""The tutorial, done: every command and every file of it, in a fresh folder, and two browsers at the end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demo.visitor import Visitor
from tests.docs.markdown import DOCS, Block, Page

PASSWORD = "a password of the test"
ADMIN = ("admin/login/", "csrftoken")
TUTORIAL = Page(DOCS / "tutorial" / "first-site.md")


def environment() -> dict[str, str]:
    """Ours, with its programs first, and no settings of these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "PATH": programs, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}


def shell(line: str, folder: Path) -> str:
    """Run one line of the tutorial; what it asks for is in the environment."""
    asked = "createsuperuser" in line
    done = subprocess.run(
        f"{line} --noinput" if asked else line,
        shell=True,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def follow(block: Block, folder: Path) -> str:
    """Do what a block of the tutorial says; what its last command printed."""
    printed = ""
    if "append" in block.words:
        path = folder / block.words["append"]
        path.write_text(path.read_text(encoding="utf-8") + "\n" + block.code, encoding="utf-8")
    elif "write" in block.words:
        (folder / block.words["write"]).write_text(block.code, encoding="utf-8")
    elif block.language == "shell" and not {"norun", "serve"} & set(block.words):
        for line in block.code.splitlines():
            printed = shell(line, folder)
    return printed


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The site as `runserver` serves it, on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "runserver has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("runserver does not answer")


def sign_in(visitor: Visitor) -> str:
    return visitor.sign_in("ann", PASSWORD, "admin/login/?next=/admin/").text


def test_the_tutorial_leads_to_two_browsers_at_the_limit(tmp_path: Path) -> None:
    printed = [follow(block, tmp_path) for block in TUTORIAL.blocks]
    assert any("System check identified no issues" in text for text in printed)

    with served(tmp_path) as url:
        first, second = (Visitor(url, csrf=ADMIN) for _ in range(2))
        assert "Site administration" in sign_in(first)
        assert "To make room, your session on Firefox on Linux was ended." in sign_in(second)
        told = first.get("admin/")
        assert (told.status, "You have been signed out" in told.text) == (401, True)
        assert "Made room for a new session" in second.get("sessions/").text

    settings = tmp_path / "mysite" / "settings.py"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"end_existing"', '"ask"'), encoding="utf-8")
    with served(tmp_path) as url:
        assert "You are signed in elsewhere" in sign_in(Visitor(url, csrf=ADMIN))

    settings.write_text(settings.read_text(encoding="utf-8").replace('"ask"', '"refuse"'), encoding="utf-8")
    with served(tmp_path) as url:
        assert Visitor(url, csrf=ADMIN).sign_in("ann", PASSWORD, "admin/login/").status == 409

    assert "migrate sojourn zero" in Page(DOCS / "howto" / "uninstall.md").text
    shell("python manage.py migrate sojourn zero", tmp_path)


def test_the_check_of_the_tutorial_names_a_line_that_is_missing(tmp_path: Path) -> None:
    for block in TUTORIAL.blocks:
        if "createsuperuser" not in block.code:
            follow(block, tmp_path)
    settings = tmp_path / "mysite" / "settings.py"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('"sojourn.contrib.django.middleware.SessionControlMiddleware",', '"",'))
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "sojourn.E014" in done.stderr
