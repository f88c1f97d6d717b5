"""Signing out kills the session on the server: its cookies, sent again, open nothing."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.examining.departure import departure
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.visitor import Page


def _look(examination: Examination) -> Verdict:
    seen = departure(examination)
    evidence = (*seen.before[0].chain, *seen.answer.chain)
    many = len(seen.before)
    if seen.opened:
        return failed(
            f"After signing out, the cookies from before still open {seen.opened[0].url}",
            (*evidence, *seen.opened[0].chain),
            details=[f"{len(seen.opened)} of {many} pages that need a session open: {_urls(seen.opened)}"],
        )
    return passed(f"The cookies from before opened {many} pages, and none of them after signing out", evidence)


def _urls(pages: tuple[Page, ...]) -> str:
    return ", ".join(dict.fromkeys(page.url for page in pages))


CHECK = Check(
    id="logout-replay",
    title="A session is dead after signing out",
    severity=Severity.HIGH,
    references=(
        "ASVS 5.0 7.4.1",
        "WSTG-SESS-06",
        "NIST SP 800-53 SC-23(1)",
        "CWE-613",
        "Fluid Attacks 076",
    ),
    does="Signs in, keeps a copy of the cookies, signs out, and opens every page that needs a session with the copy.",
    advice="End the session on the server when its user signs out; deleting the cookie in the browser ends nothing.",
    sign_ins=1,
    look=_look,
)
