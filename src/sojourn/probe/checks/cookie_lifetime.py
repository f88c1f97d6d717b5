"""The session's cookie does not stay in the browser for longer than a session should last."""

import time
from email.utils import parsedate_to_datetime

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.given import Given, named, session_cookies

HOUR, DAY = 3_600.0, 86_400.0
AAL1, AAL2, AAL3 = 30 * DAY, 24 * HOUR, 12 * HOUR
"""How long a session may last at most, by NIST SP 800-63B-4."""
SLACK = 60.0
"""Seconds by which clocks may differ."""


def _look(examination: Examination) -> Verdict:
    cookies = session_cookies(examination)
    longest = max(cookies, key=lambda each: kept(each) or 0)
    seconds = kept(longest)
    if seconds is None:
        return passed(f"{named(cookies)} is gone when the browser closes")
    said = f"{longest.name} stays in the browser for {_read(seconds)}"
    if seconds > AAL1 + SLACK:
        return failed(f"{said}: longer than a session may last at any level of assurance (30 days)", [longest.exchange])
    if seconds > AAL2 + SLACK:
        return warned(f"{said}: too long for AAL2 (24 hours) and AAL3 (12 hours)", [longest.exchange])
    if seconds > AAL3 + SLACK:
        return passed(said, [longest.exchange], details=["Too long for AAL3 (12 hours)"])
    return passed(said, [longest.exchange])


def kept(given: Given) -> float | None:
    """Seconds for which the browser keeps it, by the clock of the server that said so."""
    try:
        now = parsedate_to_datetime(given.exchange.header("date")).timestamp()
    except ValueError:
        now = time.time()
    return given.cookie.lifetime_at(now)


def _read(seconds: float) -> str:
    return f"{seconds / DAY:.3g} days" if seconds >= 2 * DAY else f"{seconds / HOUR:.3g} hours"


CHECK = Check(
    id="cookie-lifetime",
    title="The session's cookie does not outlast a session",
    severity=Severity.LOW,
    references=("ASVS 5.0 7.3.2", "WSTG-SESS-02", "NIST SP 800-63B-4 5", "CWE-539"),
    does=(
        "Reads for how long the browser is told to keep the session's cookie. What the server does in the end is told"
        " by the checks that wait."
    ),
    advice=(
        "Leave Max-Age and Expires away, so that the cookie goes with the browser, or make them as short as the "
        "session: 12 hours at AAL3, 24 hours at AAL2, 30 days at AAL1."
    ),
    sign_ins=0,
    look=_look,
)
