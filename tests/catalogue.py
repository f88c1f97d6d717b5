"""The German catalogue as the tests read it, and what a reader of German must not find on a page: its English texts."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).parents[1] / "src" / "sojourn" / "contrib" / "django"
GERMAN = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|<[^>]+>")
_SHOWN = {"alt", "aria-label", "placeholder", "title", "data-label", "data-before"}
_UNSEEN = {"script", "style"}


@dataclass(slots=True)
class Entry:
    """A text, in English and in German; each once, or for one and for many."""

    context: str | None = None
    english: list[str] = field(default_factory=list)
    german: list[str] = field(default_factory=list)
    fuzzy: bool = False


@cache
def entries() -> tuple[Entry, ...]:
    """All of the German catalogue."""
    blocks = GERMAN.read_text(encoding="utf-8").split("\n\n")[1:]  # the first is about the file itself
    return tuple(_entry(block.splitlines()) for block in blocks if block.strip())


def _entry(lines: list[str]) -> Entry:
    entry, into = Entry(), [""]
    for line in lines:
        if line.startswith("#"):
            entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        word, _, text = line.rpartition(' "') if not line.startswith('"') else ("", "", line[1:])
        if word == "msgctxt":
            entry.context = literal_eval(f'"{text}')
        elif word in {"msgid", "msgid_plural"}:
            into = entry.english
            into.append("")
        elif word:
            into = entry.german
            into.append("")
        if word != "msgctxt":
            into[-1] += literal_eval(f'"{text}')
    return entry


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.language = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What is said by attributes."""
        self._unseen += tag in _UNSEEN
        for name, value in attrs:
            if name in _SHOWN and value:
                self.said.append(value)
            elif name in {"data-explanations", "data-words"} and value:  # timeout.js and live.js show them
                self.said += [_PLACEHOLDER.sub(" ", text) for text in json.loads(value).values()]
            elif (tag, name) == ("html", "lang"):
                self.language = value or ""

    def handle_endtag(self, tag: str) -> None:
        """The end of what nobody sees."""
        self._unseen -= tag in _UNSEEN

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._unseen and data.strip():
            self.said.append(" ".join(data.split()))


def said(html: str) -> tuple[str, list[str]]:
    """The language of a page, and all that it says: to eyes and to ears, now or once something is opened."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.language, reader.said


@cache
def _english() -> dict[str, re.Pattern[str]]:
    """The English texts that no German one holds ("Browser" is both), as they would stand on a page."""
    german = "\n".join(_PLACEHOLDER.sub(" ", text) for entry in entries() for text in entry.german)
    found = {}
    for text in (text for entry in entries() for text in entry.english):
        parts = _PLACEHOLDER.split(text)
        pattern = re.compile(r"(?<!\w)" + ".{1,80}?".join(map(re.escape, parts)) + r"(?!\w)")
        if re.search("[A-Za-z]{2}", "".join(parts)) and not pattern.search(german):
            found[text] = pattern
    return found


def english_on(html: str) -> Iterator[str]:
    """The English texts of the catalogue that a page shows, each with where it stands."""
    for text in said(html)[1]:
        for english, pattern in _english().items():
            if pattern.search(text):
                yield f"“{english}” in “{text}”"
