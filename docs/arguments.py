"""What a command line hears, as argparse holds it: it lists its arguments nowhere in public, so this looks inside."""

from __future__ import annotations

from argparse import Action, ArgumentParser


def heard(parser: ArgumentParser) -> list[Action]:
    """Every argument of a parser, in the order in which they were added."""
    return parser._actions


def groups(parser: ArgumentParser) -> dict[str, list[Action]]:
    """The arguments of a parser by the titles of their groups."""
    return {str(group.title): group._group_actions for group in parser._action_groups}


def subcommand(parser: ArgumentParser, name: str) -> ArgumentParser:
    """The parser of one of a parser's commands."""
    (commands,) = (each for each in heard(parser) if each.choices)
    found: ArgumentParser = dict(commands.choices or {})[name]
    return found
