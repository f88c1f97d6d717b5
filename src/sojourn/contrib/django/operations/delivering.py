"""`deliver`: the worker that tells people what happened, and what it could not tell."""

import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.core.management.base import CommandError
from django.db import connections

from sojourn.contrib.django.delivery import deliverer, sinks
from sojourn.contrib.django.internal.herald import shed
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.terminal import Terminal, when
from sojourn.core.outbox import Fate, Letter

MOST_WORKERS = 64
_TIDY = 60.0
_PAGE = 100


class Deliver(Operation):
    """Delivers, or looks after what could not be delivered."""

    name = "deliver"
    help = (
        "Tell people what happened: send the mails, webhooks and other notices that are due, until stopped (SIGTERM, "
        "Ctrl-C), or --once. Any number of these may run at once. Also shows what was given up, and sends it again."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--once", action="store_true", help="Deliver what is due now, and end. For a timer.")
        what.add_argument("--list-dead", action="store_true", help="Show what was given up, and why.")
        what.add_argument("--resend", metavar="ID", nargs="+", help="Try these again, as --list-dead names them.")
        what.add_argument("--resend-all", action="store_true", help="Try again all that was given up.")
        what.add_argument("--enable", metavar="SINK", help="Use a way of telling again that was disabled.")
        parser.add_argument("--sink", help="With --list-dead, --resend and --resend-all: only what this one gave up.")
        parser.add_argument(
            "--workers", type=_workers, default=1, help="How many work at once in this process (threads); 1."
        )

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        if options["list_dead"]:
            _list(terminal, options["sink"])
        elif options["resend"] or options["resend_all"]:
            _resend(terminal, options["resend"], options["sink"])
        elif options["enable"]:
            _enable(terminal, options["enable"])
        elif options["once"]:
            told = deliverer().deliver()
            shed()
            terminal.result({"delivered": told}, f"{_messages(told)} delivered.")
        else:
            told = _work(terminal, options["workers"])
            terminal.result({"delivered": told}, f"Stopped. {_messages(told)} delivered.")


def _work(terminal: Terminal, count: int) -> int:
    """Deliver until a signal says to stop; then finish the messages under way."""
    stop, told = threading.Event(), [0] * count

    def work(number: int) -> None:
        try:
            told[number] = deliverer().run(stop)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,), name=f"deliver-{number}") for number in range(count)]
    with _signals(stop):
        terminal.say(f"Delivering by {', '.join(sink.name for sink in sinks()) or 'nothing: there is no sink'}.")
        terminal.out.flush()
        for thread in threads:
            thread.start()
        try:
            while not stop.wait(_TIDY):
                shed()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    return sum(told)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """What asks a process to end sets `stop` within the block. A second time, it ends at once."""

    def ask(number: int, _: FrameType | None) -> None:
        stop.set()
        signal.signal(number, earlier[signal.Signals(number)])

    earlier = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, before in earlier.items():
            signal.signal(number, before)


def _list(terminal: Terminal, sink: str | None) -> None:
    found = [(letter, name) for letter in _dead() for name in _given_up(letter) if sink in (None, name)]
    if terminal.as_json:
        terminal.data({"dead": [_facts(letter, name) for letter, name in found]})
        return
    if not found:
        terminal.say("Nothing was given up.")
        return
    rows = [
        (letter.id, when(letter.at), letter.type, name, str(progress.attempts), progress.error)
        for letter, name in found
        for progress in [letter.progress[name]]
    ]
    terminal.table(("ID", "WHEN", "EVENT", "BY", "TRIES", "WHY"), rows, cut=(5,))
    terminal.say("\nTo try again: `python manage.py sojourn deliver --resend ID`, or --resend-all.")


def _resend(terminal: Terminal, ids: list[str] | None, sink: str | None) -> None:
    if ids is None:
        ids = [letter.id for letter in _dead() if sink is None or sink in _given_up(letter)]
        revived = control().store.revive(ids, now(), sink)
    else:
        revived = control().store.revive(list(dict.fromkeys(ids)), now(), sink)
        if not revived:
            raise CommandError("Nothing was changed: none of these was given up. See `deliver --list-dead`.")
    events = "event is" if revived == 1 else "events are"
    terminal.result({"resent": revived}, f"{revived} {events} tried again by whoever delivers next.")


def _enable(terminal: Terminal, sink: str) -> None:
    failing = control().store.failing()
    if sink not in failing:
        known = ", ".join(sorted({each.name for each in sinks()} | set(failing)))
        raise CommandError(f"Nothing was changed: {sink[:64]} is not disabled. There are: {known or 'none'}.")
    control().store.note_failing(sink, None)
    terminal.result(
        {"enabled": sink},
        f"{sink} is used again. To send what it gave up: `manage.py sojourn deliver --resend-all --sink {sink}`.",
    )


def _dead() -> Iterator[Letter]:
    """All that was given up, the oldest first, read by the page."""
    after = None
    while page := control().store.dead_letters(_PAGE, after):
        yield from page
        after = page[-1].id


def _given_up(letter: Letter) -> list[str]:
    return [name for name, progress in letter.progress.items() if progress.fate is Fate.DEAD]


def _facts(letter: Letter, sink: str) -> dict[str, object]:
    progress = letter.progress[sink]
    facts = {"id": letter.id, "at": letter.at, "type": letter.type, "subject": letter.subject}
    return {**facts, "sink": sink, "attempts": progress.attempts, "error": progress.error}


def _messages(count: int) -> str:
    return f"{count} message{' was' if count == 1 else 's were'}"


def _workers(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= MOST_WORKERS:
        raise ArgumentTypeError(f"{value} is not a number from 1 to {MOST_WORKERS}.")
    return int(value)
