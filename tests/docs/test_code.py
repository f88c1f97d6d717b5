"""What the pages show runs, and does what they say."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from django.core.management import get_commands
from django.test import RequestFactory, override_settings
from django.urls import clear_url_caches, reverse, set_urlconf

from tests.docs.markdown import DOCS, ROOT, Page, pages
from tests.docs.running import PageFails, run

# These run in sites of their own: test_tutorial.py, and with what they are about.
_SITES = (ROOT / "tests" / "integrations").glob("*/test_documented.py")
_ELSEWHERE = {
    DOCS / "tutorial" / "first-site.md",
    *(DOCS / "howto" / f"{path.parent.name.replace('_', '-')}.md" for path in _SITES),
}
_RUN = [page for page in pages() if page.path == ROOT / "README.md" or DOCS in page.path.parents]
_RUN = [page for page in _RUN if page.path not in _ELSEWHERE]


@pytest.mark.django_db
@pytest.mark.parametrize("page", _RUN, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page: Page) -> None:
    run(page)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_python_of_a_page_compiles(page: Page) -> None:
    for block in page.blocks:
        if block.language == "python":
            compile(block.code, f"{page.name}:{block.line}", "exec")


@pytest.mark.parametrize(
    "wrong",
    [
        "```python\nassert 1 == 2\n```",
        "```python\nSOJOURN = {'LIMIT': []}\n```",
        "```python\nSOJOURN = {'LIMITS': [{'max_sessions': 1, 'overflow': 'refuse'}]}\n```",
        "```python\nSOJOURN = {'POLICY': 'accounts.nowhere.policy'}\n```",
        "```python\nMIDDLEWARE = [...]\nSOJOURN = {'INACTIVITY_TIMEOUT': '30m'}\n```",
        "```python\nx = 1\n```\n<!-- test: x == 2 -->",
        "```python\ndef test_x():\n    assert False\n```",
        "```python module=accounts.sessions\nimport nothing_of_that_name\n```",
    ],
)
def test_a_page_that_is_wrong_is_noticed(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"# Page\n\n{wrong}\n")
    with pytest.raises(PageFails, match="the block at line"):
        run(Page(tmp_path / "page.md"))


def test_the_address_that_the_readme_shows_leads_to_the_pages() -> None:
    names = run(Page(ROOT / "README.md"))

    addresses = ModuleType("addresses")
    vars(addresses)["urlpatterns"] = [each for each in names["urlpatterns"] if each is not ...]
    with override_settings(ROOT_URLCONF=addresses):
        clear_url_caches()
        assert reverse("sojourn:sessions") == "/sessions/"
    clear_url_caches()
    set_urlconf(None)


def test_the_box_of_the_page_about_remember_me_is_heeded(db: None) -> None:
    """The view of the page, with the box ticked and without, as the middleware would find it afterwards."""
    from django.contrib.auth import get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    view = run(Page(DOCS / "howto" / "remember-me.md"))["RememberingLoginView"]
    get_user_model().objects.create_user("ann", password="correct horse")
    for box, expected in ({"remember": "on"}, None), ({}, 0):
        request = RequestFactory().post("/", {"username": "ann", "password": "correct horse", **box})
        request.session = SessionStore()
        request._dont_enforce_csrf_checks = True
        view.as_view(next_page="/")(request)
        assert request.session.get("_session_expiry") == expected


_IN_PROSE = re.compile(r"`((?:make|\.venv/bin/\w+|sojourn|python) [^`]+)`")


def _commands() -> list[tuple[str, str]]:
    found = []
    for page in pages():
        for block in page.blocks:
            if block.language in {"shell", "sh"} and "norun" not in block.words:
                found += [(page.name, line.partition("#")[0].strip()) for line in block.code.splitlines()]
        found += [
            (page.name, code) for code in re.findall(r"`((?:make|\.venv/bin/\w+|sojourn|python) [^`]+)`", page.prose)
        ]
    return [(name, line) for name, line in found if line]


@pytest.mark.parametrize(("page", "line"), _commands())
def test_a_command_that_a_page_names_is_there(page: str, line: str) -> None:
    words = [word for word in line.split() if not re.match(r"\w+=", word)]
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert words[1] in targets
    elif words[0] == ".venv/bin/pytest":
        assert all((ROOT / word).exists() for word in words[1:] if not word.startswith("-"))
    elif words[:2] == ["python", "-m"]:
        assert find_spec(words[2])
    elif words[:2] == ["python", "manage.py"]:
        assert words[2] in get_commands()
    elif words[0] == ".venv/bin/python":
        assert (ROOT / words[1]).is_file()
    else:
        assert words[0] in {"pip", "django-admin", "sojourn", "sudo", "rm", "python3", "."}, f"{page}: {line}"
