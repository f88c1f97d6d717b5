"""The reference of commands has every action and every argument, and nothing that is not there."""

from __future__ import annotations

import re
from argparse import Action, ArgumentParser

import pytest
from django.core.management import load_command_class

from sojourn.contrib.django.operations import operations
from tests.docs.markdown import DOCS, Page

TEXT = Page(DOCS / "reference" / "commands.md").text
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", TEXT, re.MULTILINE))


def _actions(name: str) -> list[Action]:
    parser = load_command_class("sojourn.contrib.django", "sojourn").create_parser("manage.py", "sojourn")
    subparsers = next(action for action in parser._actions if isinstance(action.choices, dict))
    made: ArgumentParser = subparsers.choices[name]
    return [action for action in made._actions if not {"--help", "--json"} & set(action.option_strings)]


def test_every_action_has_its_section() -> None:
    assert list(SECTIONS) == [operation.name for operation in operations()]


@pytest.mark.parametrize("name", [operation.name for operation in operations()])
def test_every_argument_and_its_help_is_in_the_section(name: str) -> None:
    documented = re.findall(r"^\| `(\S+?)[ `].*?\| (.*) \|$", SECTIONS[name], re.MULTILINE)
    expected = [(action.option_strings[-1] if action.option_strings else action.metavar) for action in _actions(name)]
    assert [argument for argument, _ in documented] == expected
    for action, (_, help_text) in zip(_actions(name), documented, strict=True):
        assert help_text.startswith(str(action.help))


def test_the_json_option_is_explained() -> None:
    assert "`--json`" in TEXT
