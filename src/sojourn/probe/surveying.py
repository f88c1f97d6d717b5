"""The survey: signs in for the first time, and learns how, what shows it, what carries it, and how to sign out."""

from collections.abc import Sequence
from contextlib import suppress

from sojourn.probe.errors import CannotSignIn, LockedOut, ProbeError
from sojourn.probe.examination import Budget
from sojourn.probe.leaving import find_logout
from sojourn.probe.lockout import sign_of_lockout
from sojourn.probe.login_form import find_login
from sojourn.probe.marking import find_marks
from sojourn.probe.network import Network
from sojourn.probe.survey import Mark, Survey
from sojourn.probe.visitor import Visitor


def survey(network: Network, budget: Budget) -> Survey:
    """Sign in once and look around; signs out again where that is possible.

    Raises CannotSignIn with what was tried, LockedOut, Unreachable and the rest of the tree.
    """
    login, login_url = find_login(network)
    budget.spend()
    visitor = Visitor(network)
    pages = tuple(login.begin(visitor, network.profile.account)())
    marks = find_marks(network, visitor, pages)
    if not marks:
        found = sign_of_lockout(pages)
        if found:
            raise LockedOut(found)
        raise CannotSignIn(
            f"{login.describe()}: afterwards no page differs from what anybody sees, so the password was refused, or "
            "`protected` in the profile must name a page that only somebody who is signed in sees"
        )
    carriers = _carriers(visitor, marks)
    logout = find_logout(network, visitor, pages, marks)
    kept = visitor.twin()
    if logout is not None:
        with suppress(ProbeError):
            logout.press(visitor)
    return Survey(login, login_url, marks, carriers, logout, pages, kept)


def _carriers(visitor: Visitor, marks: Sequence[Mark]) -> tuple[str, ...]:
    """The cookies without each of which one is not signed in."""
    if visitor.bearer:
        return ()
    names = dict.fromkeys(cookie.name for cookie in visitor.jar)
    return tuple(name for name in names if not _opens(visitor, name, marks[0]))


def _opens(visitor: Visitor, without: str, mark: Mark) -> bool:
    twin = visitor.twin()
    twin.jar = twin.jar.without(without)
    return mark.shows(twin.get(mark.url)) is True
