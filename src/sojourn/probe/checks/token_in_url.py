"""No address holds the session's token."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.tour import path, toured, without_token
from sojourn.probe.reading.pages import addresses
from sojourn.probe.wire.visitor import Page


def _look(examination: Examination) -> Verdict:
    tour = toured(examination)
    if not tour.tokens:
        raise NotTestable("No value was seen that carries the session and is long enough to be looked for")
    pages = (*tour.signing_in, *tour.pages)
    for page in pages:
        for exchange in page.chain:
            if not without_token(exchange.url, tour.tokens):
                return failed(f"The address of {path(exchange.url)} holds the token", page.chain)
            if not without_token(exchange.header("location"), tour.tokens):
                return failed(f"{path(exchange.url)} redirects to an address that holds the token", [exchange])
            if any(not without_token(each, tour.tokens) for each in addresses(Page((exchange,)))):
                return failed(f"{path(exchange.url)} has links or forms whose address holds the token", [exchange])
    return passed(f"No address on {len(pages)} pages holds the token, and no redirect did")


CHECK = Check(
    id="token-in-url",
    title="No address holds the token",
    severity=Severity.HIGH,
    references=("ASVS 5.0 14.2.1", "WSTG-SESS-04", "CWE-598", "Fluid Attacks requirement 032"),
    does=(
        "Signs in, opens a few pages, and looks for the session's token in each address: of redirects, links, forms, "
        "pictures and scripts."
    ),
    advice=(
        "Carry the token in a cookie and in nothing else (in Java: tracking-mode COOKIE; in PHP: "
        "session.use_trans_sid=0). Addresses are kept in histories and logs, sent to other sites as Referer, and "
        "passed on by people."
    ),
    sign_ins=1,
    look=_look,
)
