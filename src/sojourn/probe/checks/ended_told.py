"""A browser whose session was ended for somebody else's sign-in is told so at its next request."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.observing import limit, submission
from sojourn.probe.reading.news import news, quiet, speaks_of_sessions


def _look(examination: Examination) -> Verdict:
    seen = limit(examination)
    if not seen.ended:
        raise NotTestable("No session ended when another browser signed in, so there is nobody to tell")
    older = seen.ended[0]
    said = news(older.after, older.stranger, seen.login_page)
    evidence = (older.before.exchange, submission(seen.last), *older.after.chain, older.stranger.exchange)
    if speaks_of_sessions(said):
        return passed("The older browser is told:", evidence, quoted=said)
    if said:
        return warned("The older browser is told something, perhaps not why:", evidence, quoted=said)
    if quiet(older.after):
        raise NotTestable("What the older browser gets has nothing that can be read: scripts make its page")
    return failed(
        "A browser whose session was ended by another sign-in sees at its next request what any stranger sees", evidence
    )


CHECK = Check(
    id="ended-told",
    title="Whoever is signed out by another sign-in is told why",
    severity=Severity.LOW,
    references=("Fluid Attacks 062", "NIST SP 800-53 AC-12(2)", "WSTG-SESS-11"),
    does="Looks what a browser sees at its first request after another one's sign-in ended its session, and compares "
    "that with what a stranger sees at the same address.",
    advice="Remember for a while why a session ended, and say it at its next request: that somebody signed in, with "
    "what device, where and when, and how to react if it was not the user. A bare login page hides a stolen password.",
    sign_ins=8,
    shared=8,
    look=_look,
)
