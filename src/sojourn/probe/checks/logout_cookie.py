"""Signing out takes the session's cookie out of the browser."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.departure import departure
from sojourn.probe.examining.examination import Examination


def _look(examination: Examination) -> Verdict:
    if not examination.survey.carriers:
        raise NotTestable("No single cookie carries the session here: there is none to take away")
    seen = departure(examination)
    here = {(each.name, each.host, each.path): each.value for each in seen.left}
    stayed = [each for each in seen.carried if here.get((each.name, each.host, each.path)) == each.value]
    if not stayed:
        return passed("Signing out takes the session's cookie out of the browser, or replaces it", seen.answer.chain)
    names = " and ".join(each.name for each in stayed)
    tried = [
        exchange
        for exchange in seen.answer.chain
        if any(cookie.name in {each.name for each in stayed} for cookie in exchange.set_cookies)
    ]
    if tried:
        return failed(
            f"Signing out means to take {names} away, with a path or a domain that is not the cookie's: it stays", tried
        )
    return warned(f"After signing out, {names} is still in the browser", seen.answer.chain)


CHECK = Check(
    id="logout-cookie",
    title="Signing out takes the cookie out of the browser",
    severity=Severity.LOW,
    references=("ASVS 5.0 14.3.1", "WSTG-SESS-06", "CWE-613"),
    does="Signs in and out, and looks which of the session's cookies a browser would still have.",
    advice=(
        "Expire the cookie in the answer to the sign-out, with the same Path, Domain and Secure with which it was set: "
        "a browser takes it for another one otherwise."
    ),
    sign_ins=1,
    look=_look,
)
