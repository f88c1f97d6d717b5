"""What a browser can open whose sign-in was refused, or waits for a choice: all that a session opens is tried.

It should be nothing (Fluid Attacks 301): that it is "already signed in elsewhere" is no session.
"""

from dataclasses import dataclass

from sojourn.probe.errors import ProbeError
from sojourn.probe.examining.examination import Attempt, Examination
from sojourn.probe.reading.news import likeness, secrets_in
from sojourn.probe.survey.crawling import opens, protected_pages
from sojourn.probe.wire.visitor import Page, Visitor

TICKETS = 6
"""Values of the answer that are tried as a session."""


@dataclass(frozen=True, slots=True)
class Prying:
    """What was tried, and what opened."""

    tried: int
    """Pages that an ordinary session opens, and a stranger does not."""
    tickets: int
    """Values of the answer that were tried as cookie and as bearer token."""
    how: str
    """What opened a page, as a phrase; "" for nothing."""
    attempt: Attempt
    """The sign-in that was not admitted."""
    opened: Page | None
    proper: Page | None
    """The same page for whoever is signed in."""


def pry(examination: Examination, attempt: Attempt, admitted: Visitor) -> Prying:
    """Try to open what `admitted` can, with what the answer to `attempt` left its browser with."""
    marks = examination.survey.marks
    proper = protected_pages(examination.network, admitted, marks)
    told = attempt.pages[-1]
    tickets = list(secrets_in(told))[:TICKETS]
    for url in proper:
        page = _open(attempt.visitor.twin(), url, proper[url], told)
        if page is not None:
            return Prying(len(proper), 0, "with the cookies that it was left with", attempt, page, proper[url])
    for ticket in tickets:
        for carrier, visitor in _carrying(examination, admitted, ticket):
            page = _open(visitor, marks[0].url, proper.get(marks[0].url), told)
            if page is not None:
                how = f"with a value of the answer as {carrier}"
                return Prying(len(proper), len(tickets), how, attempt, page, proper.get(marks[0].url))
    return Prying(len(proper), len(tickets), "", attempt, None, None)


def _open(visitor: Visitor, url: str, proper: Page | None, told: Page) -> Page | None:
    """The page, if it is what an ordinary session sees there, rather than what this browser was told anyway."""
    try:
        page = visitor.get(url)
    except ProbeError:
        return None
    if not opens(page, url) or proper is None:
        return None
    return page if likeness(page, proper) > likeness(page, told) else None


def _carrying(examination: Examination, admitted: Visitor, ticket: str) -> list[tuple[str, Visitor]]:
    bearer = Visitor(examination.network, bearer=ticket)
    if not examination.survey.carriers:
        return [("bearer token", bearer)]
    cookie = examination.stolen(examination.with_token(admitted, [ticket] * len(examination.survey.carriers)))
    return [("session cookie", cookie), ("bearer token", bearer)]
