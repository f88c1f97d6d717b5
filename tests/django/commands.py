"""How the tests run `manage.py sojourn`: what it wrote, and as what status it ended."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from io import StringIO
from typing import Any
from unittest.mock import patch

from django.core.management import CommandError, call_command


class Terminal(StringIO):
    """A stream that somebody is watching."""

    def isatty(self) -> bool:
        return True


def run(*words: str, err: StringIO | None = None) -> str:
    """Run the command; what it wrote on standard output. Raises CommandError."""
    out = StringIO()
    call_command("sojourn", *words, stdout=out, stderr=err or StringIO())
    return out.getvalue()


def told(*words: str) -> Any:
    """The JSON document that the command wrote."""
    return json.loads(run(*words, "--json"))


def failure(*words: str) -> str:
    """What the command says as it fails."""
    try:
        run(*words)
    except CommandError as error:
        return str(error)
    raise AssertionError(f"{words} did not fail")


@contextmanager
def somebody(*answers: str) -> Any:
    """Somebody sits at the terminal and types `answers`."""
    waiting = list(answers)
    with patch.object(sys, "stdin", Terminal()), patch("builtins.input", lambda: waiting.pop(0)):
        yield
    assert not waiting, "not all questions were asked"
