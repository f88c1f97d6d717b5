"""`manage.py sojourn`: what an operator does from a terminal or a timer. Each action is one method."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sojourn.contrib.django.internal.wiring import control

BATCH = 1000
"""How many sessions one step looks at; each of its transactions is shorter still."""


class Command(BaseCommand):
    """Looks after Sojourn's records."""

    help = "Look after Sojourn's records."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command an action."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser(
            "purge",
            help="End what time has ended, so that it is recorded, and forget what ended longer ago than RETENTION. "
            "Run it daily; nothing is unsafe without it.",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the action."""
        getattr(self, options["action"])()

    def purge(self) -> None:
        """Sweep, then purge, in batches that hold nobody up."""
        ended = 0
        while found := control().sweep(BATCH):
            ended += found
        gone = control().purge(BATCH)
        self.stdout.write(f"{ended} sessions were past their time and have been ended; {gone} records are forgotten.")
