"""The limit as it is seen from outside: one browser signs in after the other until something happens.

Found once for all checks that want to know. What they need of that moment is kept as plain pages, since the sessions
are signed out by then.
"""

import re
from dataclasses import dataclass, replace

from sojourn.probe.errors import NotTestable, OutOfSignIns
from sojourn.probe.examining.examination import Attempt, Examination
from sojourn.probe.examining.prying import Prying, pry
from sojourn.probe.profiles.declared import Overflow, declared
from sojourn.probe.reading.news import news, speaks_of_sessions
from sojourn.probe.reading.pages import forms
from sojourn.probe.signing.leaving import ways_out
from sojourn.probe.wire.agents import browser
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page, Visitor

_ALREADY = re.compile(
    r"already|elsewhere|another|other|limit|maximum|bereits|anderswo|ander|d[eé]j[aà]|ailleurs|\bya\b|otro|\bj[aá]\b|outro"
    r"|\bgi[aà]\b|altr|\bal\b|już|inn|уже|друг",
    re.IGNORECASE,
)
"""What a page says that keeps somebody out because of other sessions."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that ended because another browser signed in."""

    number: int
    """Which of the sign-ins it was, from 1."""
    before: Page
    """A page that needs a session, right before."""
    after: Page
    """The same browser's first look at it afterwards."""
    stranger: Page
    """What somebody without any session gets there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What so many sign-ins came to."""

    sessions: int
    """The most that were open at once."""
    first: Attempt
    """The ordinary sign-in, to compare with."""
    last: Attempt
    """The one that met the limit; the last of all where none did."""
    login_page: Page
    """What a stranger sees before signing in."""
    looks: tuple[Exchange, ...]
    """The sessions as they were after it, the oldest first."""
    overflow: Overflow | None = None
    """What happens to one more; None where nothing did, so that no limit was seen."""
    which: str = ""
    """Which sessions it ended, as a phrase; "" where it ended none."""
    ended: tuple[Ended, ...] = ()
    prying: Prying | None = None
    """What a browser could open that was told it is not signed in; None where none was told so."""

    @property
    def evidence(self) -> tuple[Exchange, ...]:
        """The first sign-in, the last one, and how the sessions were then."""
        return (submission(self.first), submission(self.last), *self.looks)


def submission(attempt: Attempt) -> Exchange:
    """The exchange of a sign-in that sent the secret."""
    sent = [each for page in attempt.pages for each in page.chain if each.method != "GET"]
    return sent[-1] if sent else attempt.pages[-1].chain[0]


def limit(examination: Examination) -> Limit:
    """The limit, observed at most once in an audit. Raises NotTestable where it cannot be told, each time anew."""

    def find() -> Limit | NotTestable:
        try:
            return _observe(examination)
        except (NotTestable, OutOfSignIns) as reason:
            return NotTestable(str(reason))
        finally:
            examination.sign_out_of_all()

    found = examination.known("limit", find)
    if isinstance(found, NotTestable):
        raise found
    return found


def _observe(examination: Examination) -> Limit:
    at_most, network = declared(examination.profile).at_most, examination.network
    stranger = examination.visitor().get(examination.survey.marks[0].url)
    login_page = examination.visitor().get(examination.survey.login_url)
    first = attempt = examination.attempt(browser(network, 0))
    if not first.admitted:
        raise NotTestable("The first sign-in was not admitted: perhaps sessions are open that the probe did not begin")
    browsers, before = [first.visitor], [examination.look(first.visitor)[1]]
    claim: Prying | None = None
    for number in range(1, at_most):
        attempt = examination.attempt(browser(network, number))
        # Who signed in first is looked at last, and so is the one used last: a limit that ends the least recently used
        # session ends another one than a limit that ends the oldest.
        looks = [examination.look(each) for each in reversed(browsers)][::-1]
        alive, after = [signed_in for signed_in, _ in looks], [page for _, page in looks]
        seen = Limit(
            sessions=sum(alive) + attempt.admitted,
            first=first,
            last=attempt,
            login_page=login_page,
            looks=tuple(page.exchange for page in after),
            prying=claim,
        )
        if not attempt.admitted:
            if not any(alive):
                raise NotTestable("A sign-in was not admitted, and all others ended with it: no limit does that")
            return _kept_out(examination, seen, browsers, before[0])
        if not all(alive):
            ended = tuple(Ended(n + 1, before[n], after[n], stranger) for n in range(number) if not alive[n])
            which = _which([each.number for each in ended], number)
            sessions = max(seen.sessions, number)
            return replace(seen, sessions=sessions, overflow=Overflow.ENDS, which=which, ended=ended)
        now = examination.look(attempt.visitor)[1]
        if claim is None and _claims(attempt, first, login_page):
            claim = Prying(1, 0, "although it was answered as if it were not signed in", attempt, now, before[0])
        browsers.append(attempt.visitor)
        before = [*after, now]
    return replace(seen, prying=claim)


