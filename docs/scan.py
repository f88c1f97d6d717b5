"""What docs/generate.py reads out of the source without running it: the system checks, and every file's first line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "sojourn"
FOLDERS = {
    "": "what a plain install offers, and the layers below",
    "core": "the rules: standard library only, no I/O, no clock",
    "control": "the core over a store: what applications call",
    "stores": "where sessions are kept",
    "stores/sql": "the SQL store: statements and rows as plain code, on a connection that somebody else supplies",
    "stores/redis": "the store on Valkey and Redis: operations as plain code, carried out for those who wait or await",
    "stores/redis/lua": "its scripts: one atomic step each, which compare and write and know no policy",
    "web": "what shells for web frameworks share",
    "testing": "for tests of stores, and of sites that use Sojourn",
    "testing/conformance": "the suite that every store must pass, one promise a test",
    "probe": "`sojourn probe`: audits a live application from outside, and imports nothing of the rest",
    "probe/checks": "one file for each weakness that it looks for",
    "probe/examining": "what checks are given, and what several of them do or want to know",
    "probe/outcome": "what an audit came to, free of secrets",
    "probe/profiles": "what the operator says: where, who, and what cannot be guessed",
    "probe/reading": "reading what an application answers: pages, words and tokens",
    "probe/reports": "the outcome, on a terminal and in four kinds of files",
    "probe/reports/templates": "the report as a page",
    "probe/signing": "how one signs in and out, as a person would",
    "probe/survey": "what is learnt of an application before any check",
    "probe/wire": "what goes over the wire, and the browsers that send it",
    "contrib": "shells for frameworks",
    "contrib/django": "the Django application `sojourn`",
    "contrib/django/checks": "system checks",
    "contrib/django/demo": "the site behind `sojourn demo`",
    "contrib/django/demo/static/sojourn_demo": "what the demonstration adds to the stylesheet",
    "contrib/django/demo/templates": "the demonstration's pages",
    "contrib/django/demo/templates/admin": "the demonstration's admin, in which every page warns before a timeout",
    "contrib/django/demo/templates/sojourn": "the demonstration's frame around Sojourn's pages",
    "contrib/django/demo/templates/sojourn_demo": "the demonstration's pages",
    "contrib/django/internal": "how the Django shell works inside",
    "contrib/django/locale/de/LC_MESSAGES": "German: the texts and what `make translations` makes of them",
    "contrib/django/management": "Django's commands",
    "contrib/django/management/commands": "commands for `manage.py`",
    "contrib/django/migrations": "the one SQL schema",
    "contrib/django/operations": "what `manage.py sojourn` does: one file an operation",
    "contrib/django/static/sojourn": "the stylesheets, the icons, and the scripts, without which all is as safe",
    "contrib/django/templates/admin/auth/user": "the link from a user's page in Django's admin to their sessions",
    "contrib/django/templates/sojourn": "Sojourn's pages (see [custom pages](howto/custom-pages.md))",
    "contrib/django/templates/sojourn/administration": "Sojourn's pages in Django's admin",
    "contrib/django/templates/sojourn/mail": "what users are written to",
    "contrib/django/templatetags": "the templates' filters",
    "cli": "the command `sojourn`",
}


def _text(node: ast.expr | None, constants: dict[str, ast.expr]) -> str:
    """The text that an expression makes, with `<name>` for what is only known when it runs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, constants)
    if isinstance(node, ast.BinOp):
        return _text(node.left, constants) + _text(node.right, constants)
    if isinstance(node, ast.Name):
        return _text(constants[node.id], constants) if node.id in constants else f"<{node.id}>"
    return "<...>"


def _findings() -> Iterator[tuple[str, str, str]]:
    """Id, what is checked, message and hint of every system check."""
    for path in sorted((SOURCE / "contrib/django/checks").glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            ast.unparse(node.targets[0]): node.value
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.JoinedStr)
        }
        for function in (node for node in module.body if isinstance(node, ast.FunctionDef)):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                named = {each.arg: each.value for each in call.keywords}
                if "id" in named and call.args:
                    key = _text(named["id"], constants)
                    yield key, _text(call.args[0], constants), _text(named.get("hint"), constants)


def checks() -> str:
    """Every system check, its message and what to do."""
    parts = []
    for key, message, hint in sorted(_findings()):
        if key == "sojourn.E001":  # what the settings themselves say of each value
            parts.append(
                f"\n## {key}\nSOJOURN\\[...\\]: a setting is wrong. The message says how, and what to write.\n"
            )
        else:
            parts.append(f"\n## {key}\n{_prose(message)}\n\n*What to do:* {_prose(hint)}\n")
    return "".join(parts)


def _prose(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _first_line(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    text = text or "Made by makemigrations."
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|").replace("<", "&lt;")


def _place(folder: str) -> tuple[int, str]:
    """Where a folder comes in the list: as in FOLDERS, and those that are not in it under their parent."""
    known, order = folder, list(FOLDERS)
    while known not in FOLDERS:
        known = known.rpartition("/")[0]
    return order.index(known), folder


def _about(folder: str) -> str:
    if folder in FOLDERS:
        return FOLDERS[folder]
    package = SOURCE / folder / "__init__.py"
    text = _first_line(package).rstrip(".") if package.is_file() and package.stat().st_size else ""
    if not text:
        raise SystemExit(f"docs/generate.py: describe {folder} in FOLDERS (docs/scan.py), or in its __init__.py")
    return text


def files() -> str:
    """Every file of the package, folder by folder, with the first line of what it says of itself."""
    parts = []
    paths = [p for p in sorted(SOURCE.rglob("*")) if p.is_file() and "__pycache__" not in p.parts]
    folders = {path.parent.relative_to(SOURCE).as_posix().removeprefix(".") for path in paths}
    for folder in sorted(folders - {"contrib"}, key=_place):
        name = f"sojourn/{folder}".rstrip("/")
        about = _about(folder)
        parts.append(f"\n### {name}\n{about[0].upper()}{about[1:]}.\n\n")
        here = [path for path in paths if path.parent == SOURCE / folder]
        others = [f"`{path.name}`" for path in here if path.suffix != ".py"]
        lines = [
            f"| `{path.name}` | {_first_line(path)} |\n"
            for path in here
            if path.suffix == ".py" and (path.name != "__init__.py" or path.stat().st_size > 200)
        ]
        if lines:
            parts += ["| file | what it is |\n|---|---|\n", *lines]
        if others:
            parts.append(f"\nAlso {', '.join(others)}.\n" if lines else f"{', '.join(others)}.\n")
    return "".join(parts)
