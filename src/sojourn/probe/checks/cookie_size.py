"""No cookie is larger than browsers keep."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.given import all_given, named

MOST = 4096
"""Bytes of name and value together (RFC 6265bis)."""


def _look(examination: Examination) -> Verdict:
    cookies = all_given(examination)
    if not cookies:
        raise NotTestable("No answer of the sign-in set a cookie")
    bad = [each for each in cookies if _size(each.cookie.name, each.cookie.value) > MOST]
    if bad:
        return failed(f"{named(bad)} is larger than {MOST} bytes", [each.exchange for each in bad])
    largest = max(_size(each.cookie.name, each.cookie.value) for each in cookies)
    return passed(f"The largest of {len(cookies)} cookies has {largest} bytes")


def _size(name: str, value: str) -> int:
    return len(name.encode()) + len(value.encode())


CHECK = Check(
    id="cookie-size",
    title="Every cookie is small enough for browsers to keep",
    severity=Severity.LOW,
    references=("ASVS 5.0 3.3.5", "WSTG-SESS-02"),
    does=f"Measures name and value of each cookie that the sign-in set; browsers drop what has more than {MOST} bytes.",
    advice="Keep on the server what belongs to a session, and give the browser nothing but a reference to it.",
    sign_ins=0,
    look=_look,
)
