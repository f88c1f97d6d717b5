"""Which sessions are meant: options that `list` and `end` share, and the query they come to."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace

from django.core.management.base import CommandError

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.operations.accounts import account
from sojourn.contrib.django.operations.base import Options
from sojourn.contrib.django.operations.moments import past
from sojourn.core.records import DeviceClass, EndReason, Session
from sojourn.core.search import PAGE_MAX, SessionQuery, Standing
from sojourn.core.tokens import check_subject

FILTERS = ("of_user", "of_subject", "address", "device", "device_class", "client", "since", "before")


def add_filters(parser: ArgumentParser) -> None:
    """The options by which sessions are picked; those given must all hold."""
    parser.add_argument("--user", dest="of_user", metavar="USER", help="Of this user: a user name or a primary key.")
    parser.add_argument("--subject", dest="of_subject", metavar="SUBJECT", help="Of this subject.")
    parser.add_argument("--address", help="From addresses that begin so, such as 192.0.2.")
    parser.add_argument("--device", help="On devices with this word in the browser's or the system's name.")
    parser.add_argument("--device-class", choices=list(map(str, DeviceClass)), help="On devices of this kind.")
    parser.add_argument("--client", help="In this application.")
    parser.add_argument("--since", metavar="WHEN", help="Started since: so long ago ('90m', '7d') or a date.")
    parser.add_argument("--before", metavar="WHEN", help="Started before: so long ago ('90m', '7d') or a date.")


def query_of(options: Options, standing: Standing, reason: EndReason | None = None) -> SessionQuery:
    """The query. Raises CommandError for a user who is not there, a moment that is none, and the like."""
    for name in ("address", "device"):
        if options[name] is not None and not options[name].strip():
            # Every text begins with it: a script whose variable is empty would mean everybody.
            raise CommandError(f"--{name} is empty, and would find all sessions. Leave it out if that is meant.")
    subjects = None
    if options["of_user"] is not None and options["of_subject"] is not None:
        raise CommandError("Write either --user or --subject.")
    if options["of_user"] is not None:
        subjects = (account(options["of_user"]).subject,)
    elif options["of_subject"] is not None:
        subjects = (check_subject(options["of_subject"]),)
    kind = options["device_class"]
    return SessionQuery(
        standing,
        subjects,
        client=options["client"],
        device=options["device"] or "",
        device_class=None if kind is None else DeviceClass(kind),
        address=options["address"] or "",
        reason=reason,
        since=past(options["since"]),
        before=past(options["before"]),
        limit=PAGE_MAX,
    )


def found(query: SessionQuery, at_most: int | None = None) -> Iterator[Session]:
    """The sessions that `query` asks for, page by page, `at_most` so many."""
    while True:
        page = control().search(query if at_most is None else replace(query, limit=min(PAGE_MAX, at_most)))
        yield from page.sessions
        if at_most is not None:
            at_most -= len(page.sessions)
        if page.cursor is None or at_most == 0:
            return
        query = replace(query, after=page.cursor)
