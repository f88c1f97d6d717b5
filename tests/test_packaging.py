"""The wheel: complete, and at work outside the source tree, without any extra."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Parts that need an extra, and so cannot be imported from a plain install.
NEED_AN_EXTRA = (
    "sojourn.contrib.",
    "sojourn.probe.",
    "sojourn.testing.",
    "sojourn.telemetry.prometheus.",
    # What talks to servers needs the extra redis; all else of that store explains itself without it.
    *(
        f"sojourn.stores.redis.{name}."
        for name in (
            "aio",
            "async_servers",
            "dispatch",
            "examine",
            "journey",
            "masters",
            "moves",
            "replies",
            "servers",
            "sync",
            "waiting",
        )
    ),
    "sojourn.telemetry.otel.",
)

IMPORT_EVERYTHING = """
import importlib, pathlib, sys
import sojourn
home = pathlib.Path(sojourn.__file__).parent
names = sorted(
    ".".join(("sojourn", *path.relative_to(home).with_suffix("").parts)).removesuffix(".__init__")
    for path in home.rglob("*.py")
)
for name in names:
    if not f"{name}.".startswith(tuple(sys.argv[1:])) and not name.endswith(".__main__"):
        importlib.import_module(name)
        print(name)
print(home)
"""


def run(command: Sequence[str | Path], cwd: Path) -> str:
    """Run a command away from the source tree, and with no variable that leads back to it."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO", "PIP_"))
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} exited with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def plain_install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folder of an empty virtualenv with nothing but the wheel in it."""
    home = tmp_path_factory.mktemp("plain")
    venv.create(home / "venv", with_pip=True)
    programs = home / "venv" / "bin"
    run([programs / "python", "-m", "pip", "install", "--quiet", "--no-index", wheel], cwd=home)
    return programs


def test_the_wheel_holds_every_file_of_the_source(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if not name.split("/")[0].endswith(".dist-info")}
    there = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert packed == there, (
        f"missing from the wheel: {sorted(there - packed)}; not in the source: {sorted(packed - there)}"
    )
    assert "sojourn/py.typed" in packed


def test_every_message_catalogue_is_shipped_compiled(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).namelist()
    uncompiled = [name for name in packed if name.endswith(".po") and f"{name.removesuffix('po')}mo" not in packed]
    assert not uncompiled, f"run `make translations` and commit the result: {uncompiled}"


def test_the_wheel_requires_nothing_and_states_its_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(archive.read(name).decode())
    assert [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line] == []
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert any(entry.endswith("LICENSE") for entry in archive.namelist())


def test_a_plain_install_imports_everything_that_needs_no_extra(plain_install: Path, tmp_path: Path) -> None:
    lines = run([plain_install / "python", "-c", IMPORT_EVERYTHING, *NEED_AN_EXTRA], cwd=tmp_path).splitlines()
    assert lines[-1].startswith(str(plain_install.parent)), "imported the source tree instead of the wheel"
    assert {"sojourn.core.decisions", "sojourn.control", "sojourn.stores.memory"} <= set(lines)


def test_the_command_explains_itself_in_a_plain_install(plain_install: Path, tmp_path: Path) -> None:
    assert "usage: sojourn" in run([plain_install / "sojourn", "--help"], cwd=tmp_path)


def test_every_requirement_is_a_range() -> None:
    extras = PROJECT["optional-dependencies"]
    loose = [line for lines in extras.values() for line in lines if ">=" not in line or ",<" not in line]
    assert not loose, f"give a lowest and a highest version: {loose}"
