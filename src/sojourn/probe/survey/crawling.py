"""The pages that an ordinary session opens: found by following links that do nothing but lead there."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from sojourn.probe.errors import ProbeError
from sojourn.probe.reading.pages import links
from sojourn.probe.reading.wording import HARMS, SIGN_OUT
from sojourn.probe.survey.learnt import Mark
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor

AT_MOST = 20
"""Pages that are asked for; what is found by then must do."""
_ACTS = re.compile(
    r"terminate|\bend\b|close|reset|toggle|clear|restart|download|export|beenden|disconnect|\bkick|approve|reject"
    r"|confirm|accept|decline|publish|archive|\bvote|impersonate|rotate|regenerate|shutdown|reboot|execute|\bpay\b|\bbuy\b",
    re.IGNORECASE,
)
_NO_WORDS = "".join(chr(code) for code in range(128) if not chr(code).isalnum()) + "×✕✖✗✘❌🗑\ufe0f\xa0"  # noqa: RUF001  # signs on buttons


def opens(page: Page, url: str) -> bool:
    """Whether a page is there, where it was asked for."""
    at, asked = urlsplit(page.url), urlsplit(url)
    return 200 <= page.status < 300 and (at.netloc, at.path) == (asked.netloc, asked.path)


def only_leads(url: str, text: str = "") -> bool:
    """Whether a link sounds as if it led somewhere and did nothing else, by its address and by what stands on it.

    "Revoke" on a link is an order; "How to revoke access" leads to a page.
    """
    at, said = urlsplit(url), text.lstrip(_NO_WORDS)
    acts = any(each.search(f"{at.path}?{at.query}") for each in (SIGN_OUT, HARMS, _ACTS))
    return not (acts or SIGN_OUT.match(said) or HARMS.match(said))


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
        if url not in first and not only_leads(url):
            continue
        seen.add(url)
        try:
            page = visitor.get(url)
        except ProbeError:
            continue
        if opens(page, url):
            waiting += [link for link, text in links(page) if only_leads(link, text)]
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
