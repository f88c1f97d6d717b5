"""The page about templates names what their contexts hold: compared with the code that makes them."""

from __future__ import annotations

import ast
import re

from tests.docs.markdown import DOCS, ROOT, Page

_MAKERS = (
    *("internal/answers.py", "views.py", "proving.py", "choosing.py", "signing_out.py"),
    *("notices/asking.py", "notices/views.py"),
)
_CALLS = {"page", "_shown"}


def made() -> dict[str, set[str]]:
    """Of each template, the names its context is given: a dict called `context`, or one in the call itself."""
    found: dict[str, set[str]] = {}
    for name in _MAKERS:
        module = ast.parse((ROOT / "src/sojourn/contrib/django" / name).read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)):
            contexts = [
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "context"
            ]
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if ast.unparse(call.func).split(".")[-1] in _CALLS and isinstance(call.args[1], ast.Constant):
                    context = call.args[2] if isinstance(call.args[2], ast.Dict) else contexts[0]
                    assert isinstance(context, ast.Dict)
                    keys = {str(key.value) for key in context.keys if isinstance(key, ast.Constant)}
                    found.setdefault(f"{call.args[1].value}.html", set()).update(keys)
    return found


def test_the_page_names_the_context_of_every_template() -> None:
    rows = re.findall(r"^\| `(\w+\.html)` \| .*? \| (.*) \|$", Page(DOCS / "howto/custom-pages.md").text, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", names)) for name, names in rows} == made()
