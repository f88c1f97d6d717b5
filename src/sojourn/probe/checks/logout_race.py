"""A request that is under way while its user signs out does not bring the session back to life."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable, ProbeError
from sojourn.probe.examining.departure import Departure, departure
from sojourn.probe.examining.examination import Examination, together
from sojourn.probe.wire.visitor import Page, Visitor

ROUNDS = 3
AT_ONCE = 8
MOST = 40
"""Requests of one browser in one round, where the answer to the sign-out is long in coming."""


@dataclass
class _Request:
    browser: Visitor
    begun: float
    ended: float
    page: Page


def _look(examination: Examination) -> Verdict:
    usual = departure(examination)
    if usual.opened:
        raise NotTestable("Signing out ends nothing here (see logout-replay), so that there is nothing to revive")
    urls, under_way = _slowest(examination, usual), 0
    for _ in range(ROUNDS):
        visitor = examination.sign_in()
        kept = visitor.twin()
        before = [kept.get(url) for url in urls]
        shut = next((page for page in before if page.status != 200), None)
        if shut is not None:
            raise NotTestable(f"{shut.url} was answered {shut.status} to somebody who had just signed in")
        answer, requests = _race(examination, visitor, kept, urls)
        if (answer.status, answer.url) != (usual.answer.status, usual.answer.url):
            raise NotTestable(
                f"With other requests under way, signing out is answered {answer.status}: it may have failed"
            )
        under_way += len(requests)
        browsers = {examination.token(each): each for each in (kept, *(one.browser for one in requests))}
        for browser in browsers.values():
            opened = examination.replay(browser)
            if opened is not None:
                slow = max(requests, key=lambda each: each.ended).page.chain if requests else ()
                return failed(
                    f"A request that was under way during the sign-out brought the session back: {opened.url} opens",
                    (*before[0].chain, *answer.chain, *slow, *opened.chain),
                )
    if not under_way:
        raise NotTestable(
            "No request was under way while a sign-out was answered: `url` under [slow] names a slow page"
        )
    return passed(
        f"{under_way} requests were under way in {ROUNDS} sign-outs, and no session came back", usual.answer.chain
    )


def _race(examination: Examination, visitor: Visitor, kept: Visitor, urls: list[str]) -> tuple[Page, list[_Request]]:
    """Sign out while other tabs ask for pages; the answer, and the requests that were under way meanwhile."""
    over, requests, times, answers = threading.Event(), list[_Request](), list[float](), list[Page]()
    now = examination.clock.now

    def ask(url: str) -> None:
        for _ in range(MOST):
            tab, begun = kept.twin(), now()
            try:
                page = tab.get(url, follow=False)
            except ProbeError:
                return
            requests.append(_Request(tab, begun, now(), page))
            if over.is_set():
                return

    def leave() -> None:
        times.append(now())
        try:
            answers.append(examination.sign_out(visitor))
        finally:
            times.append(now())
            over.set()

    tabs: list[Callable[[], None]] = [partial(ask, urls[number % len(urls)]) for number in range(AT_ONCE)]
    together([leave, *tabs])
    return answers[0], [each for each in requests if each.begun <= times[1] and each.ended >= times[0]]


def _slowest(examination: Examination, usual: Departure) -> list[str]:
    """What the profile names, and otherwise the pages that need the session, the slowest first."""
    said = examination.profile.extra.get("slow")
    named = said.get("url") if isinstance(said, Mapping) else None
    if named:
        return [examination.profile.url(str(named))]
    pages = sorted(usual.before, key=lambda page: -page.exchange.milliseconds)
    return list(dict.fromkeys(page.url for page in pages))


CHECK = Check(
    id="logout-race",
    title="A slow request does not revive a session that was signed out of",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 7.4.1", "WSTG-SESS-06", "CWE-613", "CWE-362", "NIST SP 800-53 SC-23(1)"),
    does=(
        f"Signs out while {AT_ONCE} requests of the same session are under way, to the slowest pages that it knows or "
        f"to `url` under [slow]; {ROUNDS} times. Then opens pages with the cookies of all of them."
    ),
    advice=(
        "Save a session by an update that changes nothing where the session is gone, never by an insert; or keep a "
        "note that it ended, which outlives every request."
    ),
    sign_ins=ROUNDS + 1,
    look=_look,
)
