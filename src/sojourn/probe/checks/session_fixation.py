"""Signing in renews the session's id: whoever knew the id from before is not signed in along with the user."""

from collections.abc import Iterator

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.reading.tokens import like
from sojourn.probe.wire.cookies import Jar
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Visitor


def _look(examination: Examination) -> Verdict:
    if not examination.survey.carriers:
        raise NotTestable("No single cookie carries the session here: there is none to plant before a sign-in")
    tried, evidence = [], list[Exchange]()
    for whose, attacker in _prepared(examination):
        shut, before = examination.look(attacker)
        if shut:
            raise NotTestable(f"{before.url} opens with {whose}, before anybody has signed in")
        attempt = examination.attempt(attacker.twin())
        if not attempt.admitted:
            continue
        evidence = [before.exchange, *attempt.pages[-1].chain]
        opened = examination.replay(attacker)
        if opened is not None:
            return failed(
                f"With {whose} in the browser, a sign-in signs in everybody who has the same: they open {opened.url}",
                [*evidence, opened.exchange],
            )
        tried.append(whose)
        examination.sign_out_of_all()
    if not tried:
        raise NotTestable("No sign-in was admitted in a browser that had a cookie from before")
    return passed(f"After a sign-in in the same browser, {' or '.join(tried)} opens nothing", evidence)


def _prepared(examination: Examination) -> Iterator[tuple[str, Visitor]]:
    """Browsers as an attacker leaves them: with a session that the application began, and with an id made up."""
    issued = examination.visitor()
    for url in (examination.survey.marks[0].url, examination.survey.login_url):
        issued.get(url)
    if any(issued.jar.value(name) for name in examination.survey.carriers):
        yield "the session id that the application gave out before", issued
    own = examination.visitor()
    own.jar = _made_up(examination.survey.visitor.jar.only(*examination.survey.carriers))
    yield "a session id that was made up", own


def _made_up(real: Jar) -> Jar:
    made = real.copy()
    for cookie in real:
        made = made.with_value(cookie.name, like(cookie.value))
    return made


CHECK = Check(
    id="session-fixation",
    title="Signing in renews the session's id",
    severity=Severity.HIGH,
    references=("ASVS 5.0 7.2.4", "WSTG-SESS-03", "CWE-384", "NIST SP 800-53 SC-23(3)", "Fluid Attacks 280"),
    does=(
        "Signs in with browsers in which a session id was planted before: one that the application gave to a stranger, "
        "and one that was made up. Then opens pages that need a session with the planted id alone."
    ),
    advice=(
        "Give the session a new id at every sign-in, end the one from before on the server, and accept no id that the "
        "application has not made itself."
    ),
    sign_ins=2,
    look=_look,
)
