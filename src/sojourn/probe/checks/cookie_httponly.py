"""Scripts do not see the session's cookie."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.given import named, session_cookies


def _look(examination: Examination) -> Verdict:
    cookies = session_cookies(examination)
    bad = [each for each in cookies if "httponly" not in each.cookie.attributes]
    if bad:
        return failed(f"{named(bad)} is set without HttpOnly: scripts can read it", [each.exchange for each in bad])
    return passed(f"{named(cookies)} is set with HttpOnly")


CHECK = Check(
    id="cookie-httponly",
    title="The session's cookie is HttpOnly",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 3.3.4", "WSTG-SESS-02", "NIST SP 800-63B-4 5", "CWE-1004", "Fluid Attacks requirement 029"),
    does="Reads the answer that set the session's cookie at the sign-in.",
    advice=(
        "Set the session's cookie with HttpOnly, so that a script that was smuggled into a page cannot send it away."
    ),
    sign_ins=0,
    look=_look,
)
