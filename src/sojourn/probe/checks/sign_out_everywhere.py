"""Every page that needs a session has a way to sign out."""

from urllib.parse import urljoin, urlsplit

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.tour import is_html, path, toured
from sojourn.probe.reading.pages import addresses, parsed
from sojourn.probe.reading.wording import SIGN_OUT
from sojourn.probe.wire.visitor import Page


def _look(examination: Examination) -> Verdict:
    pages = [page for page in toured(examination).inside if is_html(page)]
    if not pages:
        raise NotTestable("No page for people that needs a session could be opened")
    known = urlsplit(examination.survey.logout.url).path if examination.survey.logout else ""
    lacking = [page for page in pages if not has_way_out(page, known)]
    if not lacking:
        return passed(f"Each of {len(pages)} pages that need a session has a way to sign out")
    if len(lacking) == len(pages) and any("<script" in page.text.lower() for page in pages):
        raise NotTestable("No page has a way to sign out in its source; their scripts may make one")
    named = ", ".join(dict.fromkeys(path(page.url) for page in lacking))
    return failed(
        f"{len(lacking)} of {len(pages)} pages that need a session have no way to sign out: {named}",
        [page.exchange for page in lacking[:2]],
    )


def has_way_out(page: Page, known: str) -> bool:
    """Whether a page leads to the path `known` to sign out, or has a link, a button or a form that says so."""
    if known.strip("/") and any(urlsplit(urljoin(page.url, each)).path == known for each in addresses(page)):
        return True
    soup = parsed(page)
    for tag in soup.find_all(["a", "button", "form", "input"]):
        said = " ".join([tag.get_text(" "), *(str(tag.get(each) or "") for each in ("value", "title", "aria-label"))])
        leads = " ".join(str(tag.get(each) or "") for each in ("href", "action", "formaction"))
        if SIGN_OUT.search(f"{said} {leads}"):
            return True
    return False


CHECK = Check(
    id="sign-out-everywhere",
    title="Every page that needs a session has a way to sign out",
    severity=Severity.LOW,
    references=("ASVS 5.0 7.4.4", "WSTG-SESS-06", "NIST SP 800-53 AC-12(1)", "CWE-613"),
    does=(
        "Signs in, opens a few pages, and looks for a link, a button or a form to sign out on each that needs a "
        "session."
    ),
    advice="Put the button to sign out into what all pages share, such as the page's header.",
    sign_ins=1,
    look=_look,
)
