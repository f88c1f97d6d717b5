"""`manage.py sojourn`: dispatches to `sojourn.contrib.django.operations`, one file an operation."""

from argparse import ArgumentParser
from typing import Any

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from sojourn.contrib.django.checks import TAG
from sojourn.contrib.django.operations import operations
from sojourn.contrib.django.operations.base import Operation
from sojourn.contrib.django.operations.terminal import Terminal
from sojourn.core.errors import InvalidInput, SojournError

STATUS = """\
Exit status: 0, done; 1, it could not be done, or `doctor` found errors (standard error says what to do, and nothing was
changed unless it says so); 2, the command line was not understood.
"""


class Command(BaseCommand):
    """Looks after sessions: shows them, ends them, and says what holds and what is wrong."""

    help = "Look after sessions: show them, end them, and say what holds and what is wrong."
    requires_system_checks = ()  # `doctor` must run where they find errors

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command an operation."""
        parser.epilog = STATUS
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for operation in operations():
            action = actions.add_parser(operation.name, help=operation.help, description=operation.help)
            action.add_argument("--json", action="store_true", dest="as_json", help="Answer with JSON.")
            operation.arguments(action)
            action.set_defaults(operation=operation)

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the operation. Raises CommandError for whatever goes wrong, with what to do about it."""
        operation: Operation = options["operation"]
        terminal = Terminal(self.stdout, self.stderr, as_json=options["as_json"])
        if operation.checked:
            _refuse_if_wrong()
        try:
            operation.run(terminal, options)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        except SojournError as error:
            raise CommandError(f"{error} `manage.py sojourn doctor` says what is wrong.") from error
        except DatabaseError as error:
            raise CommandError(
                "The database does not answer as it should: `manage.py sojourn doctor` says what is wrong."
            ) from error
        finally:
            terminal.done()


def _refuse_if_wrong() -> None:
    """Nothing runs on settings that mean something else than they say. Raises CommandError, with what to write."""
    errors = [message for message in run_checks(tags=[TAG]) if message.is_serious(ERROR)]
    if errors:
        told = "\n".join(f"- {error.msg} {error.hint or ''} ({error.id})" for error in errors)
        raise CommandError(f"Nothing was done, since the installation is not in order:\n{told}")
