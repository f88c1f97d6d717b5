"""The terminal of an operator: results on standard output, progress and questions on standard error."""

import getpass
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from sojourn.core.records import clean_text

NARROWEST = 6
"""To how many characters a column is cut at most."""
_GAP = "  "


def operator() -> str:
    """Who works the terminal, as it is recorded: "command:" and the operating system's name for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a number without a name, as in a container
        name = "unknown"
    return clean_text(f"command:{name}")


def when(milliseconds: int | None) -> str:
    """A moment in the site's time zone, to the minute; "" for none."""
    if milliseconds is None:
        return ""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return timezone.localtime(moment, timezone.get_default_timezone()).strftime("%Y-%m-%d %H:%M")


class Terminal:
    """Where an operation speaks and asks. `as_json`: one JSON document (or one a line) and no other word on `out`."""

    def __init__(self, out: OutputWrapper, err: OutputWrapper, *, as_json: bool = False) -> None:
        self.out, self.err, self.as_json = out, err, as_json
        self._under_way = False

    def say(self, text: str = "") -> None:
        """A line for people; nothing where JSON is wanted."""
        if not self.as_json:
            self.out.write(_harmless(text))

    def data(self, body: object) -> None:
        """A JSON document."""
        self.out.write(_document(body, indent=2))

    def line(self, body: object) -> None:
        """A JSON document on a line of its own, one of many."""
        self.out.write(_document(body))

    def result(self, body: Mapping[str, object], text: str) -> None:
        """What came of it: the document, or the sentence."""
        if self.as_json:
            self.data(body)
        else:
            self.out.write(_harmless(text))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, cut: Sequence[int] = ()) -> None:
        """Rows under heads, within the terminal's width (80 where there is none): the columns `cut` are shortened."""
        texts = [[clean_text(cell, 500) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
        spare = shutil.get_terminal_size().columns - sum(widths) - len(_GAP) * (len(widths) - 1)
        while spare < 0:
            widest = max(cut, key=lambda column: widths[column], default=None)
            if widest is None or widths[widest] <= NARROWEST:
                break
            widths[widest] -= 1
            spare += 1
        for row in (heads, *texts):
            cells = (_fit(cell, width) for cell, width in zip(row, widths, strict=True))
            self.out.write(_GAP.join(cells).rstrip())

    def progress(self, text: str) -> None:
        """How far it has come, where somebody is watching: one line that is written over again and again."""
        if self.err.isatty():
            self.err.write(f"\r{text}\x1b[K", ending="")
            self._under_way = True

    def done(self) -> None:
        """End the line of progress."""
        if self._under_way:
            self.err.write("\r\x1b[K", ending="")
            self._under_way = False

    def confirm(self, question: str, *, yes: bool, answer: str = "yes") -> None:
        """Go on only if `yes` is given, or somebody at the terminal types `answer`. Raises CommandError otherwise."""
        if yes:
            return
        if self._ask(f"{question}\nType '{answer}' to go on: ", "Add --yes to go on without being asked.") != answer:
            raise CommandError("Nothing was changed.")

    def note(self, given: str | None) -> str:
        """Why it is done: as given, or as somebody at the terminal answers. Raises CommandError if it is not said."""
        note = clean_text(given or "")
        if not note and given is None:
            note = clean_text(self._ask("Why? It is recorded: ", 'Write --note "why".'))
        if not note:
            raise CommandError('Nothing was changed: it must be said why. Write --note "why".')
        return note

    def _ask(self, question: str, otherwise: str) -> str:
        if not sys.stdin.isatty():
            raise CommandError(f"Nothing was changed: nobody is here to be asked. {otherwise}")
        self.err.write(question, ending="")
        self.err.flush()
        return _read().strip()


def _read() -> str:
    try:
        return input()
    except (EOFError, KeyboardInterrupt):
        return ""


def _harmless(text: str) -> str:
    """`text` without what a terminal would obey, or turn around: people can have such names."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def _document(body: object, indent: int | None = None) -> str:
    """JSON, with what a terminal would obey as JSON writes it in ASCII; other letters as they are."""
    text = json.dumps(body, indent=indent, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"
