"""Signs that the application is about to lock the account, or has: then the probe stops, and does no more harm."""

import re
from collections.abc import Iterable

from sojourn.probe.visitor import Page

_WORDS = re.compile(
    r"too many (failed |login |sign-?in |unsuccessful )?(attempts|requests|logins|tries)|rate.?limit(ed)?\b"
    r"|(account|user|login)( has been| is)?( temporarily)? (locked|blocked|suspended)|locked out|captcha"
    r"|try again (in|after) \d+ (seconds?|minutes?|hours?)|zu viele (anmelde)?versuche|konto (ist|wurde) gesperrt",
    re.IGNORECASE,
)


def sign_of_lockout(pages: Iterable[Page]) -> str:
    """What in these answers shows a lockout or a rate limit, as a sentence; "" for nothing."""
    for page in pages:
        for exchange in page.chain:
            if exchange.status in {423, 429}:
                return f"{exchange.method} was answered {exchange.status}: a lockout or a rate limit"
        found = _WORDS.search(page.text)
        if found:
            return f"The page after a sign-in says {found[0]!r}: a lockout or a rate limit"
    return ""