def _kept_out(examination: Examination, seen: Limit, browsers: list[Visitor], proper: Page) -> Limit:
    """What there is to know of a sign-in that was not admitted, and that it was the limit that kept it out."""
    pried = seen.prying or pry(examination, seen.last, browsers[-1])
    if not pried.how:
        pried = _make_room(examination, browsers, seen.last, proper) or pried
    overflow = Overflow.ASKS if asks(seen.last.pages[-1], seen.login_page) else Overflow.REFUSES
    return replace(seen, overflow=overflow, prying=pried)


def asks(page: Page, login_page: Page) -> bool:
    """Whether an answer to a sign-in leaves something to choose: a form that the login page has not, without a field
    to type into; or JSON that hands out something to send back.
    """
    usual = {(form.url, form.method) for form in forms(login_page)}
    for form in forms(page):
        typed = form.named("password", "text", "tel", "number", "email", "search")
        if form.method == "POST" and (form.url, form.method) not in usual and not typed:
            return True
    return any(word in page.text for word in ('"ticket"', '"choices"', '"end_at_least"')) and page.text.startswith("{")


def _claims(attempt: Attempt, first: Attempt, login_page: Page) -> bool:
    """Whether a sign-in that succeeded was answered as if it had not: elsewhere than the first, without a way out, and
    with words about other sessions.
    """
    here, usual = attempt.pages[-1], first.pages[-1]
    if (here.status, here.url) == (usual.status, usual.url):
        return False
    if any(True for _ in ways_out(here)):
        return False
    return here.status in {401, 403, 409} or speaks_of_others(news(here, usual, login_page))


def speaks_of_others(text: str) -> bool:
    """Whether it seems to keep somebody out, or to ask, because of other sessions."""
    return speaks_of_sessions(text) and bool(_ALREADY.search(text))


def _make_room(examination: Examination, browsers: list[Visitor], pending: Attempt, proper: Page) -> Prying | None:
    """Show that it was the limit that kept the last one out: once somebody signs out, another is admitted.

    That somebody signs out must not be enough for the one that was kept out to be signed in: what it opens then.
    """
    examination.sign_out(browsers[0])
    if examination.is_signed_in(browsers[0]):
        raise NotTestable("A sign-in was not admitted, and signing out does not make room for it: it ends no session")
    signed_in, page = examination.look(pending.visitor)
    if signed_in:
        return Prying(1, 0, "as soon as another browser has signed out", pending, page, proper)
    if not examination.attempt(browser(examination.network, len(browsers) + 1)).admitted:
        raise NotTestable(
            f"After {len(browsers)} sign-ins no more were admitted, not even when one of them had signed out: it is "
            "not the number of sessions that keeps them out"
        )
    return None


def _which(ended: list[int], existing: int) -> str:
    if len(ended) == existing:
        return "the only other one" if existing == 1 else "all the others"
    if ended == [1]:
        return "the one that signed in first"
    if ended == [existing]:
        return "the one that was used least recently"
    return "number " + ", ".join(map(str, ended))
