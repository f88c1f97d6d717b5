"""No other site can sign a browser in, into an account of somebody else's choice."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forging import ELSEWHERE
from sojourn.probe.wire.cookies import Jar
from sojourn.probe.wire.exchange import Exchange


def _look(examination: Examination) -> Verdict:
    sent = [each for page in examination.survey.signed_in for each in page.chain if each.method != "GET"]
    if examination.profile.browser:
        raise NotTestable("A real browser signs in: what its scripts add, another site could perhaps not send")
    if not sent:
        raise NotTestable("A script signs in here: what another site could send in its place is not known")
    if any(_asks_first(each) for each in sent):
        raise NotTestable("The sign-in is sent as JSON, which no page of another site can send unless it is let (CORS)")
    victim = examination.visitor()

    def elsewhere() -> None:
        """The form is the attacker's, tokens and all; the browser that sends it has none of the attacker's cookies."""
        victim.jar, victim.page_of = Jar(), ELSEWHERE

    attempt = examination.attempt(victim, meanwhile=elsewhere)
    signed_in, page = examination.look(victim)
    evidence = (*attempt.pages[-1].chain, page.exchange)
    if not signed_in and attempt.pages[-1].status >= 500:
        raise NotTestable(
            f"The sign-in from another site was answered {attempt.pages[-1].status}: it was not looked at"
        )
    if signed_in:
        return failed("A page of another site can sign a browser in, into the attacker's own account", evidence)
    return passed("A sign-in that another site's page sends is not admitted", evidence)


def _asks_first(exchange: Exchange) -> bool:
    return any(name.lower() == "content-type" and "json" in value for name, value in exchange.request_headers)


CHECK = Check(
    id="login-csrf",
    title="No other site can sign a browser in",
    severity=Severity.LOW,
    references=("ASVS 5.0 3.5.1", "WSTG-SESS-05", "CWE-352"),
    does=(
        "Opens the login page in one browser and sends its form with another, from a foreign origin: as an attacker's "
        "page does that has a visitor sign in to the attacker's account, to see what the visitor then leaves there."
    ),
    advice=(
        "Bind the login form to the browser that opened it, by a token that its cookie has to match, or take sign-ins "
        "from the application's own origin only."
    ),
    sign_ins=1,
    look=_look,
)
