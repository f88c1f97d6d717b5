"""Reading a page: its forms, links and words, as a browser would."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup, Tag

from sojourn.probe.visitor import Page


@dataclass(frozen=True, slots=True)
class Field:
    """A control of a form that has a name."""

    name: str
    kind: str
    """The `type` of an input ("text" where there is none), or "select", "textarea", "button"."""
    value: str
    autocomplete: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form, and what it would send if nothing were typed into it."""

    url: str
    method: str
    fields: tuple[Field, ...]
    text: str
    """What can be read in it, buttons included."""

    def named(self, *kinds: str) -> Sequence[Field]:
        """Its fields of these kinds."""
        return [each for each in self.fields if each.kind in kinds]

    @property
    def values(self) -> dict[str, str]:
        """What is sent as it stands: hidden fields, preset values, and the first button that has a name."""
        buttons = [each.name for each in self.named("submit")][:1]
        unsent = {"submit", "button", "reset", "image", "file", "checkbox", "radio"}
        return {each.name: each.value for each in self.fields if each.kind not in unsent or each.name in buttons}


def forms(page: Page) -> list[Form]:
    """The forms of a page, in order."""
    return [_form(page, each) for each in _soup(page).find_all("form")]


def links(page: Page) -> list[tuple[str, str]]:
    """The links of a page: whole address without fragment, and what can be read on it."""
    return [
        (urldefrag(urljoin(page.url, str(each["href"]))).url, each.get_text(" ", strip=True))
        for each in _soup(page).find_all("a", href=True)
    ]


def addresses(page: Page) -> list[str]:
    """Every address that a page names, as it is written there: of links, forms, pictures, scripts, frames."""
    tags = _soup(page).find_all()
    named = ("href", "src", "action", "formaction", "data", "poster")
    return [str(each[name]) for each in tags for name in named if each.has_attr(name)]


def words(page: Page) -> str:
    """What can be read on a page."""
    return _soup(page).get_text(" ", strip=True)


def _soup(page: Page) -> BeautifulSoup:
    return BeautifulSoup(page.text, "html.parser")


def _form(page: Page, tag: Tag) -> Form:
    fields = []
    for each in tag.find_all(["input", "select", "textarea", "button"]):
        name = str(each.get("name") or "")
        if not name or each.has_attr("disabled"):
            continue
        kind = str(each.get("type") or ("submit" if each.name == "button" else "text")).lower()
        if each.name in {"select", "textarea"}:
            kind = each.name
        fields.append(Field(name, kind, _value(each), str(each.get("autocomplete") or "")))
    return Form(
        urljoin(page.url, str(tag.get("action") or page.url)),
        str(tag.get("method") or "get").upper(),
        tuple(fields),
        " ".join(
            [
                tag.get_text(" ", strip=True),
                *(str(each.get("value") or "") for each in tag.find_all("input", type="submit")),
            ]
        ),
    )


def _value(tag: Tag) -> str:
    if tag.name == "textarea":
        return tag.get_text()
    if tag.name == "select":
        chosen = tag.find("option", selected=True) or tag.find("option")
        return str(chosen.get("value") or chosen.get_text()) if chosen else ""
    return str(tag.get("value") or "")
