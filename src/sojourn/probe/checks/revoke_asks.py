"""Ending other sessions asks again who it is."""

from sojourn.probe.answers import Severity, Verdict, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.revoking import evidence_of, pressed


def _look(examination: Examination) -> Verdict:
    done = pressed(examination)
    if done.asked_password:
        return passed("The password was asked for again before another session ended", evidence_of(done))
    if not done.ended:
        raise NotTestable("The other session was not ended, so whether that asks for anything cannot be told")
    return warned(
        "Another session was ended and nothing was asked for, seconds after signing in: it may be asked for later on",
        evidence_of(done),
    )


CHECK = Check(
    id="revoke-asks",
    title="Ending other sessions asks for the password again",
    severity=Severity.LOW,
    references=("ASVS 5.0 7.5.2",),
    does="Sees whether the password is asked for when another session is ended from the list.",
    advice="Ask for a factor again before sessions are ended, unless one was given a few minutes ago: whoever finds a "
    "browser unlocked, or has stolen a session, must not sign its owner out everywhere.",
    sign_ins=3,
    shared=3,
    look=_look,
)
