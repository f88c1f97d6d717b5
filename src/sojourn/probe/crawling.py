"""The pages that an ordinary session opens and a stranger does not: found by following links."""

import re
from urllib.parse import urlsplit

from sojourn.probe.errors import ProbeError
from sojourn.probe.network import Network
from sojourn.probe.pages import links
from sojourn.probe.survey import Mark
from sojourn.probe.visitor import Page, Visitor

AT_MOST = 20
"""Pages that are asked for; what is found by then must do."""
_ACTS = re.compile(
    r"(log|sign)[-_]?(out|off)|delete|remove|revoke|destroy|terminate|cancel|close|\bend\b|abmeld", re.IGNORECASE
)


def opens(page: Page, url: str) -> bool:
    """Whether a page is there, where it was asked for."""
    return page.status == 200 and urlsplit(page.url).path == urlsplit(url).path


def protected_pages(network: Network, visitor: Visitor, marks: tuple[Mark, ...]) -> dict[str, Page]:
    """What opens for `visitor` and for no stranger, by address. Leaves alone what sounds as if it did something."""
    found: dict[str, Page] = {}
    waiting, seen = [mark.url for mark in marks], set[str]()
    host = urlsplit(network.profile.target).hostname
    while waiting and len(seen) < AT_MOST:
        url = waiting.pop(0)
        at = urlsplit(url)
        if url in seen or at.hostname != host or not network.profile.may_ask(url):
            continue
        if url not in {mark.url for mark in marks} and _ACTS.search(f"{at.path}?{at.query}"):
            continue
        seen.add(url)
        try:
            page = visitor.twin().get(url)
            if not opens(page, url):
                continue
            waiting += [link for link, _ in links(page)]
            if not opens(Visitor(network).get(url), url):
                found[url] = page
        except ProbeError:
            continue
    return found
