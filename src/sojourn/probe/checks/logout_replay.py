"""Signing out kills the session on the server: its cookies, sent again, open nothing."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.examination import Examination


def _look(examination: Examination) -> Verdict:
    visitor = examination.sign_in()
    kept = visitor.twin()
    answer = examination.sign_out(visitor)
    opened = examination.replay(kept)
    if opened is not None:
        return failed(
            f"After signing out, the cookies from before still open {opened.url}", (*answer.chain, *opened.chain)
        )
    return passed(
        f"After signing out, the cookies from before open none of {len(examination.survey.marks)} pages", answer.chain
    )


CHECK = Check(
    id="logout-replay",
    title="A session is dead after signing out",
    severity=Severity.HIGH,
    references=(
        "ASVS 5.0 7.4.1",
        "WSTG-SESS-06",
        "NIST SP 800-53 SC-23(1)",
        "CWE-613",
        "Fluid Attacks 076",
    ),
    does="Signs in, keeps a copy of the cookies, signs out, and opens every page that needs a session with the copy.",
    advice="End the session on the server when its user signs out; deleting the cookie in the browser ends nothing.",
    sign_ins=1,
    look=_look,
)
