"""No page holds the session's token."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.tour import Tour, path, toured
from sojourn.probe.reading.pages import addresses
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page


def _look(examination: Examination) -> Verdict:
    tour = toured(examination)
    if not tour.tokens:
        raise NotTestable("No value was seen that carries the session and is long enough to be looked for")
    pages = tour.pages if tour.visitor.bearer else (*tour.signing_in, *tour.pages)
    if not pages:
        raise NotTestable("No page was opened that could hold the token")
    for page in pages:
        for exchange in page.chain:
            if _holds(exchange, tour):
                return failed(f"{path(exchange.url)} has the token in its text, where scripts can read it", [exchange])
    return passed(f"None of {len(pages)} pages has the token in its text")


def _holds(exchange: Exchange, tour: Tour) -> bool:
    """Whether the text holds it; addresses in it are another check's business."""
    elsewhere = "\n".join(addresses(Page((exchange,))))
    return any(exchange.body.count(token) > elsewhere.count(token) for token in tour.tokens)


CHECK = Check(
    id="token-in-page",
    title="No page holds the token",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 3.3.4", "WSTG-SESS-04", "CWE-200", "Fluid Attacks requirement 032"),
    does=(
        "Signs in, opens a few pages, and looks for the session's token in their text. A bearer token has to be in "
        "the answer to the sign-in, and is looked for elsewhere only."
    ),
    advice=(
        "Leave the token to the cookie (HttpOnly): what a script needs against forged requests is a value of its own,"
        " not the token."
    ),
    sign_ins=1,
    look=_look,
)
