"""How one signs out: the form or link that a person would press."""

from collections.abc import Sequence
from dataclasses import dataclass

from sojourn.probe.errors import NotTestable
from sojourn.probe.network import Network
from sojourn.probe.pages import forms, links
from sojourn.probe.survey import Logout, Mark
from sojourn.probe.visitor import Page, Visitor

WORDS = ("log out", "logout", "sign out", "signout", "abmelden", "log off")


@dataclass(frozen=True)
class FormLogout:
    """A form on a page of those who are signed in."""

    page: str
    url: str
    method: str

    def describe(self) -> str:
        """What it does, for the report."""
        return f"the form on {self.page}, which goes to {self.url}"

    def press(self, visitor: Visitor) -> Page:
        """Open the page with the form and send it."""
        for form in forms(visitor.get(self.page)):
            if form.url == self.url:
                return visitor.request(form.method, form.url, form=form.values)
        raise NotTestable(f"{self.page} has no form to sign out with")


@dataclass(frozen=True)
class LinkLogout:
    """A link, or an address that the profile names."""

    url: str
    method: str = "GET"

    def describe(self) -> str:
        """What it does, for the report."""
        return f"{self.method} {self.url}"

    def press(self, visitor: Visitor) -> Page:
        """Ask for it."""
        return visitor.request(self.method, self.url)


def find_logout(network: Network, visitor: Visitor, pages: Sequence[Page], marks: Sequence[Mark]) -> Logout | None:
    """The way out: what the profile names, else a form or a link that says so; None where there is none."""
    profile = network.profile
    if profile.logout:
        return LinkLogout(profile.url(profile.logout), profile.logout_method)
    for url in dict.fromkeys([pages[-1].url, *(mark.url for mark in marks)]):
        page = visitor.twin().get(url)
        for form in forms(page):
            if any(word in f"{form.text} {form.url}".lower() for word in WORDS):
                return FormLogout(url, form.url, form.method)
        for link, text in links(page):
            if any(word in f"{text} {link}".lower() for word in WORDS) and profile.may_ask(link):
                return LinkLogout(link)
    return None
