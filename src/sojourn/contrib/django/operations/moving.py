"""`move`: bring everybody's records from SOJOURN["STORE"] to SOJOURN["MOVE_TO"], while the site goes on."""

import time
from argparse import ArgumentParser

from django.core.management.base import CommandError

from sojourn.contrib.django.delivery import wanted
from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.terminal import Terminal
from sojourn.core.errors import ConfigurationError
from sojourn.core.timeouts import SECOND, parse_duration
from sojourn.stores.mover import MoveRefused, Progress, begin, finish, left, sweep
from sojourn.stores.moving import MovingStore

MOST = 1_000_000
"""So many are counted; more are "at least" so many."""
WAIT = "60s"
WIDTH = 30
"""Of the bar, in characters."""


class Move(Operation):
    """Moves the records of a running site to another store."""

    name = "move"
    help = (
        "Move all records from SOJOURN['STORE'] to SOJOURN['MOVE_TO'] while the site goes on; nobody is signed out "
        "and no limit is exceeded. Every process must have MOVE_TO first. Can be stopped at any point, and goes on "
        "when run again. When it says that everybody has moved, write the new place in STORE and leave MOVE_TO out."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        parser.add_argument("--check", action="store_true", help="Only count who is still in the old store.")
        parser.add_argument(
            "--wait",
            default=WAIT,
            metavar="DURATION",
            help=f"Longer than any request lasts, {WAIT} if not given: so long after its beginning the move does not "
            "end, since a sign-in that began before may still be written to the old store.",
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        store, _ = storage.opened(wanted)
        if not isinstance(store, MovingStore):
            raise CommandError(
                'There is nowhere to move to. Write SOJOURN["MOVE_TO"], deploy it everywhere, and run this again.'
            )
        number = left(store.old, MOST)
        if options["check"]:
            begun = bool(store.new.moves.whereabouts("").move)
            terminal.result({"left": number, "begun": begun}, f"{number} users are still in the old store.")
            return
        try:
            patience = parse_duration(options["wait"])
        except ConfigurationError as error:
            raise CommandError(f"--wait: {error}") from error
        terminal.confirm(
            f"The records of {number} users move. Every process that serves the site, or works for it, must have "
            "SOJOURN['MOVE_TO'] by now: one that has not signs out whoever has moved.",
            yes=options["yes"],
            answer="move",
        )
        try:
            begin(store)
        except MoveRefused as error:
            raise CommandError(str(error)) from error
        began = time.monotonic()
        progress = self._sweep(terminal, store, number)
        while (rest := began + patience / SECOND - time.monotonic()) > 0 and not progress.stuck:
            terminal.progress(f"{progress.moved} users have moved; waiting {rest:.0f} s for sign-ins on their way")
            time.sleep(min(1.0, rest))
        late = self._sweep(terminal, store, 0)
        moved = progress.moved + late.moved
        over = not late.stuck and finish(store)
        terminal.done()
        body = {"moved": moved, "stuck": list(late.stuck), "over": over}
        if not over:
            terminal.result(body, f"{moved} users have moved.")
            raise CommandError(_unfinished(late))
        terminal.result(
            body, f"{moved} users have moved: everybody. Write the new place in SOJOURN['STORE'], leave MOVE_TO out."
        )

    def _sweep(self, terminal: Terminal, store: MovingStore, number: int) -> Progress:
        progress = Progress()
        for progress in sweep(store):
            done = progress.moved + len(progress.stuck)
            share = min(1.0, done / number) if number else 1.0
            bar = f"{'#' * round(share * WIDTH):<{WIDTH}}"
            terminal.progress(f"[{bar}] {share:4.0%} {done} of {max(number, done)} users")
        return progress


def _unfinished(progress: Progress) -> str:
    if progress.stuck:
        return (
            f"The records of {len(progress.stuck)} users are damaged, or the new store cannot keep them; they cannot "
            f"sign in until they are forgotten: `manage.py sojourn erase --subject`: {', '.join(progress.stuck[:10])}"
        )
    return "Somebody is still in the old store. Run this again."
