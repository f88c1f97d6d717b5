"""The reference says what the source says: nothing is missing, and nothing is out of date."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from sojourn.contrib.django.settings import described
from sojourn.core import errors, events
from sojourn.core.records import EndReason
from tests.docs.markdown import DOCS, ROOT, Page


@pytest.fixture(scope="module")
def generate() -> Iterator[ModuleType]:
    """docs/generate.py, which is a script and no part of a package."""
    sys.path.insert(0, str(DOCS))
    try:
        import generate as found  # type: ignore[import-not-found]  # it is found as a script finds its neighbours

        yield found
    finally:
        sys.path.remove(str(DOCS))
        for name in ("generate", "scan", "openapi"):
            sys.modules.pop(name, None)


def test_no_page_is_out_of_date(generate: ModuleType) -> None:
    stale = [path.name for path, text in generate.pages().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"{', '.join(stale)} no longer says what the source says. Run: {generate.COMMAND}"


def test_a_page_that_is_out_of_date_is_noticed(generate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generate.PARTS, "errors", lambda: "something else\n")
    changed = [path.name for path, text in generate.pages().items() if path.read_text(encoding="utf-8") != text]
    assert changed == ["errors.md"]


def test_every_part_has_its_place(generate: ModuleType) -> None:
    everything = "".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md")))
    assert [name for name in generate.PARTS if f"<!-- generated: {name} -->\n" not in everything] == []


@pytest.mark.parametrize(("name", "doc"), [(name, doc) for name, _, doc in described()])
def test_every_setting_is_described(name: str, doc: str) -> None:
    assert f"\n## {name}\n{doc}\n" in Page(DOCS / "reference" / "settings.md").text


def test_every_error_is_described() -> None:
    text = Page(DOCS / "reference" / "errors.md").text
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 5
    assert [
        kind.__name__ for kind in kinds if f"| `{kind.__name__}` |" not in text or f"`{kind.code}`" not in text
    ] == []


def test_every_event_and_every_reason_is_described() -> None:
    text = Page(DOCS / "reference" / "events.md").text
    assert [name for name in events.TYPE_OF.values() if f"\n## {name}\n" not in text] == []
    assert [reason for reason in EndReason if f"| `{reason}` |" not in text] == []


def test_every_system_check_is_described() -> None:
    """Found another way than docs/scan.py finds them: every id in the source, whatever it is part of."""
    used = {
        node.value
        for path in sorted((ROOT / "src/sojourn/contrib/django/checks").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("sojourn.")
        if node.value[8:9] in "EWI" and node.value[9:].isdecimal()
    }
    assert len(used) > 10
    assert {key for key in used if f"\n## {key}\n" not in Page(DOCS / "reference" / "checks.md").text} == set()


def test_every_template_is_on_the_page_about_them() -> None:
    text = Page(DOCS / "howto" / "custom-pages.md").text
    folder = ROOT / "src/sojourn/contrib/django/templates/sojourn"
    whole = [path.name for path in folder.glob("*.html") if not path.name.startswith("_") and path.name != "base.html"]
    assert [name for name in whole if f"| `{name}` |" not in text] == []


def test_every_request_and_every_field_of_the_json_is_described() -> None:
    document = json.loads((ROOT / "src/sojourn/contrib/django/openapi.json").read_text(encoding="utf-8"))
    text = Page(DOCS / "reference" / "json.md").text
    requests = [f"`{method.upper()} {path}`" for path, methods in document["paths"].items() for method in methods]
    assert [each for each in requests if f"\n{each}\n" not in text] == []
    for name, schema in document["components"]["schemas"].items():
        part = text.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
        assert [field for field in schema["properties"] if f"\n| `{field}` |" not in part] == [], name


def test_every_problem_is_on_the_page_about_them() -> None:
    source = (ROOT / "src/sojourn/web/problems.py").read_text(encoding="utf-8")
    names = set(re.findall(r'_problem\(\s*"([\w-]+)"', source))
    text = Page(DOCS / "reference" / "problems.md").text
    assert len(names) > 10
    assert {name for name in names if f"urn:sojourn:problem:{name}" not in text and f"`{name}`" not in text} == set()
