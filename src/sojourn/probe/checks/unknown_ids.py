"""An id that was never issued is nobody's, and is not taken over."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forged import as_stranger, bringing, values
from sojourn.probe.examining.tour import path
from sojourn.probe.reading.pages import forms
from sojourn.probe.reading.tokens import like
from sojourn.probe.wire.visitor import Page, Visitor


def _look(examination: Examination) -> Verdict:
    mark, control = examination.survey.marks[0], as_stranger(examination)
    browser = bringing(examination, like)
    page = browser.twin().get(mark.url)
    if page.status >= 500:
        return failed(
            f"{path(mark.url)} answers {page.status} to an id that was never issued", (*control.chain, *page.chain)
        )
    if mark.shows(page) is None:
        raise NotTestable(f"{path(mark.url)} answers {page.status} to an id that was never issued, which tells nothing")
    if mark.shows(page):
        return failed(f"An id that was never issued opens {path(mark.url)}", (*control.chain, *page.chain))
    refused = f"An id that was never issued does not open {path(mark.url)}"
    return passed(refused, page.chain) if browser.bearer else _taken_over(examination, browser, refused)


def _taken_over(examination: Examination, browser: Visitor, refused: str) -> Verdict:
    """Whether the application goes on with the id that the browser brought, where it gives strangers one of its own."""
    url, names = examination.survey.login_url, examination.survey.carriers
    strangers = [examination.visitor() for _ in range(2)]
    theirs = [stranger.get(url) for stranger in strangers]
    brought, first = values(examination, browser), browser.get(url)
    if not all(any(stranger.jar.value(name) for name in names) for stranger in strangers):
        return passed(refused, details=["Whether the id is used on is seen at a sign-in only: strangers get none"])
    if values(examination, browser) != brought:
        return passed(f"{refused}, and is replaced", first.chain)
    evidence = (*theirs[0].chain, *first.chain)
    if _remembers(first, browser.get(url), *theirs):
        return failed(f"{path(url)} begins a session with the id that the browser brought", evidence)
    return warned(
        f"{path(url)} does not replace the id that the browser brought, and gives strangers a new one", evidence
    )


def _remembers(first: Page, second: Page, one: Page, other: Page) -> bool:
    """Whether hidden values that differ from stranger to stranger are the same in two answers to the brought id."""
    return any(
        value == _hidden(second).get(name) and _hidden(one).get(name) != _hidden(other).get(name)
        for name, value in _hidden(first).items()
    )


def _hidden(page: Page) -> dict[str, str]:
    return {field.name: field.value for form in forms(page) for field in form.named("hidden") if field.value}


CHECK = Check(
    id="unknown-ids",
    title="An id that was never issued is nobody's",
    severity=Severity.HIGH,
    references=("ASVS 5.0 7.2.1", "WSTG-SESS-03", "NIST SP 800-53 SC-23(3)", "CWE-384", "Fluid Attacks 280"),
    does=(
        "Brings an id that looks like a real one and was never issued: it must open nothing, cause no fault, and be "
        "replaced on the login page where strangers are given one."
    ),
    advice=(
        "Look each id up, and begin a new session with a new id where it is not found (in PHP: "
        "session.use_strict_mode=1). An application that takes over ids lets an attacker choose the one that a victim"
        " signs in with."
    ),
    sign_ins=0,
    look=_look,
)
