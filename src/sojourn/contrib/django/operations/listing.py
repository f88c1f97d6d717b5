"""`list`: which sessions there are."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.filters import add_filters, found, query_of
from sojourn.contrib.django.operations.showing import as_json, names, show
from sojourn.contrib.django.operations.terminal import Terminal
from sojourn.core.records import EndReason, Session
from sojourn.core.search import PAGE_MAX, Standing

COUNTED = 100_000
"""How far a footer counts."""


class List(Operation):
    """Shows sessions."""

    name = "list"
    help = (
        "Show sessions, those that started last first. With --json: one object a line, so that many can be read as "
        "they come."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        add_filters(parser)
        parser.add_argument(
            "--standing",
            choices=list(map(str, Standing)),
            default="live",
            help="Live ones (what is shown by default), those that are over, or any.",
        )
        parser.add_argument("--reason", choices=list(map(str, EndReason)), help="Those that ended for this reason.")
        parser.add_argument("--limit", type=int, default=50, help="At most so many; 0 for all. By default 50.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        if options["limit"] < 0:
            raise CommandError("--limit must not be negative; write 0 for all.")
        reason = None if options["reason"] is None else EndReason(options["reason"])
        standing = Standing.OVER if reason is not None else Standing(options["standing"])
        query = query_of(options, standing, reason)
        batch: list[Session] = []
        shown = 0
        for session in found(query, options["limit"] or None):
            batch.append(session)
            shown += 1
            if terminal.as_json and len(batch) == PAGE_MAX:
                self._lines(terminal, batch)
                batch = []
        if terminal.as_json:
            self._lines(terminal, batch)
            return
        if not batch:
            terminal.say(
                "No session is like that." if standing is not Standing.LIVE else "No live session is like that."
            )
            return
        show(terminal, batch)
        there = control().count(query, COUNTED)
        if there > shown:
            more = f"more than {COUNTED}" if there == COUNTED else str(there)
            terminal.say(f"\n{shown} of {more}. Write --limit 0 for all, or more filters.")

    def _lines(self, terminal: Terminal, sessions: list[Session]) -> None:
        known = names(sessions)
        for session in sessions:
            terminal.line(as_json(session, known.get(session.subject)))
