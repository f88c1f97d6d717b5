"""Reading a page: its forms, links and words, as a browser would."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup, Tag

from sojourn.probe.wire.visitor import Page

_CONTROLS = ["input", "select", "textarea", "button"]
_TYPES = {
    *("button", "checkbox", "color", "date", "datetime-local", "email", "file", "hidden", "image", "month", "number"),
    *("password", "radio", "range", "reset", "search", "submit", "tel", "text", "time", "url", "week"),
}
MOST_TAGS = 10_000
"""Tags of a page that are read; no page for people has so many, and one that is made to keep its readers busy has."""
_MOST_FORMS = 50
_MOST_LINKS = 1_000
_MOST_CONTROLS = 300
_NEVER_SENT = {"submit", "button", "reset", "image", "file"}


@dataclass(frozen=True, slots=True)
class Field:
    """A control of a form that has a name."""

    name: str
    kind: str
    """The `type` of an input ("text" where there is none, or none that is known), or "select", "textarea", "submit"."""
    value: str
    autocomplete: str = ""
    hint: str = ""
    """What says what it is for: its label, placeholder and id, or what stands on the button. In lower case."""
    chosen: bool = True
    """Whether a box or a radio button is ticked; True for everything else."""

    @property
    def asks_password(self) -> bool:
        """Whether a password belongs in it, whatever its type says."""
        named = self.kind == "text" and re.search(r"passw(or)?[dt]|passwd|kennwort", self.name, re.IGNORECASE)
        return self.kind == "password" or self.autocomplete == "current-password" or bool(named)


@dataclass(frozen=True, slots=True)
class Form:
    """A form, and what it would send if nothing were typed into it."""

    url: str
    method: str
    fields: tuple[Field, ...]
    text: str
    """What can be read in it, buttons included."""
    selector: str = ""
    """Its `id`, for whoever looks for it again."""

    def named(self, *kinds: str) -> Sequence[Field]:
        """Its fields of these kinds."""
        return [each for each in self.fields if each.kind in kinds]

    @property
    def passwords(self) -> Sequence[Field]:
        """Its fields for a password."""
        return [each for each in self.fields if each.asks_password]

    @property
    def values(self) -> dict[str, str]:
        """What is sent as it stands: hidden fields, preset values, and the first button that has a name."""
        return self.pressing(None)

    def pressing(self, wanted: re.Pattern[str] | None) -> dict[str, str]:
        """The same, by the first named button that says something of that kind, if one does."""
        buttons = self.named("submit")
        said = [each for each in buttons if wanted and wanted.search(f"{each.hint} {each.name} {each.value}")]
        pressed = (said or list(buttons))[:1]
        return {
            each.name: each.value
            for each in self.fields
            if each in pressed or (each.kind not in _NEVER_SENT and each.chosen)
        }


def forms(page: Page) -> list[Form]:
    """The forms of a page, in order."""
    return [_form(page, each) for each in parsed(page).find_all("form", limit=_MOST_FORMS)]


def form_at(page: Page, selector: str) -> Form | None:
    """The form that a CSS selector finds: itself, or the one around what it finds."""
    try:
        found = parsed(page).select_one(selector)
    except (ValueError, SyntaxError, NotImplementedError):  # what an operator wrote is no selector
        return None
    while found is not None and found.name != "form":
        found = found.parent
    return None if found is None else _form(page, found)


def links(page: Page) -> list[tuple[str, str]]:
    """The links of a page: whole address without fragment, and what can be read on it."""
    found = [
        (address(page, str(each["href"])), _said(each))
        for each in parsed(page).find_all("a", href=True, limit=_MOST_LINKS)
    ]
    return [(url, text) for url, text in found if url.startswith(("http://", "https://"))]


def addresses(page: Page) -> list[str]:
    """Every address that a page names, as it is written there: of links, forms, pictures, scripts, frames."""
    tags = parsed(page).find_all()
    named = ("href", "src", "action", "formaction", "data", "poster")
    return [str(each[name]) for each in tags for name in named if each.has_attr(name)]


def words(page: Page) -> str:
    """What can be read on a page."""
    return parsed(page).get_text(" ", strip=True)


def asks_password(page: Page) -> bool:
    """Whether there is anywhere to type a password, in a form or beside one."""
    return parsed(page).find("input", type=re.compile(r"^\s*password\s*$", re.IGNORECASE)) is not None


def is_scripted(page: Page) -> bool:
    """Whether the page may be built by scripts."""
    return parsed(page).find("script") is not None


def meta(page: Page, name: str) -> str:
    """What the page says in a `<meta>` of that name; "" for nothing."""
    found = parsed(page).find("meta", attrs={"name": name})
    return str(found.get("content") or "") if found else ""


def leads_on(page: Page) -> str:
    """Where the page sends its reader by itself within ten seconds; "" for nowhere."""
    found = parsed(page).find("meta", attrs={"http-equiv": re.compile("^refresh$", re.IGNORECASE)})
    said = re.match(
        r"\s*(\d)\s*[;,]\s*url\s*=\s*['\"]?([^'\"]+)", str(found.get("content") or "") if found else "", re.IGNORECASE
    )
    return address(page, said[2].strip()) if said else ""


def address(page: Page, reference: str) -> str:
    """A reference on the page as a whole address without fragment; "" where it is none."""
    try:
        return urldefrag(urljoin(urljoin(page.url, _base(page.text)), reference.strip())).url
    except ValueError:
        return ""


def parsed(page: Page) -> BeautifulSoup:
    """The page as a tree, as much of it as is read; whoever asks must not change it."""
    return _parsed(page.text)


@lru_cache(maxsize=32)
def _parsed(text: str) -> BeautifulSoup:
    unfinished = text.find("<", text.rfind(">") + 1)  # browsers, too, drop a tag that the end cuts off
    text = text if unfinished < 0 else text[:unfinished]
    starts = [found.start() for found in islice(re.finditer("<", text), MOST_TAGS)]
    return _Soup(text[: starts[-1]] if len(starts) == MOST_TAGS else text, "html.parser")


class _Soup(BeautifulSoup):
    """Reads as browsers do what is never closed: no link lies in a link, and no form in a form."""

    def handle_starttag(self, name: str, *rest: Any, **named: Any) -> Tag | None:
        if name in {"a", "button", "label", "form"} and self.open_tag_counter.get(name):
            if name == "form":
                return None
            self.handle_endtag(name)
        return super().handle_starttag(name, *rest, **named)


@lru_cache(maxsize=32)
def _base(text: str) -> str:
    found = _parsed(text).find("base", href=True)
    return str(found["href"]) if found else ""


@lru_cache(maxsize=32)
def _labels(text: str) -> dict[str, Tag]:
    """The labels that stand beside their fields, by the ids of these: the first of each."""
    return {str(each["for"]): each for each in reversed(_parsed(text).find_all("label", attrs={"for": True}))}


def _form(page: Page, tag: Tag) -> Form:
    name = str(tag.get("id") or "")
    beside = [
        each
        for each in (parsed(page).find_all(_CONTROLS, attrs={"form": name}, limit=_MOST_CONTROLS) if name else ())
        if tag not in each.parents
    ]
    controls = [
        each for each in tag.find_all(_CONTROLS, limit=_MOST_CONTROLS) if each.get("form") in {None, name}
    ] + beside
    buttons = [each for each in controls if _kind(each) in {"submit", "image"}]
    action = str((buttons[0].get("formaction") if buttons else None) or tag.get("action") or page.url)
    method = str((buttons[0].get("formmethod") if buttons else None) or tag.get("method") or "get")
    return Form(
        address(page, action),
        method.strip().upper(),
        tuple(_field(page, each) for each in controls if each.get("name") and not each.has_attr("disabled")),
        " ".join([tag.get_text(" ", strip=True), *(str(each.get("value") or "") for each in buttons)]),
        name,
    )


def _kind(tag: Tag) -> str:
    if tag.name in {"select", "textarea"}:
        return tag.name
    kind = str(tag.get("type") or "").strip().lower()
    if tag.name == "button":
        return kind if kind in {"button", "reset"} else "submit"
    return kind if kind in _TYPES else "text"


def _field(page: Page, tag: Tag) -> Field:
    kind, about = _kind(tag), [str(tag.get(each) or "") for each in ("id", "placeholder", "aria-label", "title")]
    if kind == "submit":
        about += [tag.get_text(" ", strip=True), str(tag.get("value") or "")]
    elif tag.get("id"):
        label = _labels(page.text).get(str(tag["id"]))
        about.append(label.get_text(" ", strip=True) if label else "")
    around = tag.find_parent("label")
    about.append(around.get_text(" ", strip=True) if around else "")
    return Field(
        str(tag["name"]),
        kind,
        _value(tag, kind),
        str(tag.get("autocomplete") or "").lower(),
        " ".join(each for each in about if each).lower(),
        kind not in {"checkbox", "radio"} or tag.has_attr("checked"),
    )


def _value(tag: Tag, kind: str) -> str:
    if kind == "textarea":
        return tag.get_text()
    if kind == "select":
        chosen = tag.find("option", selected=True) or tag.find("option")
        return str(chosen.get("value") or chosen.get_text()) if chosen else ""
    return str(tag.get("value") or ("on" if kind in {"checkbox", "radio"} else ""))


def _said(tag: Tag) -> str:
    return " ".join([tag.get_text(" ", strip=True), *(str(tag.get(each) or "") for each in ("aria-label", "title"))])
