"""Signing out of one browser leaves the other signed in."""

from sojourn.probe.answers import Severity, Verdict, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.pair import pair


def _look(examination: Examination) -> Verdict:
    one, other = pair(examination)
    before = examination.look(other)[1]
    answer = examination.sign_out(one)
    if examination.is_signed_in(one):
        raise NotTestable("Signing out does not sign out the browser itself")
    signed_in, after = examination.look(other)
    evidence = (before.exchange, *answer.chain, *after.chain)
    if signed_in:
        return passed("One browser signed out, and the other one is still signed in", evidence)
    return warned("One browser signed out, and the other one was signed out with it", evidence)


CHECK = Check(
    id="logout-of-one",
    title="Signing out of one browser leaves the others signed in",
    severity=Severity.LOW,
    references=("WSTG-SESS-06", "ASVS 5.0 7.5.2"),
    does="Signs in with two browsers, signs out of one, and looks whether the other is still signed in.",
    advice="Let plain logout end the one session that asks for it, and offer 'sign out everywhere' beside it by that "
    "name. Where one logout ends all, sessions may be the account's rather than each browser's: one token for all.",
    sign_ins=2,
    look=_look,
)
