"""A sign-in that stops half-way opens nothing."""

from collections.abc import Iterator, Mapping

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import CannotSignIn, NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.profiles.file import steps_of
from sojourn.probe.signing.steps import StepsLogin, last_secret, send_the_password
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Visitor


def _look(examination: Examination) -> Verdict:
    tried, shown, reasons = [], list[Exchange](), []
    for name, visitor, sent in _halves(examination):
        if sent[-1].status >= 400:
            reasons.append(f"{name} was answered {sent[-1].status}")
            continue
        opened = examination.replay(visitor)
        if opened is not None:
            return failed(f"After {name}, and no more, {opened.url} opens", [*sent, *opened.chain])
        tried.append(name)
        shown += sent
    if not tried:
        raise NotTestable(
            "; ".join(reasons)
            or "The sign-in is one step. A list of steps under [half] in the profile names what stops half-way: a "
            "second factor that is pending, a password reset that has begun"
        )
    pages = len(examination.survey.marks)
    return passed(f"After {' and '.join(tried)}, and no more, none of {pages} pages opens", shown, details=reasons)


def _halves(examination: Examination) -> Iterator[tuple[str, Visitor, list[Exchange]]]:
    """What begins a sign-in and does not finish it: a name, the browser, and what was sent."""
    exchanges, account = examination.network.exchanges, examination.profile.account
    visitor, seen = examination.visitor(), len(exchanges)
    examination.adopt(visitor)
    steps = examination.profile.steps
    if send_the_password(steps[: last_secret(steps)]):
        examination.budget.spend()
    examination.await_code()
    try:
        examination.survey.login.begin(visitor, account)
    except CannotSignIn:
        pass  # as it happens where a login page is shown once only; the sign-in itself tells more of that
    else:
        sent = exchanges[seen:]
        if any(each.method == "POST" for each in sent):
            yield "the first step of the sign-in", visitor, sent
    said = examination.profile.extra.get("half")
    for name, tables in said.items() if isinstance(said, Mapping) else ():
        visitor, seen, steps = examination.visitor(), len(exchanges), steps_of(tables)
        if send_the_password(steps):
            examination.budget.spend()
        examination.await_code()
        examination.adopt(visitor)
        StepsLogin(steps).begin(visitor, account)()
        yield str(name).replace("_", " "), visitor, exchanges[seen:]


CHECK = Check(
    id="half-signed-in",
    title="A sign-in that stops half-way opens nothing",
    severity=Severity.HIGH,
    references=("WSTG-SESS-08", "WSTG-ATHN-11", "ASVS 5.0 6.3.3", "CWE-287", "CWE-841", "Fluid Attacks 301"),
    does=(
        "Does the first step of a sign-in that has two, and what the profile names under [half], such as a second "
        "factor that is pending or a password reset that has begun. Then opens every page that needs a session."
    ),
    advice=(
        "Keep what is pending apart from a session: a state of its own, which no page takes for a user until the last "
        "step is done, and a new session then."
    ),
    sign_ins=1,
    look=_look,
)
