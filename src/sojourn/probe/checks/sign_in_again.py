"""Who signs in again in the same browser gets a new session, and the one from before is dead."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import CannotSignIn, NotTestable
from sojourn.probe.examining.examination import Attempt, Examination
from sojourn.probe.wire.visitor import Visitor


def _look(examination: Examination) -> Verdict:
    visitor = examination.sign_in()
    if visitor.bearer:
        raise NotTestable("A bearer token carries the session: nothing tells the sign-in which browser it comes from")
    kept = visitor.twin()
    was, before = examination.look(kept)
    if not was:
        raise NotTestable(f"{before.url} did not open right after the sign-in")
    again, shown = _again(examination, visitor)
    if not again.admitted:
        raise NotTestable("The second sign-in in the same browser was not admitted")
    evidence = [before.exchange, *again.pages[-1].chain]
    renewed = examination.token(again.visitor) != examination.token(kept)
    if not renewed and not shown:
        raise NotTestable(
            "Who is signed in is led past the login page, and a sign-in sent all the same changed nothing: "
            "whether the password was looked at cannot be told"
        )
    opened = examination.replay(kept)
    if not renewed:
        return failed("Signing in again in the same browser keeps the session's token as it was", evidence)
    if opened is not None:
        return failed(
            f"Signing in again in the same browser gives a new token, and the one from before still opens {opened.url}",
            [*evidence, opened.exchange],
        )
    return passed("Signing in again in the same browser gives a new token, and the one from before is dead", evidence)


def _again(examination: Examination, visitor: Visitor) -> tuple[Attempt, bool]:
    """Sign in once more, by the login page if it is shown to somebody who is signed in; and whether it is.

    Where it is not: as somebody does who opened the login page in another tab before.
    """
    try:
        return examination.attempt(visitor), True
    except CannotSignIn:
        early = examination.visitor()

        def meanwhile() -> None:
            for cookie in visitor.jar.only(*examination.survey.carriers):
                early.jar.put(cookie)

        return examination.attempt(early, meanwhile=meanwhile), False


CHECK = Check(
    id="sign-in-again-renews",
    title="Signing in again renews the session",
    severity=Severity.LOW,
    references=("ASVS 5.0 7.2.4", "WSTG-SESS-03", "CWE-384", "CWE-613", "Fluid Attacks 030"),
    does="Signs in twice in the same browser, compares the two tokens, and opens pages with the cookies of the first.",
    advice=(
        "Make a new token at every sign-in, of somebody who is signed in already as well, and end the session from "
        "before: whoever had stolen it is out then."
    ),
    sign_ins=3,
    look=_look,
)
