"""Browsers are told to come over TLS only, for a year at least."""

import ipaddress
import re
from urllib.parse import urlsplit

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination

YEAR = 31_536_000
HEADER = "strict-transport-security"


def _look(examination: Examination) -> Verdict:
    host = urlsplit(examination.profile.target).hostname
    if not examination.profile.target.startswith("https:"):
        raise NotTestable(
            "The target is served over plain http, where the header means nothing: audit its https address"
        )
    if _is_address(host or ""):
        raise NotTestable("The target is named by an IP address, for which browsers ignore the header")
    answers = [
        each for page in examination.survey.signed_in for each in page.chain if urlsplit(each.url).hostname == host
    ]
    said = [(each, each.header(HEADER)) for each in answers if each.url.startswith("https:")]
    if not said:
        raise NotTestable(f"No answer of the sign-in came from {host} over TLS")
    telling = [(each, text) for each, text in said if text]
    if not telling:
        return failed("No answer of the sign-in has the header Strict-Transport-Security", [each for each, _ in said])
    worst, text = min(telling, key=lambda each: seconds_of(each[1]))
    if seconds_of(text) < YEAR:
        return failed(f"Strict-Transport-Security is {text!r}: shorter than a year ({YEAR} seconds)", [worst])
    silent = [each for each, text in said if not text]
    if silent:
        return warned(f"{len(silent)} of {len(said)} answers of the sign-in lack Strict-Transport-Security", silent)
    if "includesubdomains" not in text.lower():
        return warned(f"Strict-Transport-Security is {text!r}: hosts under {host} are left out", [worst])
    return passed(f"Strict-Transport-Security is {text!r}")


def seconds_of(header: str) -> int:
    """What max-age says; 0 if it is not there, and the header has no effect."""
    found = re.search(r"""(?:^|;)\s*max-age\s*=\s*"?(\d{1,18})"?\s*(?:;|$)""", header, re.IGNORECASE)
    return int(found[1]) if found else 0


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


CHECK = Check(
    id="hsts",
    title="Browsers come over TLS only",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 3.4.1", "WSTG-SESS-09", "WSTG-CONF-07", "CWE-319"),
    does=(
        "Reads Strict-Transport-Security in the answers of the sign-in: at least one year, on every answer, for the "
        "hosts under this one as well (the last two are warnings)."
    ),
    advice=(
        'Send "Strict-Transport-Security: max-age=31536000; includeSubDomains" with every answer over TLS. Without it'
        " a browser's first request may go over plain http, where it can be read and answered by anybody on the way."
    ),
    sign_ins=0,
    look=_look,
)
