"""The limit holds when many browsers sign in in the same instant."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable, Unreachable
from sojourn.probe.examining.examination import Attempt, Examination
from sojourn.probe.examining.observing import Limit, limit, submission
from sojourn.probe.profiles.declared import Overflow
from sojourn.probe.wire.agents import browser
from sojourn.probe.wire.visitor import Page

BURSTS = 3
MORE = 4
"""Browsers in a burst beyond the limit."""


def _look(examination: Examination) -> Verdict:
    seen = limit(examination)
    if seen.overflow is None:
        raise NotTestable("No limit was observed, so there is none to break")
    if examination.survey.logout is None and seen.overflow is not Overflow.ENDS:
        raise NotTestable("No way to sign out was found (`logout` in the profile): one burst would fill the limit")
    size = seen.sessions + _more(examination, seen)
    bursts = max(1, min(BURSTS, examination.budget.left // size))
    survivors: list[int] = []
    for _ in range(bursts):
        try:
            attempts = examination.attempts([browser(examination.network, number) for number in range(size)])
            _open(examination, attempts)  # an application may end a session only when it is used next
            pages = _open(examination, attempts)
        except Unreachable as error:
            raise NotTestable(
                f"Of {size} sign-ins in the same instant not all were answered ({error}); a longer answer_time may help"
            ) from None
        survivors.append(len(pages))
        if len(pages) > seen.sessions:
            return failed(
                f"The limit is {seen.sessions}, but of {size} browsers that signed in in the same instant {len(pages)} "
                "stayed signed in",
                [*(submission(each) for each in attempts if each.admitted), *(page.exchange for page in pages)],
            )
        examination.sign_out_of_all()
    if not any(survivors):
        raise NotTestable(f"None of {size} browsers that signed in in the same instant is signed in afterwards")
    return passed(
        f"Of {size} browsers that signed in in the same instant no more than {max(survivors)} stayed signed in, "
        f"in {bursts} {'bursts' if bursts > 1 else 'burst'}; the limit is {seen.sessions}"
    )


def _more(examination: Examination, seen: Limit) -> int:
    """How many browsers beyond the limit can be answered in time, where passwords are hashed one after the other."""
    seconds = max(0.001, *(submission(each).milliseconds / 1000 for each in (seen.first, seen.last)))
    in_time = int(examination.profile.answer_time / 4 / seconds)
    return max(1, min(MORE, in_time - seen.sessions))


def _open(examination: Examination, attempts: list[Attempt]) -> list[Page]:
    looks = [examination.look(each.visitor) for each in attempts]
    return [page for signed_in, page in looks if signed_in]


CHECK = Check(
    id="session-limit-race",
    title="The limit holds when many sign in in the same instant",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 15.4.2", "CWE-362", "NIST SP 800-53 AC-10", "WSTG-SESS-11"),
    does="Lets more browsers than the limit allows send the right password in the same instant, a few times, and "
    "counts how many of them are signed in afterwards.",
    advice="Count and admit in one atomic step: lock the user's row (or compare a version) before counting, and write "
    "the new session in the same transaction. A count before an insert is no limit.",
    sign_ins=26,
    shared=8,
    look=_look,
)
