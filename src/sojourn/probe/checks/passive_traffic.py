"""What a page asks for by itself does not keep its session open."""

import re
from collections.abc import Mapping

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check, Need
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.demands import duration
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.lasting import AFTER, idle
from sojourn.probe.wire.visitor import Page, Visitor

_QUOTED = re.compile(r"""["']([\w/.-]{1,200})(?=["'])""")
_BY_ITSELF = re.compile(r"poll|heartbeat|\bping|\bstate\b|\bstatus\b|unread|notification|update")
_ON_PURPOSE = re.compile(r"keep|extend|renew|refresh|stay|log-?out|sign-?out|\.(js|css|png|svg|html?)$", re.IGNORECASE)


def _look(examination: Examination) -> Verdict:
    span = idle(examination).span
    if span.dead is None:
        raise NotTestable(
            f"A session that lay idle for {duration(span.alive)} was still open: a longer --wait may see it end"
        )
    visitor = examination.sign_in()
    url, first = _asked(examination, visitor)
    began, step = examination.clock.now(), (span.alive or span.dead / 2) / 3
    over = span.dead + max(AFTER, step)
    while (past := examination.clock.now() - began) < over:
        examination.wait(min(step, over - past))
        last = visitor.get(url)
    signed_in, page = examination.look(visitor)
    evidence = (*first.chain, *last.chain, page.exchange)
    said = f"Asking for {url} every {duration(step)}"
    if signed_in:
        return failed(
            f"{said} kept a session open for {duration(over)}, which ends {span} of inactivity otherwise", evidence
        )
    return passed(f"{said} did not keep a session open for longer than without it ({span})", evidence)


def _asked(examination: Examination, visitor: Visitor) -> tuple[str, Page]:
    """What to ask for, and its first answer: an address that answers somebody who is signed in, and nobody else so."""
    for url in _named(examination) or _found(examination, visitor):
        page, stranger = visitor.get(url), examination.visitor().get(url)
        if page.status < 400 and (page.status, page.url, page.text) != (stranger.status, stranger.url, stranger.text):
            return url, page
    raise NotTestable(
        "No page was seen that asks for something by itself, such as a state or new messages: `urls` under [passive] "
        "names the addresses"
    )


def _named(examination: Examination) -> list[str]:
    said = examination.profile.extra.get("passive")
    urls = said.get("urls") if isinstance(said, Mapping) else None
    return [examination.profile.url(str(each)) for each in urls] if isinstance(urls, list | tuple) else []


def _found(examination: Examination, visitor: Visitor) -> list[str]:
    pages = [visitor.twin().get(mark.url) for mark in examination.survey.marks]
    found = [examination.profile.url(each) for page in pages for each in asked_for(page.text)]
    return [each for each in dict.fromkeys(found) if examination.profile.may_ask(each)]


def asked_for(text: str) -> list[str]:
    """Addresses in a page that look as if its scripts ask for them all the time, and not in order to stay signed in."""
    found = [each for each in dict.fromkeys(_QUOTED.findall(text)) if _BY_ITSELF.search(each)]
    return [each for each in found if "/" in each and not _ON_PURPOSE.search(each)]


CHECK = Check(
    id="passive-traffic",
    title="What a page asks for by itself does not keep its session open",
    severity=Severity.LOW,
    references=("ASVS 5.0 7.3.1", "WSTG-SESS-07", "NIST SP 800-53 AC-12", "CWE-613"),
    does=(
        "Asks for what a page polls (found in its source, or `urls` under [passive]) and for nothing else, until an "
        "idle session would be over; then looks whether this one is."
    ),
    advice="Count as activity only what its user does: not polling, heartbeats or whatever else scripts ask for.",
    sign_ins=1,
    needs=frozenset({Need.WAIT}),
    look=_look,
)
