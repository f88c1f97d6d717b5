"""No other site can sign a browser out."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forging import ELSEWHERE, guessable, same_site


def _look(examination: Examination) -> Verdict:
    logout = examination.survey.logout
    if logout is None:
        raise NotTestable("No way to sign out was found (`logout` in the profile names it)")
    if logout.method != "POST":
        raise NotTestable(f"Signing out is a {logout.method}, which no form of another site sends; see logout-by-get")
    visitor = examination.sign_in()
    if visitor.bearer:
        raise NotTestable("A bearer token carries the session: a browser sends none along by itself")
    before = examination.look(visitor)[1]
    fields = guessable(examination, visitor, logout.url)
    victim = visitor.twin()
    victim.page_of = ELSEWHERE
    answer = victim.post(logout.url, fields)
    signed_in, after = examination.look(victim)
    evidence = (before.exchange, *answer.chain, after.exchange)
    if signed_in:
        examination.sign_out(visitor)
        if examination.is_signed_in(visitor):
            raise NotTestable(f"{logout.describe()} does not sign out, so that nothing follows from a forged one")
        return passed(f"A forged sign-out is answered {answer.chain[0].status} and signs nobody out", evidence)
    kept = {name: same_site(examination, name) for name in examination.survey.carriers}
    shielded = [name for name, said in kept.items() if said in {"lax", "strict"}]
    if shielded:
        return warned(
            f"The application takes a sign-out without a token and from another site. SameSite={kept[shielded[0]]} of "
            f"{shielded[0]} keeps browsers from sending it, but not from sibling hosts",
            evidence,
        )
    return failed("A page of another site can sign a browser out: neither token nor origin is looked at", evidence)


CHECK = Check(
    id="logout-csrf",
    title="No other site can sign a browser out",
    severity=Severity.LOW,
    references=("ASVS 5.0 3.5.1", "WSTG-SESS-05", "CWE-352"),
    does=(
        "Signs in, sends the sign-out as a page of another site would (without a token, from a foreign origin), and "
        "looks whether the session is over."
    ),
    advice="Take a sign-out only with a token against forged requests, or from the application's own origin.",
    sign_ins=1,
    look=_look,
)
