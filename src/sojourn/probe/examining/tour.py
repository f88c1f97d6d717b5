"""A short tour through the pages of somebody who is signed in: made once, and judged by several checks."""

import re
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote, unquote, urlsplit

from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.survey.crawling import opens_for_strangers, walk
from sojourn.probe.wire.visitor import Page, Visitor

AT_MOST = 12
"""Pages that are opened."""
LEAST = 8
"""Characters of a value that is looked for in pages: a shorter one could be there by chance."""


@dataclass(frozen=True)
class Tour:
    """What was seen."""

    visitor: Visitor
    signing_in: tuple[Page, ...]
    pages: tuple[Page, ...]
    """Opened while signed in."""
    inside: tuple[Page, ...]
    """Those of them that a stranger does not get."""
    tokens: tuple[str, ...]
    """Every value that carried the session meanwhile, and each form in which a page may hold it."""


def toured(examination: Examination) -> Tour:
    """The tour; signs in for it the first time that it is asked for. Raises NotTestable as `sign_in` does."""
    return examination.known("tour", lambda: _tour(examination))


def _tour(examination: Examination) -> Tour:
    attempt = examination.attempt()
    if not attempt.admitted:
        raise NotTestable("The sign-in that the check needs was not admitted")
    network, profile, marks = examination.network, examination.profile, [mark.url for mark in examination.survey.marks]
    starts = [*marks, *([profile.url(profile.sessions)] if profile.sessions else []), attempt.pages[-1].url]
    pages = tuple(islice(walk(network, attempt.visitor, starts), AT_MOST))
    inside = [each for each in pages if each.url in marks or not opens_for_strangers(network, each.chain[0].url)]
    tokens = _tokens(examination, (*attempt.pages, *pages), attempt.visitor)
    return Tour(attempt.visitor, attempt.pages, pages, tuple(inside), tokens)


def _tokens(examination: Examination, pages: tuple[Page, ...], visitor: Visitor) -> tuple[str, ...]:
    names = examination.survey.carriers
    set_meanwhile = [cookie for page in pages for exchange in page.chain for cookie in exchange.set_cookies]
    values = [visitor.bearer, *(cookie.value for cookie in set_meanwhile if cookie.name in names)]
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
