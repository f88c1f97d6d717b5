"""Ending another session from the list ends it, at once, and no other."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.revoking import evidence_of, pressed


def _look(examination: Examination) -> Verdict:
    done = pressed(examination)
    if not done.ended and done.after is not None:
        return failed(
            f"After ending it by {done.how}, the other browser's session still opens {done.after.url}",
            (*evidence_of(done), *done.after.chain),
        )
    if not done.own_alive:
        return warned(f"{done.how} ends the other session, and the one that asks for it, too", evidence_of(done))
    return passed(f"Ended by {done.how}, the other browser's session opens nothing any more", evidence_of(done))


CHECK = Check(
    id="revoke-ends",
    title="Ending another session ends it at once",
    severity=Severity.HIGH,
    references=("ASVS 5.0 7.5.2", "ASVS 5.0 7.4.1", "CWE-613"),
    does="Ends a second browser's session from the first one's list of sessions, gives the password again where it is "
    "asked for, and opens every page that needs a session with the second browser.",
    advice="Delete the session itself, not the entry in the list, and look each token up at each request: a token that "
    "is good by its signature alone cannot be ended.",
    sign_ins=3,
    shared=3,
    look=_look,
)
