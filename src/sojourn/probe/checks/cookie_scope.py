"""The session's cookie goes to the application's own host and to no other."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.given import Given, named, session_cookies


def _look(examination: Examination) -> Verdict:
    cookies = session_cookies(examination)
    wide = [each for each in cookies if _domain(each)]
    if not wide:
        return passed(f"{named(cookies)} goes to {cookies[0].host} and to no other host")
    evidence = [each.exchange for each in wide]
    told = "; ".join(f"{each.name} goes to every host under {_domain(each)}" for each in wide)
    hosts = examination.profile.hosts
    if all(_domain(each) == each.host or any(other.endswith("." + _domain(each)) for other in hosts) for each in wide):
        return warned(told, evidence)
    return failed(f"{told}, though the application is {wide[0].host}", evidence)


def _domain(given: Given) -> str:
    return given.cookie.attributes.get("domain", "").lstrip(".").lower()


CHECK = Check(
    id="cookie-scope",
    title="The session's cookie goes to no other host",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 3.3.3", "WSTG-SESS-02", "NIST SP 800-63B-4 5", "Fluid Attacks requirement 029"),
    does=(
        "Reads the Domain of the session's cookie. One above the application's host is a failure, unless the operator"
        " has named other hosts under it, which share the cookie on purpose; the host itself is a warning, since "
        "hosts under it get the cookie too."
    ),
    advice=(
        "Leave Domain away: whoever runs or takes over any other host of the domain gets every user's token otherwise."
    ),
    sign_ins=0,
    look=_look,
)
