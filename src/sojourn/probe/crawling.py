"""The pages that an ordinary session opens: found by following links that do nothing but lead there."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from sojourn.probe.errors import ProbeError
from sojourn.probe.network import Network
from sojourn.probe.pages import links
from sojourn.probe.survey import Mark
from sojourn.probe.visitor import Page, Visitor
from sojourn.probe.wording import HARMS, SIGN_OUT

AT_MOST = 20
"""Pages that are asked for; what is found by then must do."""
_ACTS = re.compile(r"terminate|\bend\b|close|reset|toggle|clear|restart|download|export|beenden", re.IGNORECASE)


def opens(page: Page, url: str) -> bool:
    """Whether a page is there, where it was asked for."""
    return page.status == 200 and urlsplit(page.url).path == urlsplit(url).path


def walk(network: Network, visitor: Visitor, starts: Iterable[str]) -> Iterator[Page]:
    """The pages that open for `visitor`, from `starts` on, within the target's host.

    Leaves alone what sounds as if it did something, although no link should.
    """
    waiting, seen = list(starts), set[str]()
    first, host = set(waiting), urlsplit(network.profile.target).hostname
    while waiting and len(seen) < AT_MOST:
        url = waiting.pop(0)
        at = urlsplit(url)
        if url in seen or at.hostname != host or not network.profile.may_ask(url):
            continue
        if url not in first and any(each.search(f"{at.path}?{at.query}") for each in (SIGN_OUT, HARMS, _ACTS)):
            continue
        seen.add(url)
        try:
            page = visitor.get(url)
        except ProbeError:
            continue
        if opens(page, url):
            # "Revoke" on a link is an order; "How to revoke access" leads to a page.
            waiting += [link for link, text in links(page) if not (SIGN_OUT.match(text) or HARMS.match(text))]
            yield page


def protected_pages(network: Network, visitor: Visitor, marks: tuple[Mark, ...]) -> dict[str, Page]:
    """What opens for `visitor` and for no stranger, by address."""
    found = {page.chain[0].url: page for page in walk(network, visitor.twin(), [mark.url for mark in marks])}
    return {url: page for url, page in found.items() if not opens_for_strangers(network, url)}


def opens_for_strangers(network: Network, url: str) -> bool:
    """Whether somebody who is not signed in gets a page there, whatever it says. Not, where no answer comes."""
    try:
        return opens(Visitor(network).get(url), url)
    except ProbeError:
        return False
