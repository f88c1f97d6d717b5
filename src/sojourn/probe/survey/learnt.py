"""What is learnt of the application before any check: how one signs in and out, and what shows that one is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sojourn.probe.profiles.profile import Account
from sojourn.probe.wire.visitor import Page, Visitor


class Login(Protocol):
    """A way to sign in that was found to work, or that the profile describes."""

    def describe(self) -> str:
        """What it does, for the report: "the form at /login/, with the fields username and password"."""
        ...

    def begin(self, visitor: Visitor, account: Account) -> Callable[[], Sequence[Page]]:
        """Do all but what sends the last secret; the rest, when called, finishes it and returns the answers.

        In two halves, so that many browsers can finish in the same instant. Raises CannotSignIn where the page has
        changed so much that it cannot be done.
        """
        ...


class Logout(Protocol):
    """A way to sign out that was found, or that the profile describes."""

    @property
    def method(self) -> str:
        """The HTTP method that does it."""
        ...

    @property
    def url(self) -> str:
        """Where it goes."""
        ...

    def describe(self) -> str:
        """What it does, for the report."""
        ...

    def press(self, visitor: Visitor) -> Page:
        """Sign out as a person would, CSRF token and all; the answer."""
        ...


class Mark(Protocol):
    """How a page tells whether its visitor is signed in."""

    @property
    def url(self) -> str:
        """The page that is looked at."""
        ...

    def describe(self) -> str:
        """What is looked at: "/report/ answers 200 instead of a redirect to /login/"."""
        ...

    def shows(self, page: Page) -> bool | None:
        """Whether a page fetched from `url` shows somebody who is signed in; None where it tells neither (a 5xx)."""
        ...


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the application by now."""

    login: Login
    login_url: str
    marks: tuple[Mark, ...]
    """The best first; at least one. All of them need a session."""
    carriers: tuple[str, ...]
    """The names of the cookies without which one is not signed in; () where a bearer token carries the session."""
    logout: Logout | None
    """None where none was found."""
    signed_in: tuple[Page, ...]
    """The pages of the first sign-in, from the login page to where it led."""
    visitor: Visitor
    """Whoever made the first sign-in, as before signing out: signed in still where that did not work."""
