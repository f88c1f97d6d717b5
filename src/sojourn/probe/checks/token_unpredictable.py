"""Each sign-in has a token of its own, which allows for enough randomness and is made of nothing that is known."""

import time
from email.utils import parsedate_to_datetime

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Attempt, Examination
from sojourn.probe.examining.forged import values
from sojourn.probe.reading.tokens import Strength, guessed, is_dated, is_self_contained, strength
from sojourn.probe.wire.exchange import Exchange

AT_ONCE, AFTER = 4, 4
"""Sign-ins in the same instant, and one after another."""
FEWEST = 5
"""Tokens without which nothing is said."""
ENOUGH, TOO_FEW = 128, 64
"""Bits: what ASVS asks for, and what can be searched."""


def _look(examination: Examination) -> Verdict:
    attempts = _signed_in(examination)
    found = [values(examination, each.visitor) for each in attempts]
    if len(found) < FEWEST:
        raise NotTestable(
            f"Only {len(found)} of {AT_ONCE + AFTER} sign-ins were admitted: too few tokens to judge them"
        )
    evidence = [exchange for each in attempts[:3] for exchange in _giving(each, examination)]
    for each, tokens in zip(attempts, found, strict=True):
        for token in tokens:
            how = guessed(token, examination.profile.account.name, _about(each))
            if how or is_dated(token):
                return failed(f"The token is {how or 'a UUID that is made of the time'}", evidence)
    distinct, contained = len({tuple(tokens) for tokens in found}), any(is_self_contained(each) for each in found[0])
    if distinct < len(found) and not contained:
        return failed(f"{len(found)} sign-ins were given {distinct} tokens: some have the same", evidence)
    if contained:
        details = [
            "The token holds its session's data, readable: whether one can be guessed is a matter of its signature"
        ]
        if distinct < len(found):
            said = f"{len(found)} sign-ins were given {distinct} tokens: those that have the same cannot be told apart"
            return warned(said, evidence, details=details)
        return passed(f"{len(found)} sign-ins have {distinct} tokens", details=details)
    best = max((strength(column) for column in zip(*found, strict=True)), key=lambda each: each.bits)
    details = _tell(best, len(found))
    said = f"{len(found)} tokens are distinct, and allow for {best.bits:.0f} bits of randomness at most"
    if best.bits < TOO_FEW:
        return failed(f"{said}: few enough to be searched", evidence, details=details)
    if best.bits < ENOUGH:
        return warned(f"{said}; {ENOUGH} are asked for", evidence, details=details)
    return passed(said, details=details)


def _signed_in(examination: Examination) -> list[Attempt]:
    """Sign-ins that were admitted; what a limit refuses is not counted, and each ends before the next one begins."""
    # One-time codes allow for none at once: those that follow one another are enough then.
    at_once = AT_ONCE if examination.profile.account.totp is None else 1
    visitors = [examination.visitor() for _ in range(at_once)]
    found = [each for each in examination.attempts(visitors) if each.admitted]
    for _ in range(AFTER):
        examination.sign_out_of_all()
        attempt = examination.attempt()
        if attempt.admitted:
            found.append(attempt)
    return found


def _about(attempt: Attempt) -> range:
    """The seconds in which the token may have been made, by the server's clock and by this one's."""
    dates = [exchange.header("date") for page in attempt.pages for exchange in page.chain]
    try:
        at = [int(parsedate_to_datetime(each).timestamp()) for each in dates if each]
    except ValueError:
        at = []
    return range(min(at, default=int(time.time())) - 2, max(at, default=int(time.time())) + 3)


def _giving(attempt: Attempt, examination: Examination) -> list[Exchange]:
    exchanges = [each for page in attempt.pages for each in page.chain]
    names = examination.survey.carriers
    return [each for each in exchanges if any(cookie.name in names for cookie in each.set_cookies)][-1:]


def _tell(best: Strength, tokens: int) -> list[str]:
    length = f"{best.shortest}" if best.shortest == best.longest else f"{best.shortest} to {best.longest}"
    return [
        f"{length} characters ({best.alphabet}); {best.varying} positions vary",
        *([f"The first {best.prefix} characters are the same in all {tokens} tokens"] if best.prefix else []),
        "Whether the generator is fit for secrets cannot be told from outside: the source has to say it",
    ]


CHECK = Check(
    id="token-unpredictable",
    title="Tokens are distinct and long enough to be unpredictable",
    severity=Severity.HIGH,
    references=("ASVS 5.0 7.2.2", "ASVS 5.0 7.2.3", "WSTG-SESS-01", "CWE-330", "CWE-331", "CWE-340"),
    does=(
        f"Signs in {AT_ONCE} times in the same instant and {AFTER} times one after another, and compares the tokens: "
        "all distinct, no digest of what is known, positions and alphabet that vary enough for "
        f"{ENOUGH} bits. It can show that tokens are too weak, and never that they are random."
    ),
    advice=(
        "Take 16 bytes or more from the generator that the platform has for secrets (secrets.token_urlsafe, "
        "crypto.randomBytes, SecureRandom) for each session, and nothing else."
    ),
    sign_ins=AT_ONCE + AFTER,
    look=_look,
)
