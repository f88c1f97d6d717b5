"""Whoever meets the limit is told that there is another session, or that one was ended for theirs."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.observing import limit, submission
from sojourn.probe.profiles.declared import Overflow
from sojourn.probe.reading.news import news, quiet, speaks_of_sessions


def _look(examination: Examination) -> Verdict:
    seen = limit(examination)
    if seen.overflow is None:
        raise NotTestable("No limit was observed, so there is nothing to be told of")
    # What the ordinary sign-in was answered, and the page to sign in on, are the two that say nothing of it.
    answers = [page for page in seen.last.pages if page.url != seen.login_page.url or page.chain[0].method != "GET"]
    ordinary = (*seen.first.pages, seen.login_page)
    said = " ".join(filter(None, (news(page, *ordinary) for page in answers)))
    evidence = (*seen.first.pages[-1].chain, submission(seen.last), seen.last.pages[-1].exchange)
    if speaks_of_sessions(said):
        return passed("The newcomer is told:", evidence, quoted=said)
    if said:
        return warned("The newcomer is told something, perhaps not why:", evidence, quoted=said)
    if all(quiet(page) for page in answers):
        raise NotTestable("The answer to the sign-in has nothing that can be read: scripts make its page")
    then = "an older session ended" if seen.overflow is Overflow.ENDS else "the sign-in was not admitted"
    return failed(f"At the limit {then}, and the answer says no more than it always does", evidence)


CHECK = Check(
    id="newcomer-told",
    title="Whoever meets the limit is told",
    severity=Severity.LOW,
    references=("Fluid Attacks 062", "NIST SP 800-53 AC-10", "WSTG-SESS-11"),
    does="Compares the answer to a sign-in that met the limit with that to an ordinary one, and with the login page.",
    advice="Say it on the page that the sign-in leads to: that the account is signed in elsewhere, with the device, "
    "place and time of each session, or which session was ended for this one, and what to do if it was somebody else.",
    sign_ins=8,
    shared=8,
    look=_look,
)
