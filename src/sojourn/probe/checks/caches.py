"""No cache keeps a page that needs a session."""

import re
import secrets

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.tour import path, toured
from sojourn.probe.survey.crawling import opens
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page, Visitor

TRIED = 4
"""Pages of which a stranger asks for a copy."""


def _look(examination: Examination) -> Verdict:
    tour = toured(examination)
    if not tour.inside:
        raise NotTestable("No page that needs a session could be opened")
    copied = _copied(examination, tour.visitor, tour.pages)
    if copied:
        return failed(f"A cache serves {path(copied[-1].url)} of somebody who is signed in to a stranger", copied)
    shared = [page.exchange for page in tour.inside if shared_caches_may_keep(page.exchange)]
    if shared:
        return failed(f"{_paths(shared)}: shared caches may keep it ({shared[0].header('cache-control')})", shared[:2])
    kept = [page.exchange for page in tour.inside if "no-store" not in page.exchange.header("cache-control").lower()]
    if kept:
        said = kept[0].header("cache-control") or "no Cache-Control at all"
        return warned(f"{_paths(kept)}: the browser may keep it, and show it after signing out ({said})", kept[:2])
    return passed(f"{len(tour.inside)} pages that need a session are sent with no-store")


def _copied(examination: Examination, visitor: Visitor, pages: tuple[Page, ...]) -> list[Exchange]:
    """The exchanges that show a copy being served: of addresses that nobody has asked for before, nor will again."""
    if not examination.is_signed_in(visitor):
        visitor = examination.sign_in()
    for page in pages[:TRIED]:
        fresh, other = (f"{page.url}{'&' if '?' in page.url else '?'}probe={secrets.token_hex(8)}" for _ in range(2))
        mine = visitor.twin().get(fresh)
        theirs = examination.visitor().get(fresh)
        if opens(mine, fresh) and opens(theirs, fresh):
            nobodys = examination.visitor().get(other)
            if not opens(nobodys, other):
                return [*mine.chain, *nobodys.chain, *theirs.chain]
    return []


def shared_caches_may_keep(exchange: Exchange) -> bool:
    """Whether the answer allows caches that serve several people to keep it for a while (RFC 9111)."""
    said = exchange.header("cache-control").lower()
    if re.search(r"\b(no-store|private|no-cache)\b", said):
        return False
    return bool(re.search(r"\bpublic\b|\b(s-maxage|max-age)\s*=\s*\"?0*[1-9]", said))


def _paths(exchanges: list[Exchange]) -> str:
    return ", ".join(dict.fromkeys(path(each.url) for each in exchanges))


CHECK = Check(
    id="caches",
    title="No cache keeps what needs a session",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 14.3.2", "WSTG-SESS-04", "WSTG-ATHN-06", "CWE-525", "CWE-524"),
    does=(
        "Reads Cache-Control of pages that need a session; opens some of them at addresses that are new, and asks for"
        " the same as a stranger, who must not get a copy."
    ),
    advice=(
        'Send "Cache-Control: no-store" with every answer that depends on who is signed in, and make no cache in '
        "front of the application keep answers by their address alone."
    ),
    sign_ins=2,
    look=_look,
)
