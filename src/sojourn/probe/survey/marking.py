"""What shows that one is signed in: a page that is another one for somebody who is not.

Pages are never compared as texts: advertisements, tokens and times change from one request to the next. What counts is
what stays: that the page opens at all, the account's name, a way to sign out, that nobody asks for a password.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from sojourn.probe.errors import CannotSignIn, ProbeError
from sojourn.probe.reading.pages import asks_password, links, words
from sojourn.probe.reading.wording import HARMS, SIGN_OUT
from sojourn.probe.signing.leaving import ways_out
from sojourn.probe.survey.crawling import only_leads, opens
from sojourn.probe.survey.learnt import Mark
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor

AT_MOST = 5
"""Marks that are kept."""
_TRIED = 16
"""Pages that are looked at in search of them."""
_TWICE = 2
USUAL = ("account", "profile", "me", "api/me", "api/user", "dashboard", "settings")
"""Where pages of one's own usually are, looked at where nothing else differs."""
_CANNOT_TELL = {423, 429}
_NO_PAGE = re.compile(r"\.(css|js|png|jpe?g|gif|svg|ico|webp|pdf|zip|woff2?|xml|txt|mp4)$", re.IGNORECASE)


class Landmark(StrEnum):
    """Something of a page that does not change by itself. The best first."""

    TEXT = "says what the profile names"
    OPENS = "opens"
    WAY_OUT = "has a way to sign out"
    NAME = "names the account"
    NO_PASSWORD = "asks for no password"  # noqa: S105  # no password


@dataclass(frozen=True)
class PageMark:
    """A page that shows all of these landmarks to somebody who is signed in, and to nobody else."""

    url: str
    landmarks: frozenset[Landmark]
    told_by: frozenset[Landmark]
    """Those that a stranger does not see."""
    account: str
    text: str = ""

    def describe(self) -> str:
        """What is looked at."""
        best = next(each for each in Landmark if each in self.told_by)
        return f"{self.url} {best}, for nobody else"

    def shows(self, page: Page) -> bool | None:
        """Whether the page is that of somebody who is signed in; None where the application failed or refuses all."""
        if page.status >= 500 or page.status in _CANNOT_TELL:
            return None
        return self.landmarks <= seen(page, self.url, self.account, self.text)


def seen(page: Page, url: str, account: str, text: str = "") -> frozenset[Landmark]:
    """What a page that was asked for at `url` shows."""
    if page.status in {401, 403} or page.status >= 404:
        return frozenset()
    is_markup = "json" not in page.exchange.header("content-type")
    said = words(page) if is_markup else page.text
    found = {
        Landmark.OPENS: opens(page, url),
        Landmark.NAME: re.search(rf"(?<![\w@]){re.escape(account)}(?!\w)", said, re.IGNORECASE) is not None,
        Landmark.WAY_OUT: is_markup and any(True for _ in ways_out(page)),
        Landmark.NO_PASSWORD: not (is_markup and asks_password(page)),
        Landmark.TEXT: bool(text) and text in said,
    }
    return frozenset(landmark for landmark, there in found.items() if there)


def find_marks(network: Network, visitor: Visitor, pages: Sequence[Page]) -> tuple[Mark, ...]:
    """The pages that are others for `visitor` than for a stranger; best first, those that the profile names before all.

    Each is looked at twice by both. Raises CannotSignIn where the profile names pages of which none differs.
    """
    profile, found = network.profile, list[PageMark]()
    tried = set[str]()
    for url in _candidates(network, pages):
        if len(found) >= AT_MOST or (len(tried) >= _TRIED and found):
            break
        if url not in tried and (profile.protected or _is_harmless(network, url)):
            tried.add(url)
            mark = _mark(network, visitor, url)
            if mark is not None and mark.url not in {each.url for each in found}:
                found.append(mark)
    if profile.protected and not found:
        raise CannotSignIn(
            f"{', '.join(profile.protected)}: the same for a stranger as after signing in, so either the sign-in "
            "failed, or other pages, or `text`, belong under [signed_in]"
        )
    if profile.protected:
        return tuple(found)
    return tuple(sorted(found, key=lambda mark: min(list(Landmark).index(each) for each in mark.told_by)))


def _mark(network: Network, visitor: Visitor, url: str) -> PageMark | None:
    profile = network.profile
    try:
        first = visitor.twin().get(url)
        if first.status >= 400 or not profile.may_ask(first.url):
            return None
        at, name, text = first.url, profile.account.name, profile.signed_in_text
        ours = seen(first, at, name, text) & seen(visitor.twin().get(at), at, name, text)
        if Landmark.OPENS not in ours or (text and Landmark.TEXT not in ours):
            return None
        theirs = frozenset[Landmark]()
        for _ in range(_TWICE):
            page = Visitor(network).get(at)
            if page.status >= 500 or page.status in _CANNOT_TELL:
                return None
            theirs |= seen(page, at, name, text)
    except ProbeError:
        return None
    told_by = ours - theirs
    if text:
        told_by &= {Landmark.TEXT}
    if not told_by:
        return None
    needed = told_by | (ours & {Landmark.OPENS, Landmark.NO_PASSWORD})
    if told_by - {Landmark.NAME, Landmark.NO_PASSWORD}:
        needed -= {Landmark.NAME}  # another account is signed in as well
    return PageMark(at, needed, told_by, name, text)


def _candidates(network: Network, pages: Sequence[Page]) -> Iterator[str]:
    profile = network.profile
    if profile.protected:
        yield from (profile.url(each) for each in profile.protected)
        return
    yield pages[-1].url
    if profile.browser:  # its scripts have asked for what only somebody who is signed in gets
        yield from (page.url for page in reversed(pages) if page.exchange.method == "GET")
    yield profile.url("")
    yield from (url for url, text in links(pages[-1]) if only_leads(url, text))
    yield from (profile.url(each) for each in USUAL)


def _is_harmless(network: Network, url: str) -> bool:
    """Whether it may be opened: no way out, nothing that deletes, no picture."""
    at = urlsplit(url)
    said = f"{at.path}?{at.query}"
    return network.profile.may_ask(url) and not any(each.search(said) for each in (SIGN_OUT, HARMS, _NO_PAGE))
