"""A short walk through the pages of somebody who is signed in: made once, and judged by several checks."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from sojourn.probe.errors import NotTestable, ProbeError
from sojourn.probe.examination import Examination
from sojourn.probe.marking import opened
from sojourn.probe.pages import links
from sojourn.probe.visitor import Page, Visitor
from sojourn.probe.wording import HARMS, SIGN_OUT

AT_MOST = 12
"""Pages that are opened."""
LEAST = 8
"""Characters of a value that is looked for in pages: a shorter one could be there by chance."""
_MORE = re.compile(r"terminate|close|reset|toggle|clear|restart|download|export|beenden", re.IGNORECASE)


@dataclass(frozen=True)
class Crawl:
    """What was seen."""

    visitor: Visitor
    signing_in: tuple[Page, ...]
    pages: tuple[Page, ...]
    """Opened while signed in."""
    inside: tuple[Page, ...]
    """Those of them that a stranger does not get."""
    tokens: tuple[str, ...]
    """Every value that carried the session meanwhile, and each form in which a page may hold it."""


def crawled(examination: Examination) -> Crawl:
    """The walk; signs in for it the first time that it is asked for. Raises NotTestable as `sign_in` does."""
    return examination.known("crawl", lambda: _walk(examination))


def _walk(examination: Examination) -> Crawl:
    attempt = examination.attempt()
    if not attempt.admitted:
        raise NotTestable("The sign-in that the check needs was not admitted")
    visitor, profile = attempt.visitor, examination.profile
    first = [mark.url for mark in examination.survey.marks]
    waiting = [*first, *([profile.url(profile.sessions)] if profile.sessions else []), attempt.pages[-1].url]
    seen, pages, inside = set[str](), list[Page](), list[Page]()
    while waiting and len(pages) < AT_MOST:
        url = waiting.pop(0)
        if url in seen or not profile.may_ask(url) or _acts(url):
            continue
        seen.add(url)
        try:
            page = visitor.get(url)
            if not opened(page, url):
                continue
            pages.append(page)
            if url in first or not opened(examination.visitor().get(url), url):
                inside.append(page)
        except ProbeError:
            continue
        waiting += [link for link, text in links(page) if not _acts(text)]
    return Crawl(
        visitor, attempt.pages, tuple(pages), tuple(inside), _tokens(examination, attempt.pages, pages, visitor)
    )


def _acts(said: str) -> bool:
    """Whether a link may do something, although none should by a GET: it is left alone."""
    return any(each.search(said) for each in (SIGN_OUT, HARMS, _MORE))


def _tokens(
    examination: Examination, signing_in: tuple[Page, ...], pages: list[Page], visitor: Visitor
) -> tuple[str, ...]:
    names = examination.survey.carriers
    values = [visitor.bearer] + [
        cookie.value
        for page in (*signing_in, *pages)
        for exchange in page.chain
        for cookie in exchange.set_cookies
        if cookie.name in names
    ]
    return tuple(dict.fromkeys(form for value in values for form in _forms(value)))


def _forms(value: str) -> list[str]:
    """A value as a page or an address may hold it: the id of a signed one counts for itself."""
    plain = unquote(value)
    body = max(re.split(r"[.:!|]", plain), key=len)
    forms = [value, plain, quote(plain), quote(plain, safe=""), *([body] if len(body) >= 2 * LEAST else [])]
    return [each for each in forms if len(each) >= LEAST]


def is_html(page: Page) -> bool:
    """Whether a person reads it in a browser."""
    return "html" in page.exchange.header("content-type").lower()


def without_token(text: str, tokens: tuple[str, ...]) -> bool:
    """Whether none of the tokens is in a text."""
    return not any(token in text for token in tokens)


def path(url: str) -> str:
    """The path of an address, to be named in a sentence: what comes behind it may hold a secret."""
    return urlsplit(url).path or "/"
