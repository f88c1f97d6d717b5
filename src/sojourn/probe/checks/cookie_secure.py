"""The session's cookie goes over TLS only."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.given import named, tls_cookies


def _look(examination: Examination) -> Verdict:
    cookies = tls_cookies(examination)
    bad = [each for each in cookies if "secure" not in each.cookie.attributes]
    if bad:
        return failed(
            f"{named(bad)} is set without Secure: it goes over plain http too", [each.exchange for each in bad]
        )
    return passed(f"{named(cookies)} is set with Secure")


CHECK = Check(
    id="cookie-secure",
    title="The session's cookie is Secure",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 3.3.1", "WSTG-SESS-02", "NIST SP 800-63B-4 5", "CWE-614", "Fluid Attacks requirement 029"),
    does="Reads the answer that set the session's cookie at the sign-in.",
    advice=(
        "Set the session's cookie with Secure. One request over plain http, to which anybody on the network can lead "
        "a browser, gives it away otherwise."
    ),
    sign_ins=0,
    look=_look,
)
