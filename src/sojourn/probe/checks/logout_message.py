"""Whoever signs out is told that they are signed out."""

from sojourn.probe.answers import Severity, Verdict, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.departure import departure
from sojourn.probe.examining.examination import Examination
from sojourn.probe.reading.news import news, quiet, speaks_of_sessions


def _look(examination: Examination) -> Verdict:
    seen = departure(examination)
    if seen.inside:
        raise NotTestable("Signing out did not sign out the browser itself")
    answer, stranger = seen.answer, examination.visitor()
    if answer.status >= 400:
        raise NotTestable(f"Signing out was answered {answer.status}")
    if quiet(answer) or "json" in answer.exchange.header("content-type"):
        raise NotTestable("Signing out is answered with data, or with a page that scripts fill: they may say it")
    ordinary = [stranger.get(url) for url in (examination.survey.login_url, "")]
    said = news(answer, *seen.before, *ordinary)
    if speaks_of_sessions(said):
        return passed(f"After signing out, {answer.url} says", answer.chain, quoted=said)
    return warned(f"After signing out, {answer.url} does not say that one is signed out", answer.chain)


CHECK = Check(
    id="logout-message",
    title="Signing out is confirmed by a message",
    severity=Severity.LOW,
    references=("NIST SP 800-53 AC-12(2)", "WSTG-SESS-06"),
    does=(
        "Signs in and out, and reads the page that follows: what it says beyond the login page and the home page has to"
        " be about being signed out. In the languages that it knows; what it finds is at most a warning."
    ),
    advice="Lead from the sign-out to a page that says that the session is over, and how to sign in again.",
    sign_ins=1,
    look=_look,
)
