"""The command `sojourn`. Imports no framework until a command needs one, so that it explains itself anywhere."""

import argparse
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from sojourn.cli import demo, probe


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (by default the program's own); return its exit status."""
    parser = argparse.ArgumentParser(prog="sojourn", description="Concurrent session control for web applications.")
    parser.add_argument("--version", action="version", version=f"sojourn {installed_version()}")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    demo.add_to(commands)
    probe.add_to(commands)
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help()
        return 0
    status: int = chosen.run(chosen)
    return status


def installed_version() -> str:
    """The version of the installed package; "unknown" when it runs from files that were never installed."""
    try:
        return version("sojourn")
    except PackageNotFoundError:
        return "unknown"
