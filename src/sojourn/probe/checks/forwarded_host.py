"""A browser cannot say which host it has asked for."""

import secrets

from sojourn.probe.answers import Severity, Verdict, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.tour import path
from sojourn.probe.reading.pages import addresses
from sojourn.probe.wire.visitor import Page

HOST = "sojourn-probe.invalid"
CLAIMS = {"X-Forwarded-Host": HOST, "X-Host": HOST, "Forwarded": f"host={HOST}"}


def _look(examination: Examination) -> Verdict:
    seen = []
    for url in (examination.survey.login_url, examination.survey.marks[0].url):
        # An address of its own, so that no cache in front of the application keeps for others what is answered here.
        fresh = f"{url}{'&' if '?' in url else '?'}probe={secrets.token_hex(8)}"
        page = examination.visitor().get(fresh, follow=False, headers=CLAIMS)
        if page.status >= 500:
            raise NotTestable(f"{path(url)} answered {page.status} to a request with headers of proxies")
        if HOST in page.exchange.header("location"):
            return warned(f"{path(url)} redirects to the host that a header named", page.chain)
        if any(HOST in each for each in addresses(Page(page.chain))):
            return warned(f"{path(url)} has links to the host that a header named", page.chain)
        seen.append(path(url))
    return passed(f"Neither redirects nor links of {' and '.join(seen)} follow the host that a header names")


CHECK = Check(
    id="forwarded-host",
    title="A browser cannot claim a host",
    severity=Severity.LOW,
    references=("ASVS 5.0 4.1.3", "WSTG-INPV-17", "CWE-348", "CWE-644"),
    does=(
        "Opens the login page, and a page that leads to it, with headers that name another host, and looks for that "
        "host in redirects and links. What it finds is at most a warning: the letters that an application sends are "
        "not seen here."
    ),
    advice=(
        "Make addresses, above all those in letters for a forgotten password, out of a configured host; let the "
        "outermost proxy overwrite X-Forwarded-Host and Forwarded."
    ),
    sign_ins=0,
    look=_look,
)
