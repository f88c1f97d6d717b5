"""A changed password ends the account's other sessions, or offers to."""

from dataclasses import replace

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check, Need
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.changing import Changing, changed, changing
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.pair import pair
from sojourn.probe.examining.revoking import offers_to_end_others
from sojourn.probe.wire.agents import browser
from sojourn.probe.wire.visitor import Visitor


def _look(examination: Examination) -> Verdict:
    one, other = pair(examination)
    way = changing(examination, one)
    form = one.twin().get(way.url)
    before = examination.look(other)[1]
    with changed(examination, way, one) as answer:
        signed_in, after = examination.look(other)
        own = examination.is_signed_in(one)
        if signed_in:
            _prove(examination, other, way)
    evidence = (before.exchange, *answer.chain, *after.chain)
    if signed_in and (offers_to_end_others(form) or offers_to_end_others(answer)):
        return warned("A changed password leaves other sessions open unless one chooses to end them", evidence)
    if signed_in:
        return failed("The password was changed, and the other browser is still signed in", evidence)
    details = [] if own else ["The browser that changed it was signed out, too"]
    return passed("The password was changed, and the other browser was signed out by that", evidence, details=details)


def _prove(examination: Examination, other: Visitor, way: Changing) -> None:
    """That the password is another one now; the other browser makes room for the sign-in that shows it."""
    examination.sign_out(other)
    account = replace(examination.profile.account, password=way.new)
    if not examination.attempt(browser(examination.network, 2), account=account).admitted:
        raise NotTestable(f"{way.url} did not accept the new password, which no sign-in accepts either")


CHECK = Check(
    id="password-ends-others",
    title="A changed password ends other sessions",
    severity=Severity.HIGH,
    references=("ASVS 5.0 7.4.3", "CWE-613", "WSTG-SESS-11"),
    does="Signs in with two browsers, changes the password in one, looks whether the other is still signed in, and "
    "changes the password back.",
    advice="End all other sessions with the change of the password, in the same transaction, or offer that beside it: "
    "who changes a password because somebody else knows it wants that somebody out.",
    sign_ins=5,
    look=_look,
    needs=frozenset({Need.CHANGES}),
)
