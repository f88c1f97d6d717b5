"""Takes the documentation apart: its pages, their headings, links, and blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```$(?P<tests>(?:\n<!-- test: .*? -->$)*)",
    re.DOTALL | re.MULTILINE,
)
_TEST = re.compile(r"<!-- test: (.*?) -->")
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, the words after it (`module=a.b`), and what must be true once it has run."""

    language: str
    words: dict[str, str]
    code: str
    line: int
    tests: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page of the documentation."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix() if self.path.is_relative_to(ROOT) else self.path.name

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return _FENCE.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        found = []
        for match in _FENCE.finditer(self.text):
            language, *words = match["info"].split() or [""]
            pairs = dict(word.partition("=")[::2] for word in words)
            code = re.sub(f"^{match['indent']}", "", match["code"], flags=re.MULTILINE)
            line = self.text.count("\n", 0, match.start()) + 2
            found.append(Block(language, pairs, code, line, _TEST.findall(match["tests"])))
        return found

    @property
    def links(self) -> list[str]:
        """Where it links to, within the documentation and the source."""
        return [link for link in _LINK.findall(self.prose) if not re.match(r"[a-z]+:", link)]

    @property
    def anchors(self) -> set[str]:
        """What can be linked to in it: its headings, named as GitHub names them."""
        return {slug(heading) for heading in _HEADING.findall(self.prose)}


def slug(heading: str) -> str:
    """The anchor of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def pages() -> list[Page]:
    """Every page: those at the top, and all below docs/."""
    return [Page(path) for path in (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")))]
