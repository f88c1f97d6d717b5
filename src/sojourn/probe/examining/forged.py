"""Browsers that bring a token which the application never issued."""

from collections.abc import Callable

from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.visitor import Page, Visitor


def values(examination: Examination, visitor: Visitor) -> list[str]:
    """What carries the session of `visitor`: one value for each carrier. Raises NotTestable where nothing does."""
    names = examination.survey.carriers
    found = [visitor.bearer] if visitor.bearer else [visitor.jar.value(name) for name in names]
    if not any(found):
        raise NotTestable("No single value carries the session here")
    return found


def bringing(examination: Examination, change: Callable[[str], str]) -> Visitor:
    """A browser with nothing but the session's own cookies (or bearer token), each value changed: a real one of a
    session that is over is what `change` is given.
    """
    real = examination.survey.visitor
    found = values(examination, real)
    return examination.with_token(examination.stolen(real), [change(each) for each in found])


def as_stranger(examination: Examination, *, mark: int = 0) -> Page:
    """What a stranger sees of a page that needs a session: the control. Raises NotTestable where that tells nothing."""
    url = examination.survey.marks[mark].url
    page = examination.visitor().get(url)
    if page.status >= 500 or examination.survey.marks[mark].shows(page) is not False:
        raise NotTestable(f"{url} answers a stranger with {page.status}, which does not tell what a bad token does")
    return page
