"""Signing out is no GET: no link, image or prefetch of another site does it."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination


def _look(examination: Examination) -> Verdict:
    logout = examination.survey.logout
    if logout is None:
        raise NotTestable("No way to sign out was found (`logout` in the profile names it)")
    visitor = examination.sign_in()
    before = examination.look(visitor)[1]
    answer = visitor.get(logout.url)
    signed_in, after = examination.look(visitor)
    evidence = (before.exchange, *answer.chain, after.exchange)
    if not signed_in:
        only = "Signing out is a link" if logout.method == "GET" else f"{logout.url} signs out by GET as well"
        return failed(f"{only}: any page that a browser shows can make it do so, and so can a prefetch", evidence)
    examination.sign_out(visitor)
    if examination.is_signed_in(visitor):
        raise NotTestable(f"{logout.describe()} does not sign out, so that nothing follows from a GET that does not")
    return passed(f"GET {logout.url} is answered {answer.status} and does not sign out", evidence)


CHECK = Check(
    id="logout-by-get",
    title="Signing out is no GET",
    severity=Severity.LOW,
    references=("ASVS 5.0 3.5.3", "WSTG-SESS-05", "CWE-352"),
    does="Signs in, asks for the address of the sign-out by GET, and looks whether the session is over.",
    advice="Sign out by POST, from a form with a token, and answer a GET with a page that asks, or with 405.",
    sign_ins=1,
    look=_look,
)
