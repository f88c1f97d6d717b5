"""What the documentation says of `sojourn probe`, taken from its checks and its command line."""

from __future__ import annotations

from argparse import Action, ArgumentParser

from arguments import groups, subcommand

from sojourn.cli import probe
from sojourn.probe.checks import all_checks


def checks() -> str:
    """Every check, the cheapest first."""
    parts = []
    for check in all_checks():
        needs = f" It needs {' and '.join(sorted(need.value for need in check.needs))}." if check.needs else ""
        parts.append(
            f"\n### {check.id}\n*{check.title}.* {check.does}{needs}\n\n"
            f"Severity {check.severity}; {', '.join(check.references)}; at most {check.sign_ins} "
            f"sign-in{'' if check.sign_ins == 1 else 's'}.\n\nWhere it fails: {check.advice}\n"
        )
    return "".join(parts)


def options() -> str:
    """Every option of the command, in its groups."""
    parser = ArgumentParser()
    probe.add_to(parser.add_subparsers())
    parts = []
    for title, heard in groups(subcommand(parser, "probe")).items():
        rows = [f"| `{_name(each)}` | {each.help} |\n" for each in heard if each.option_strings]
        if rows and title not in {"options", "positional arguments"}:
            parts.append(f"\n**{title.capitalize()}**\n\n| option | what it is |\n|---|---|\n" + "".join(rows))
    return "".join(parts)


def _name(action: Action) -> str:
    value = "" if action.nargs == 0 else f" {action.metavar or '...'}"
    return action.option_strings[-1] + value
