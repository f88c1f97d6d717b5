"""`erase`: forget all that is kept on somebody (GDPR Article 17)."""

from argparse import ArgumentParser

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.operations.accounts import account, add_account
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.terminal import Terminal, operator
from sojourn.core.records import EndReason


class Erase(Operation):
    """Ends a user's sessions, then forgets everything about them."""

    name = "erase"
    help = (
        "Sign a user out everywhere and forget all that Sojourn keeps on them: sessions, names of devices, events. Not "
        "to be undone; nothing tells afterwards that it was there."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        add_account(parser)
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        who = account(options["user"], is_subject=options["subject"])
        terminal.confirm(
            f"All that is kept on {who.name} will be forgotten, and they are signed out everywhere.",
            yes=options["yes"],
            answer=who.name,
        )
        # First by the one way in which sessions end, so that whoever listens learns of it.
        ended = control().end(who.subject, None, EndReason.OPERATOR, by=operator(), note="erased")
        forgotten = control().store.erase(who.subject)
        terminal.result(
            {**who.facts(), "ended": len(ended), "forgotten": forgotten},
            f"{forgotten} records on {who.name} are forgotten; open sessions that ended with that: {len(ended)}.",
        )
