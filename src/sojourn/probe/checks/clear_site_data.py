"""Signing out has the browser forget what the site stored in it."""

import re

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.departure import departure
from sojourn.probe.examining.examination import Examination

_KNOWN = {"cache", "cookies", "storage", "executionContexts", "clientHints", "prefetchCache", "prerenderCache", "*"}


def _look(examination: Examination) -> Verdict:
    seen = departure(examination)
    secure = [each for each in seen.answer.chain if each.url.startswith("https:")]
    if not secure:
        raise NotTestable("Browsers heed Clear-Site-Data over https only: audit the target at its https address")
    saying = [each for each in secure if each.header("clear-site-data")]
    if not saying:
        return warned("The answer to a sign-out has no Clear-Site-Data", secure)
    header = ", ".join(value for each in saying for value in each.all("clear-site-data"))
    said = set(re.findall(r'"([^"]*)"', header)) & _KNOWN
    if not said:
        return failed(
            f"Browsers take nothing from Clear-Site-Data: {header}: each word stands in quotation marks", saying
        )
    if not said & {"storage", "*"}:
        return warned(f'Clear-Site-Data: {header} leaves what scripts stored: "storage" is not among it', saying)
    wide = sorted(said & {"cookies", "*"})
    notes = [
        f'"{each}" deletes the cookies of the whole registrable domain: sibling applications are signed out, too'
        for each in wide
    ]
    return passed(f"The answer to a sign-out has Clear-Site-Data: {header}", saying, details=notes)


CHECK = Check(
    id="clear-site-data",
    title="Signing out clears what the site stored in the browser",
    severity=Severity.LOW,
    references=("ASVS 5.0 14.3.1", "CWE-922"),
    does="Signs in and out, and reads Clear-Site-Data in the answers.",
    advice=(
        'Send Clear-Site-Data: "storage" with the answer to the sign-out, the quotation marks included. Add "cookies" '
        "only where nothing else lives on the registrable domain."
    ),
    sign_ins=1,
    look=_look,
)
