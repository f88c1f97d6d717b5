"""One sign-out, watched from all sides: what several checks want to know of it, found once."""

from dataclasses import dataclass

from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.cookies import Cookie
from sojourn.probe.wire.visitor import Page


@dataclass(frozen=True, slots=True)
class Departure:
    """A session, from right before its user signed out until right after."""

    before: tuple[Page, ...]
    """The pages that needed the session, as they opened with it."""
    answer: Page
    """Where signing out led."""
    opened: tuple[Page, ...]
    """Those of the same pages that the cookies from before still opened afterwards."""
    carried: tuple[Cookie, ...]
    """The session's cookies, as they were before."""
    left: tuple[Cookie, ...]
    """What was in the browser afterwards."""
    inside: bool
    """Whether the browser itself was still signed in."""


def departure(examination: Examination) -> Departure:
    """Sign in, look, sign out, look again; at most once in an audit.

    Raises NotTestable where there is no way to sign out or no page that opens, and what signing in raises.
    """
    return examination.known("departure", lambda: _watch(examination))


def _watch(examination: Examination) -> Departure:
    if examination.survey.logout is None:
        raise NotTestable("No way to sign out was found (`logout` in the profile names it)")
    visitor = examination.sign_in()
    kept = visitor.twin()
    looks = [examination.look(kept, mark=number) for number in range(len(examination.survey.marks))]
    open_before = [number for number, (signed_in, _) in enumerate(looks) if signed_in]
    if not open_before:
        raise NotTestable(f"{looks[0][1].url} did not open right after the sign-in")
    answer = examination.sign_out(visitor)
    inside = examination.is_signed_in(visitor, mark=open_before[0])
    again = [examination.look(kept, mark=number) for number in open_before]
    return Departure(
        tuple(looks[number][1] for number in open_before),
        answer,
        tuple(page for signed_in, page in again if signed_in),
        tuple(kept.jar.only(*examination.survey.carriers)),
        tuple(visitor.jar),
        inside,
    )
