"""The survey: signs in for the first time, and learns how, what shows it, what carries it, and how to sign out."""

import re
from collections.abc import Sequence
from itertools import islice

from sojourn.probe.errors import AtLimit, CannotSignIn, LockedOut
from sojourn.probe.examining.examination import Budget
from sojourn.probe.examining.observing import asks, speaks_of_others
from sojourn.probe.reading.news import news, speaks_of_sessions
from sojourn.probe.reading.pages import forms
from sojourn.probe.signing.finding import find_login
from sojourn.probe.signing.form import login_form
from sojourn.probe.signing.leaving import find_logout, leave, ways_out
from sojourn.probe.signing.lockout import sign_of_lockout
from sojourn.probe.survey.crawling import walk
from sojourn.probe.survey.learnt import Login, Mark, Survey
from sojourn.probe.survey.marking import find_marks
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor

_ANOTHER_FACTOR = re.compile(
    r"\b(otp|totp|mfa|2fa|two.?factor|verification.?code|one.?time|einmal.?code)", re.IGNORECASE
)
_TYPED = ("text", "tel", "number")
_GOES_LAST = re.compile(r"remember|device|persist|consent|lang|theme|csrf|xsrf", re.IGNORECASE)
"""Cookies that may sign in, or not, but are not what one would call the session."""


def survey(network: Network, budget: Budget) -> Survey:
    """Sign in once and look around; signs out again where that is possible.

    Raises CannotSignIn with what was tried, LockedOut, Unreachable and the rest of the tree.
    """
    login, login_url = find_login(network)
    budget.spend()
    visitor = Visitor(network)
    try:
        pages = tuple(login.begin(visitor, network.profile.account)())
    except BaseException:  # it may have been admitted all the same, and led to where the probe does not go
        _leave_from_the_front(network, visitor)
        raise
    kept = visitor.twin()
    try:
        return _look_around(network, login, login_url, visitor, pages)
    except AtLimit:  # nobody is signed in, and what the page offers to end is not the probe's
        raise
    except BaseException:  # Ctrl-C as well: there may be a session, and nobody else knows of it yet
        network.extend(60)
        leave(network, kept, pages)
        raise


def _leave_from_the_front(network: Network, visitor: Visitor) -> None:
    """Sign out by the first page with a way to do so, from the front page on; who has no cookie is not signed in."""
    if visitor.bearer or any(True for _ in visitor.jar):
        network.extend(60)
        starts = [network.profile.url(each) for each in ("", *network.profile.protected)]
        for page in islice(walk(network, visitor.twin(), starts), 5):
            if network.profile.logout or any(True for _ in ways_out(page)):
                leave(network, visitor, (page,))
                return


def _look_around(network: Network, login: Login, login_url: str, visitor: Visitor, pages: tuple[Page, ...]) -> Survey:
    found = sign_of_lockout(pages)
    if found:
        raise LockedOut(found)
    if _asks_another_factor(pages[-1]):
        raise CannotSignIn(
            f"{login.describe()}: afterwards {pages[-1].url} asks for another factor. Name an account for tests that "
            "has none; or, where it is a code of an authenticator app, `totp_env` under [account] of the profile, and "
            "a step that sends {totp}"
        )
    kept_out = _kept_out(pages)
    try:
        marks = find_marks(network, visitor, pages)
    except CannotSignIn:
        if kept_out:
            raise AtLimit(f"{login.describe()}: {kept_out}") from None
        raise
    if kept_out:  # a page that asks which session to end is shown to no stranger, and is no page of one's own
        marks = tuple(each for each in marks if each.url != pages[-1].url)
    if not marks:
        kind = AtLimit if kept_out else CannotSignIn
        raise kind(f"{login.describe()}: {kept_out or _refused(pages)}")
    carriers = find_carriers(visitor, marks)
    kept = visitor.twin()
    logout = find_logout(network, visitor, pages, marks)
    return Survey(login, login_url, marks, carriers, logout, pages, kept)


def _kept_out(pages: Sequence[Page]) -> str:
    """That the account is at its limit, where the answer to the sign-in says so; "" where it does not.

    What it says is compared with the login page, which may speak of sessions as well.
    """
    last, said = pages[-1], news(pages[-1], pages[0])
    offers = any(form.named("radio", "checkbox", "select") for form in forms(last))
    asked = asks(last, pages[0]) and (offers or not any(True for _ in ways_out(last)))
    if not (speaks_of_others(said) or (last.status == 409 and speaks_of_sessions(said))):
        return ""
    if not asked and last.status < 400 and login_form(last) is None:
        return ""
    how = "asks which session to end" if asked else "refuses one more"
    return (
        f"the account is at its limit of sessions already: the answer {how}. End the sessions that are open, or wait "
        "until they are over, and begin again; if it is signed in all the same, --protected names other pages that "
        "need a session"
    )


def _refused(pages: Sequence[Page]) -> str:
    """Why nobody seems to be signed in; the password was sent once, and is not sent again."""
    last = pages[-1]
    if last.status >= 400:
        return f"the sign-in was answered {last.status}, so the name or the password may be wrong; it was tried once"
    if login_form(last) is not None:
        return "the answer is a form to sign in again, so the name or the password may be wrong; it was tried once"
    return (
        f"it led to {last.url}, and no page was found that a stranger sees otherwise. If the password is right, name "
        "pages or addresses of an API that need a session: --protected, or `urls` under [signed_in]"
    )


def _asks_another_factor(page: Page) -> bool:
    for form in forms(page):
        typed = form.named(*_TYPED)
        if len(typed) == 1 and not form.passwords:
            about = f"{typed[0].autocomplete} {typed[0].name} {typed[0].hint}"
            if "one-time-code" in about or _ANOTHER_FACTOR.search(about):
                return True
    return False


def find_carriers(visitor: Visitor, marks: Sequence[Mark]) -> tuple[str, ...]:
    """The cookies that together are the session: with these alone one is signed in, and with none of them missing.

    () where a bearer token carries it. Of two that would each do, such as a session's cookie and one that remembers the
    device, the session's is kept.
    """
    if visitor.bearer:
        return ()
    names = list(dict.fromkeys(cookie.name for cookie in visitor.jar))
    kept = set(names)
    for name in sorted(names, key=lambda each: not _GOES_LAST.search(each)):
        twin = visitor.twin()
        twin.jar = twin.jar.only(*(kept - {name}))
        if marks[0].shows(twin.get(marks[0].url)) is True:
            kept.discard(name)
    return tuple(name for name in names if name in kept)
