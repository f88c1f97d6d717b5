"""A browser whose sign-in was refused, or waits for a choice, opens nothing."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.observing import limit, submission


def _look(examination: Examination) -> Verdict:
    seen = limit(examination)
    if seen.prying is None:
        raise NotTestable(
            "No limit was observed: nobody is refused or asked"
            if seen.overflow is None
            else "At the limit an older session ends: nobody is refused or asked"
        )
    pried = seen.prying
    if not pried.tried:
        raise NotTestable("No page was found that a session opens and a stranger does not")
    if pried.opened is not None and pried.proper is not None:
        return failed(
            f"A browser whose sign-in was not admitted opens {pried.opened.url} {pried.how}",
            (submission(pried.attempt), pried.proper.exchange, pried.opened.exchange),
        )
    return passed(
        f"A browser whose sign-in was not admitted opens none of {pried.tried} pages, nor does any of {pried.tickets} "
        "values of the answer work as a session",
        (submission(pried.attempt),),
    )


CHECK = Check(
    id="pending-opens-nothing",
    title="A sign-in that was refused, or waits for a choice, opens nothing",
    severity=Severity.HIGH,
    references=("Fluid Attacks 301", "ASVS 5.0 7.6.2", "NIST SP 800-53 AC-10", "CWE-613"),
    does="Meets the limit, and asks with the cookies that the refused or waiting browser has then for every page that "
    "an ordinary session opens; also with the values of the answer as session cookie and bearer token, and once more "
    "after another browser has signed out.",
    advice="Begin no session before the limit is decided. What a waiting browser carries must be a ticket of its own, "
    "good for the choice and for nothing else, and no state of the session that other pages take for signed in.",
    sign_ins=8,
    shared=8,
    look=_look,
)
