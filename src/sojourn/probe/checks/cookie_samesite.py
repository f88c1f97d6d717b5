"""Other sites cannot make a browser send the session's cookie along."""

from sojourn.probe.answers import Severity, Verdict, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.given import Given, named, session_cookies


def _look(examination: Examination) -> Verdict:
    cookies = session_cookies(examination)
    evidence = [each.exchange for each in cookies if _says(each) not in {"lax", "strict"}]
    embedded = [each for each in cookies if _says(each) == "none"]
    silent = [each for each in cookies if _says(each) not in {"lax", "strict", "none"}]
    if silent:
        return warned(
            f"{named(silent)} is set without SameSite: Firefox and Safari send it with requests of other sites",
            evidence,
        )
    if embedded:
        return warned(
            f"{named(embedded)} is set with SameSite=None: requests of other sites carry it. That is right only for an "
            "application that other sites embed",
            evidence,
        )
    return passed(f"{named(cookies)} is set with SameSite={' and '.join(_says(each).capitalize() for each in cookies)}")


def _says(given: Given) -> str:
    return given.cookie.attributes.get("samesite", "").lower()


CHECK = Check(
    id="cookie-samesite",
    title="The session's cookie is SameSite",
    severity=Severity.LOW,
    references=("ASVS 5.0 3.3.2", "WSTG-SESS-02", "WSTG-SESS-05", "CWE-1275", "Fluid Attacks requirement 029"),
    does="Reads the answer that set the session's cookie at the sign-in. What it finds is at most a warning.",
    advice="Set the session's cookie with SameSite=Lax, or with Strict where no link from elsewhere has to work.",
    sign_ins=0,
    look=_look,
)
