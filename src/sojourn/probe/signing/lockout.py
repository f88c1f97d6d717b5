"""Signs that the application is about to lock the account, or has: then the probe stops, and does no more harm."""

import re
from collections.abc import Iterable

from sojourn.probe.reading.pages import forms, words
from sojourn.probe.reading.wording import CAPTCHA
from sojourn.probe.wire.visitor import Page

_WORDS = re.compile(
    r"too many (failed |invalid |unsuccessful |incorrect )?(login |log-?in |sign-?in |authentication |password )?"
    r"(attempts|requests|tries|failures)|(exceeded|reached) .{0,40}\b(attempts|rate limit)|rate limit(ed)? exceeded"
    r"|(account|user|login|address|ip)( has been| was| is)?( temporarily| now)? (locked|blocked|suspended|banned)"
    r"|locked out|(you are|you have been) (temporarily )?(banned|blocked)|temporarily (locked|blocked|banned)"
    r"|(try|retry) again (in|after) (\d{1,9}|a few|some|one|several) (seconds?|minutes?|hours?)"
    r"|\d{1,9} (login )?attempts? (left|remaining)|unusual (login |sign-?in )?activity"
    r"|zu viele ((fehlgeschlagene )?(anmelde|login)-?versuche|versuche|anfragen)|konto (ist|wurde) .{0,20}gesperrt"
    r"|trop de tentatives|demasiados intentos|troppi tentativi|te veel pogingen",
    re.IGNORECASE,
)
_REFUSED = {423, 429}


def sign_of_lockout(pages: Iterable[Page]) -> str:
    """What in these answers shows a lockout or a rate limit, as a sentence; "" for nothing.

    Read is what a person would read, not what scripts hold; a captcha counts where it is to be answered. That a sign-in
    is refused because of other open sessions is no lockout, and no wording of that is among these.
    """
    for page in pages:
        for exchange in page.chain:
            if exchange.status in _REFUSED:
                return f"{exchange.method} was answered {exchange.status}: a lockout or a rate limit"
        found = _WORDS.search(words(page))
        if found:
            return f"The page after a sign-in says {found[0]!r}: a lockout or a rate limit"
        for form in forms(page):
            if form.passwords and any(CAPTCHA.search(f"{each.name} {each.hint}") for each in form.fields):
                return "The form to sign in asks for a captcha: a lockout is near"
    return ""
