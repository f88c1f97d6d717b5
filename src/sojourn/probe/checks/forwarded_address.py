"""A browser cannot say from which address it comes."""

import ipaddress
import re

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.tour import path, toured
from sojourn.probe.reading.pages import words

CLAIMS = {
    "X-Forwarded-For": "203.0.113.71",
    "Forwarded": "for=203.0.113.72",
    "X-Real-IP": "203.0.113.73",
    "True-Client-IP": "203.0.113.74",
    "X-Client-IP": "203.0.113.75",
    "X-Cluster-Client-IP": "203.0.113.76",
}
"""Headers that proxies set, each with an address of its own out of those for documentation (RFC 5737)."""


def _look(examination: Examination) -> Verdict:
    showing = [page for page in toured(examination).inside if addresses_in(words(page))]
    if not showing:
        raise NotTestable(
            "No page that was seen shows an address (`url` in [sessions] names the page that lists sessions)"
        )
    visitor = examination.visitor()
    visitor.headers = dict(CLAIMS)
    examination.sign_in(visitor)
    for before in showing:
        after = visitor.get(before.url)
        believed = [name for name, claim in CLAIMS.items() if claim.removeprefix("for=") in words(after)]
        if believed:
            return failed(
                f"{path(after.url)} shows the address that {' and '.join(believed)} named",
                (*before.chain, *after.chain),
            )
        if not addresses_in(words(after)):
            raise NotTestable(f"{path(after.url)} showed an address before, and shows none any more")
    return passed(
        f"{path(showing[0].url)} shows the address that the request came from, whatever {len(CLAIMS)} headers say",
        details=["Whether such a header lifts a limit on wrong passwords is not tried: none is sent"],
    )


def addresses_in(text: str) -> set[str]:
    """The IP addresses in a text."""
    found = set()
    for each in re.findall(r"(?<![\w.:])[0-9A-Fa-f:.]{3,45}(?![\w:])", text):
        try:
            address = ipaddress.ip_address(each.rstrip("."))
        except ValueError:
            continue
        if not address.is_unspecified:  # "::" is in many a text
            found.add(str(address))
    return found


CHECK = Check(
    id="forwarded-address",
    title="A browser cannot claim an address",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 4.1.3", "CWE-348", "CWE-290"),
    does=(
        "Looks for a page that shows from where one is signed in; signs in with headers that name other addresses, "
        "and looks whether the page believes them."
    ),
    advice=(
        "Take the address from the connection, or from X-Forwarded-For counted from its right end past the proxies "
        "that are one's own; let the outermost proxy overwrite such headers. Otherwise lists of sessions, notices, "
        "logs and limits by address say what an attacker likes."
    ),
    sign_ins=2,
    look=_look,
)
