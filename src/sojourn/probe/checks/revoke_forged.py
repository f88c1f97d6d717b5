"""No other site can make a browser end its user's sessions."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.revoking import evidence_of, pressed


def _look(examination: Examination) -> Verdict:
    done = pressed(examination)
    if done.by_get is not None:
        return failed(f"A GET ends a session: {done.how}", evidence_of(done))
    if done.by_forgery is not None:
        what = "A POST as another site would send it, without the form's token, ends a session"
        if _same_site(examination):
            return warned(f"{what}; only SameSite keeps the cookie out of it", evidence_of(done))
        return failed(what, evidence_of(done))
    if not done.ended:
        raise NotTestable("The other session was not ended by the form itself, so a forged one shows nothing")
    return passed("Neither a GET nor a POST from another site ended a session; the form itself did", evidence_of(done))


def _same_site(examination: Examination) -> bool:
    """Whether every cookie that carries the session is one that browsers leave out of another site's POST."""
    carriers = set(examination.survey.carriers)
    cookies = [
        each
        for page in examination.survey.signed_in
        for exchange in page.chain
        for each in exchange.set_cookies
        if each.name in carriers
    ]
    said = {each.name for each in cookies if each.attributes.get("samesite", "").lower() in {"lax", "strict"}}
    return bool(carriers) and said >= carriers


CHECK = Check(
    id="revoke-forged",
    title="No other site can end a user's sessions",
    severity=Severity.LOW,
    references=("ASVS 5.0 3.5.1", "ASVS 5.0 3.5.3", "WSTG-SESS-05", "CWE-352"),
    does="Asks for the end of another session as another site could make the browser ask: by GET, and by POST with a "
    "foreign Origin and without the form's token.",
    advice="End sessions by POST alone, with the framework's token against forged requests, and check the Origin.",
    sign_ins=3,
    shared=3,
    look=_look,
)
