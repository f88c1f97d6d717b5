"""Runs the code of a page: one namespace for each page, settings looked at as Django would look at them."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.checks import Error, run_checks
from django.test import override_settings

from sojourn import Arrival
from sojourn.contrib.django.limits import parse_limits
from sojourn.contrib.django.settings import read
from tests.docs.markdown import Block, Page

BEFORE = {
    "INSTALLED_APPS": [
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
}
"""What stands for a first `...` in these settings: what `startproject` writes there."""


class PageFails(AssertionError):
    """A block of a page does not do what the page says."""


def run(page: Page) -> dict[str, Any]:
    """Run every Python block of the page in order; return what they have defined. Raises PageFails."""
    names: dict[str, Any] = {"__name__": "page"}
    with _own_modules():
        for block in page.blocks:
            if block.language == "python" and "norun" not in block.words:
                try:
                    _run(block, names, f"{page.name}:{block.line}")
                except Exception as error:
                    raise PageFails(f"{page.name}, the block at line {block.line}: {error!r}") from error
    return names


def _run(block: Block, names: dict[str, Any], where: str) -> None:
    if "module" in block.words:
        names |= vars(_module(block.words["module"], block.code, where))
        names["__name__"] = "page"
    else:
        known = dict(names)
        exec(compile(block.code, where, "exec", dont_inherit=True), names)
        _look_at_settings({name: value for name, value in names.items() if known.get(name) is not value})
    for name in [name for name in names if name.startswith("test_")]:
        names.pop(name)()
    for wanted in block.tests:
        if not eval(wanted, {**names, "Arrival": Arrival, "held": lambda group: held(names["SOJOURN"], group)}):
            raise PageFails(f"not so: {wanted}")


def held(sojourn: dict[str, Any], group: str) -> list[str]:
    """The names of the limits that hold a user of this group."""
    arrival = Arrival("somebody", groups=frozenset({group}))
    return [limit.name for limit in parse_limits(sojourn["LIMITS"]) if limit.holds(arrival)]


def _look_at_settings(defined: dict[str, Any]) -> None:
    """What a block says about settings must pass Sojourn's system checks."""
    changed = {name: _without_dots(name, value) for name, value in defined.items() if name.isupper()}
    if "SOJOURN" not in changed:
        return
    problems = read(changed["SOJOURN"])[1]
    if problems:
        raise PageFails(f"{problems[0]} {problems[0].hint}")
    with override_settings(**changed):
        findings = [found for found in run_checks(tags=["sojourn"]) if isinstance(found, Error)]
    if findings:
        raise PageFails(str(findings[0]))


def _without_dots(name: str, value: Any) -> Any:
    if not isinstance(value, list) or ... not in value:
        return value
    first, *rest = value
    begun = BEFORE.get(name, []) if first is ... else [first]
    return [*begun, *(item for item in rest if item is not ...)]


def _module(name: str, code: str, where: str) -> types.ModuleType:
    parent, _, _ = name.rpartition(".")
    if parent and parent not in sys.modules:
        sys.modules[parent] = types.ModuleType(parent)
    made = types.ModuleType(name)
    sys.modules[name] = made
    exec(compile(code, where, "exec", dont_inherit=True), made.__dict__)
    return made


@contextmanager
def _own_modules() -> Iterator[None]:
    """A page's modules are there while it runs, and no longer."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "accounts":
                del sys.modules[name]
