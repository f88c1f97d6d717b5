"""The name of the session's cookie keeps other hosts from setting it, and tells nothing of what made it."""

import re

from sojourn.probe.answers import Severity, Verdict, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.given import Given, named, tls_cookies

FRAMEWORKS = {
    "phpsessid": "PHP",
    "jsessionid": "Java",
    "asp.net_sessionid": "ASP.NET",
    ".aspxauth": "ASP.NET",
    ".aspnetcore": "ASP.NET Core",
    "connect.sid": "Express",
    "sessionid": "Django",
    "laravel_session": "Laravel",
    "ci_session": "CodeIgniter",
    "_session_id": "Rails",
    "rack.session": "Rack",
    "wordpress_": "WordPress",
    "cfid": "ColdFusion",
}
"""Names that frameworks give by default, by how they begin."""


def _look(examination: Examination) -> Verdict:
    cookies = tls_cookies(examination)
    bad = [each for each in cookies if _lacks(each)]
    details = [
        f"{each.name} is the name that {framework} gives by itself: it tells what the application is made with"
        for each in cookies
        if (framework := framework_of(each.name))
    ]
    if bad:
        return warned(
            "; ".join(f"{each.name} {_lacks(each)}" for each in bad), [each.exchange for each in bad], details=details
        )
    return passed(f"{named(cookies)} has the prefix that it should", details=details)


def _lacks(given: Given) -> str:
    """What is missing, as the rest of a sentence; "" for nothing."""
    shared = "domain" in given.cookie.attributes
    if given.name.startswith("__Host-"):
        kept = "secure" in given.cookie.attributes and not shared and given.cookie.attributes.get("path") == "/"
        return "" if kept else "is no cookie that a browser keeps: __Host- demands Secure, Path=/ and no Domain"
    if not given.name.startswith("__Secure-"):
        return "has no prefix: another host of the same domain can set it over the application's own"
    return "" if shared else "has the prefix __Secure-, and could have __Host-: it is not shared with other hosts"


def framework_of(name: str) -> str:
    """What gives cookies this name by default; "" if nothing that is known here does."""
    bare = re.sub(r"^__(Host|Secure)-", "", name).lower()
    return next((framework for begin, framework in FRAMEWORKS.items() if bare.startswith(begin)), "")


CHECK = Check(
    id="cookie-prefix",
    title="The session's cookie has the prefix __Host-",
    severity=Severity.LOW,
    references=("ASVS 5.0 3.3.1", "ASVS 5.0 3.3.3", "WSTG-SESS-02", "NIST SP 800-63B-4 5"),
    does=(
        "Reads the name of the session's cookie, and says whether it tells the framework. What it finds is at most a "
        "warning."
    ),
    advice=(
        "Name the cookie __Host-session (with Secure, Path=/ and no Domain), or __Secure-session if it must be shared"
        " with other hosts: no other host, and nobody on the network, can put one of their own in its place then."
    ),
    sign_ins=0,
    look=_look,
)
