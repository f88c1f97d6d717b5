"""The pages as a whole: links, pictures, and what each must be reachable from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import DOCS, ROOT, Page, pages


def broken(page: Page) -> list[str]:
    """The links of a page that lead nowhere."""
    wrong = []
    for link in page.links:
        path, _, anchor = link.partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        if not target.exists() or (anchor and anchor not in Page(target).anchors):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Page) -> None:
    assert broken(page) == []


@pytest.mark.parametrize("link", ["nowhere.md", "#no-such-heading", "other.md#no-such-heading", "no/picture.png"])
def test_a_link_that_leads_nowhere_is_noticed(link: str, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Other\n")
    (tmp_path / "page.md").write_text(f"# Page\n\n[here](#page), [there](other.md#other), ![this]({link})\n")
    assert broken(Page(tmp_path / "page.md")) == [link]


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, open_ends = set(), [ROOT / "README.md"]
    while open_ends:
        path = open_ends.pop()
        if path not in seen and path.suffix == ".md":
            seen.add(path)
            links = (link.partition("#")[0] for link in Page(path).links)
            open_ends += [(path.parent / link).resolve() for link in links if link]
    lost = {page.path for page in pages()} - seen
    assert not lost, f"link them from docs/index.md: {sorted(map(str, lost))}"


def test_every_picture_is_shown_somewhere_and_is_one() -> None:
    shown = {(page.path.parent / link).resolve() for page in pages() for link in page.links if link.endswith(".png")}
    pictures = set((DOCS / "images").glob("*.png"))
    assert {path.name for path in shown} == {path.name for path in pictures}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_the_first_screen_of_the_readme_has_a_picture_and_both_commands() -> None:
    first = Page(ROOT / "README.md").text.partition("## Install")[0]
    assert "docs/images/" in first
    assert re.search(r"^make demo\b", first, re.MULTILINE)
    assert re.search(r"^make test\b", first, re.MULTILINE)


def test_no_page_has_trailing_blanks_or_tabs() -> None:
    wrong = [page.name for page in pages() if re.search(r"[ \t]+$|\t", page.text, re.MULTILINE)]
    assert not wrong
