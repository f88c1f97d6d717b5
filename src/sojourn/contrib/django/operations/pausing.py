"""`pause` and `resume`: keep somebody from signing in, and let them again."""

from argparse import ArgumentParser

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.operations.accounts import account, add_account
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.moments import future
from sojourn.contrib.django.operations.terminal import Terminal, operator, when
from sojourn.web.problems import instant


class Pause(Operation):
    """Pauses a user's sign-ins."""

    name = "pause"
    help = "Let a user sign in no more, for a while or until `resume`. Their open sessions go on: see `end`."

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        add_account(parser)
        parser.add_argument("--until", metavar="WHEN", help="For so long ('2h', '7d') or until a date; else for good.")
        parser.add_argument("--note", help="Why; recorded, for operators only. Asked for if not given.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        who, until = account(options["user"], is_subject=options["subject"]), future(options["until"])
        note = terminal.note(options["note"])
        pause = control().pause(who.subject, by=operator(), note=note, until=until)
        open_now = len(control().sessions(who.subject))
        ends = f"until {when(pause.until)}" if pause.until is not None else f"until `resume {options['user']}`"
        terminal.result(
            {**who.facts(), "until": instant(pause.until), "by": pause.by, "note": pause.note, "open": open_now},
            f"{who.name} cannot sign in {ends}. Open sessions, which go on: {open_now}.",
        )


class Resume(Operation):
    """Ends a pause."""

    name = "resume"
    help = "Let a user whose sign-ins are paused sign in again."

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        add_account(parser)

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        who = account(options["user"], is_subject=options["subject"])
        resumed = control().resume(who.subject, by=operator())
        text = f"{who.name} may sign in again." if resumed else f"The sign-ins of {who.name} were not paused."
        terminal.result({**who.facts(), "resumed": resumed, "by": operator()}, text)
