"""A token is good as a whole or not at all."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forged import values
from sojourn.probe.examining.tour import path
from sojourn.probe.reading.tokens import tampered


def _look(examination: Examination) -> Verdict:
    thief = examination.stolen(examination.sign_in())
    mark = examination.survey.marks[0]
    signed_in, control = examination.look(thief)
    if not signed_in:
        raise NotTestable("The session's own cookies are not enough to be signed in: what else is needed is not known")
    real, tried = values(examination, thief), 0
    for number, value in enumerate(real):
        for other in tampered(value):
            changed = [*real[:number], other, *real[number + 1 :]]
            page = examination.with_token(thief, changed).get(mark.url)
            tried += 1
            if page.status >= 500:
                return failed(
                    f"{path(mark.url)} answers {page.status} to a token with one character changed",
                    (*control.chain, *page.chain),
                )
            if mark.shows(page):
                return failed(
                    f"A token with one character changed still opens {path(mark.url)}", (*control.chain, *page.chain)
                )
    if not tried:
        raise NotTestable("The token is too short to change a character of it and be sure to have another one")
    if not examination.is_signed_in(thief):
        raise NotTestable("The session ended while changed tokens were tried, so their refusal tells nothing")
    return passed(f"{tried} tokens with one character changed open nothing, and the real one still does", control.chain)


CHECK = Check(
    id="tampered-token",
    title="A token with one character changed is nobody's",
    severity=Severity.HIGH,
    references=("ASVS 5.0 7.2.1", "WSTG-SESS-01", "WSTG-SESS-10", "CWE-345", "CWE-565"),
    does=(
        "Signs in, changes one character within the token, at three places one after the other, and opens a page that"
        " needs a session with the session's cookies alone."
    ),
    advice=(
        "Compare the whole token with the one that was issued, or verify its signature over all of it, before "
        "anything in it counts."
    ),
    sign_ins=1,
    look=_look,
)
