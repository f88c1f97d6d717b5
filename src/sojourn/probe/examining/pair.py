"""Two browsers of one user, signed in at once: what every check of sessions beside one another begins with."""

from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.agents import browser
from sojourn.probe.wire.visitor import Visitor


def pair(examination: Examination) -> tuple[Visitor, Visitor]:
    """Sign in with two different browsers, and see both of them signed in.

    Raises NotTestable where the account may have one session only, and what signing in raises.
    """
    one = examination.sign_in(browser(examination.network, 0))
    return one, second(examination, one)


def second(examination: Examination, one: Visitor) -> Visitor:
    """Sign in with another browser than `one`, which stays signed in. Raises as `pair` does."""
    other = examination.attempt(browser(examination.network, 1))
    if not other.admitted:
        raise NotTestable("It needs two sessions at once, and the second browser was not admitted beside the first")
    if not examination.is_signed_in(one):
        raise NotTestable("It needs two sessions at once, and the second sign-in ended the first browser's session")
    return other.visitor
