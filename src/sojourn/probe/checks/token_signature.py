"""Nobody but the application can make its JSON Web Tokens."""

from collections.abc import Iterator

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forged import values
from sojourn.probe.examining.tour import path
from sojourn.probe.reading.jwt import WEAK, Jwt, mis_signed, read, resigned, unsigned, weak_key


def _look(examination: Examination) -> Verdict:
    visitor = examination.sign_in()
    real = values(examination, visitor)
    tokens = [(number, jwt) for number, value in enumerate(real) if (jwt := read(value)) is not None]
    if not tokens:
        raise NotTestable("The token is no JSON Web Token")
    signed_in, control = examination.look(visitor)
    if not signed_in:
        raise NotTestable("The session ended before forged tokens could be tried")
    mark = examination.survey.marks[0]
    for number, jwt in tokens:
        for forgery, how in _forgeries(jwt):
            changed = [*real[:number], str(forgery), *real[number + 1 :]]
            page = examination.with_token(visitor, changed).get(mark.url)
            if mark.shows(page):
                return failed(f"A token {how} opens {path(mark.url)}", (*control.chain, *page.chain))
        if weak_key(jwt) is not None:
            return failed(
                "The token is signed with a key that everybody knows, such as documentation names", control.chain
            )
    if not examination.is_signed_in(visitor):
        raise NotTestable("The session ended while forged tokens were tried, so their refusal tells nothing")
    algorithms = ", ".join(sorted({jwt.algorithm for _, jwt in tokens}))
    return passed(
        f"Tokens ({algorithms}) that are not signed, wrongly signed, or say that they need no signature open nothing",
        control.chain,
        details=[f"Of weak keys, {len(WEAK)} that everybody knows were tried, and no others"],
    )


def _forgeries(jwt: Jwt) -> Iterator[tuple[Jwt, str]]:
    for word in ("none", "None", "NONE"):
        yield unsigned(jwt, word), f'that says it is not signed ("alg": "{word}")'
    yield mis_signed(jwt), "with another signature"
    yield Jwt(jwt.header, jwt.claims, jwt.signed, ""), "without its signature"
    key = weak_key(jwt)
    if key is not None:
        yield resigned(jwt, key), "made by the probe, with a key that everybody knows,"


CHECK = Check(
    id="token-signature",
    title="Nobody else can make a token",
    severity=Severity.HIGH,
    references=("ASVS 5.0 9.1.1", "ASVS 5.0 9.1.2", "WSTG-SESS-10", "CWE-347", "CWE-326", "CWE-798"),
    does=(
        "Where the token is a JSON Web Token: signs in, and brings it unsigned, wrongly signed, and signed with keys "
        "that stand in documentation."
    ),
    advice=(
        'Accept the one algorithm that the application signs with, and never "none"; verify before anything in the '
        "token counts; sign with a random key of 256 bits at least."
    ),
    sign_ins=1,
    look=_look,
)
