"""The number of sessions at once is limited, and the limit is the one that is documented."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.observing import Limit, limit
from sojourn.probe.profiles.declared import Declared, Overflow, declared

_THEN = {
    Overflow.REFUSES: "one more is refused",
    Overflow.ASKS: "whoever signs in then is asked",
    Overflow.ENDS: "one more ends",
}


def _look(examination: Examination) -> Verdict:
    said, seen = declared(examination.profile), limit(examination)
    if seen.overflow is None:
        if said.max_sessions is not None and said.max_sessions >= said.at_most:
            raise NotTestable(
                f"To see a limit of {said.max_sessions}, `at_most` in [limit] must be more than {said.at_most}"
            )
        return failed(
            f"{seen.sessions} browsers signed in one after the other, and all of them stayed signed in", seen.evidence
        )
    summary = f"{seen.sessions} at once; {_THEN[seen.overflow]}{' ' if seen.which else ''}{seen.which}"
    wrong = _differences(said, seen)
    if wrong:
        return failed(f"{summary}. Declared is {' and '.join(wrong)}", seen.evidence, details=_details(seen))
    return passed(summary, seen.evidence, details=_details(seen))


def _differences(said: Declared, seen: Limit) -> list[str]:
    wrong = []
    if said.max_sessions not in {None, seen.sessions}:
        wrong.append(f"a limit of {said.max_sessions}")
    if said.overflow not in {None, seen.overflow}:
        wrong.append(f"`{said.overflow}`")
    return wrong


def _details(seen: Limit) -> list[str]:
    if seen.sessions > 3:
        return ["FedRAMP AC-10 allows 3 sessions to privileged accounts and 2 to others"]
    if seen.sessions == 3:
        return ["FedRAMP AC-10 allows 3 sessions to privileged accounts only, and 2 to others"]
    return []


CHECK = Check(
    id="session-limit",
    title="The number of sessions at once is limited, as documented",
    severity=Severity.MEDIUM,
    references=(
        "NIST SP 800-53 AC-10",
        "ASVS 5.0 7.1.2",
        "WSTG-SESS-11",
        "Fluid Attacks 062",
    ),
    does="Signs in with one browser after the other, each of another kind, and looks after each sign-in whether all "
    "are still signed in, until one is not, or a sign-in is not admitted. Compares that with `[limit]` of the profile.",
    advice="Count the user's sessions, not the request's own, after the password is verified and before the new "
    "session begins; at the limit refuse, end an older one, or ask. Write down which, and how many.",
    sign_ins=8,
    shared=8,
    look=_look,
)
