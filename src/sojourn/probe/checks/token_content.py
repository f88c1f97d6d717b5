"""The token tells nothing to whoever holds it."""

import re
import time

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forged import values
from sojourn.probe.reading.jwt import read
from sojourn.probe.reading.tokens import readings
from sojourn.probe.wire.exchange import Exchange

_PERSONAL = re.compile(
    r"e?mail|(user|first|last|given|family|full|nick|display)[-_]?name|^name$|phone|address|birth|gender|^roles?$|"
    r"groups?$|permissions?|^ip$|password|picture",
    re.IGNORECASE,
)
"""Names of claims that say something of a person."""
_YEAR = 31_536_000
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,255}\.[\w.-]+")


def _look(examination: Examination) -> Verdict:
    visitor, account = examination.survey.visitor, examination.profile.account
    found = values(examination, visitor)
    texts = [text for value in found for text in readings(value)]
    evidence = _where(examination, found)
    if any(account.password.reveal() in text for text in texts):
        return failed("The token holds the account's password, readable", evidence)
    told = []
    if any(_names(text, account.name) for text in texts):
        told.append("the account's name")
    if any(_ADDRESS.search(text) for text in texts):
        told.append("an e-mail address")
    claims = sorted({name for value in found if (jwt := read(value)) for name in jwt.claims if _PERSONAL.search(name)})
    if claims:
        told.append(f"the claims {', '.join(claims)}")
    details = ["A time can be read in the token"] if any(_has_time(text) for text in texts) else []
    if told:
        return warned(f"Whoever holds the token reads in it: {', '.join(told)}", evidence, details=details)
    readable = "it is opaque" if len(texts) == len(found) else "what can be read of it names nobody"
    return passed(f"The token says nothing of its user: {readable}", evidence, details=details)


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text, re.IGNORECASE) is not None


def _has_time(text: str) -> bool:
    """Whether a time of about now stands there, in seconds or milliseconds."""
    numbers = [int(each) for each in re.findall(r"(?<!\d)(?:\d{10}|\d{13})(?!\d)", text)]
    return any(abs((each / 1000 if each > 10**12 else each) - time.time()) < _YEAR for each in numbers)


def _where(examination: Examination, found: list[str]) -> list[Exchange]:
    """The answer that gave the token."""
    exchanges = [each for page in examination.survey.signed_in for each in page.chain]
    gave = [each for each in exchanges if any(cookie.value in found for cookie in each.set_cookies)]
    if not gave and not exchanges:
        raise NotTestable("No answer of the sign-in was seen")
    return gave[-1:] or exchanges[-1:]


CHECK = Check(
    id="token-content",
    title="The token says nothing of its user",
    severity=Severity.LOW,
    references=("ASVS 5.0 14.2.6", "WSTG-SESS-01", "WSTG-SESS-10", "CWE-315", "CWE-200"),
    does=(
        "Reads the token as anybody could who holds it, base 64 and hex decoded, and looks for the account's name, "
        "its password, addresses, claims about a person, and times. But for a password, what it finds is at most a "
        "warning."
    ),
    advice=(
        "Give browsers a random reference, and keep on the server what belongs to the session. Signing hides nothing;"
        " encrypt what must travel in the token."
    ),
    sign_ins=0,
    look=_look,
)
