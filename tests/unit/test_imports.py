"""Which part of the source may import what from outside: read from the source, so lazy imports count as well."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import sojourn

SOURCE = Path(__file__).parents[2] / "src" / "sojourn"
# Third-party packages that a part of the source may import. A part that is not named here may import none.
ALLOWED = {
    "cli/probe.py": {"rich"},  # imported when the command is called
    "contrib/django": {"django", "asgiref", "ua_parser", "allauth", "channels", "rest_framework"},
    "probe": {"bs4", "httpx", "jinja2", "rich", "playwright"},  # an extra brings them
    "stores/redis": {"redis"},  # imported late, or by those who ask for this store: an extra brings it
    "telemetry/prometheus.py": {"prometheus_client"},
    "telemetry/otel.py": {"opentelemetry"},
    "testing": {"hypothesis", "pytest"},
    "web": {"maxminddb", "ua_parser"},  # imported late: only extras bring them
}
MODULES = sorted(SOURCE.rglob("*.py"))


@cache
def imported(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple(imports(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def allowed_for(relative: str) -> set[str]:
    return next((names for part, names in ALLOWED.items() if f"{relative}/".startswith(f"{part}/")), set())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_module_imports_only_the_packages_its_part_may_use(path: Path) -> None:
    relative = path.relative_to(SOURCE).as_posix()
    known = sys.stdlib_module_names | {"sojourn"} | allowed_for(relative)
    foreign = [f"line {line}: {name}" for line, name in imported(path) if name.partition(".")[0] not in known]
    assert not foreign, (
        f"{relative} imports {foreign}. Move the code to the part that may use that package, "
        "or, for a new part, add a line to ALLOWED with the reason in an ADR."
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_module_is_short_enough_to_read_in_one_sitting(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 400, f"{path.name} has {lines} lines: split it by concept (the ceiling is 400, the aim 150)"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_module_is_named_after_a_concept_and_pickles_nothing(path: Path) -> None:
    vague = {"utils", "util", "helpers", "manager", "managers", "common", "misc"}
    assert path.stem not in vague | {path.parent.name} & vague, f"{path.name}: name the file after what it holds"
    assert not {name for _, name in imported(path)} & {"pickle", "marshal", "shelve"}, f"{path.name} must not pickle"


def test_the_source_was_found() -> None:
    assert SOURCE / "core" / "decisions.py" in MODULES


def test_what_everybody_imports_is_few_enough_to_know_by_heart() -> None:
    assert len(sojourn.__all__) <= 15, "Leave it in the module that it is from: those who need it find it there."
    assert all(hasattr(sojourn, name) for name in sojourn.__all__)
