"""How one signs out: the form or link that a person would press."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sojourn.probe.errors import NotTestable, ProbeError
from sojourn.probe.reading.pages import Form, forms, links
from sojourn.probe.reading.wording import OF_OTHERS, SIGN_OUT
from sojourn.probe.signing.csrf import csrf_headers
from sojourn.probe.signing.form import submit
from sojourn.probe.survey.learnt import Logout, Mark
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor


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
        page = visitor.get(self.page)
        answer = _send_form(visitor, page, self)
        if answer is None:
            raise NotTestable(f"{self.page} has no form to sign out with")
        return answer


@dataclass(frozen=True)
class LinkLogout:
    """A link."""

    url: str
    method: str = "GET"

    def describe(self) -> str:
        """What it does, for the report."""
        return f"{self.method} {self.url}"

    def press(self, visitor: Visitor) -> Page:
        """Ask for it."""
        return visitor.get(self.url)


@dataclass(frozen=True)
class NamedLogout:
    """What the profile names: asked for as a script would, with a token against forged requests if there is one."""

    url: str
    method: str
    page: str
    """Where a form that goes there may be, and the token."""

    def describe(self) -> str:
        """What it does, for the report."""
        return f"{self.method} {self.url}"

    def press(self, visitor: Visitor) -> Page:
        """Ask for it; by a form of the page, if there is one that goes there."""
        if self.method == "GET":
            return visitor.get(self.url)
        page = visitor.get(self.page)
        answer = _send_form(visitor, page, self)
        return answer or visitor.request(self.method, self.url, headers=csrf_headers(visitor, page))


def _send_form(visitor: Visitor, page: Page, way: FormLogout | NamedLogout) -> Page | None:
    """Send the form of a page that goes where this way out goes; None where there is none."""
    for form in forms(page):
        if (form.url, form.method) == (way.url, way.method):
            return submit(visitor, page, form, form.pressing(SIGN_OUT))
    return None


def ways_out(page: Page) -> Iterator[Form | str]:
    """What on a page signs out: forms, then links; those that say so of this one session before any other."""
    found: list[tuple[Form | str, str]] = []
    for form in forms(page):
        said = f"{form.text} {urlsplit(form.url).path} {' '.join(each.hint for each in form.named('submit'))}"
        if not form.passwords and SIGN_OUT.search(said):
            found.append((form, said))
    found += [(url, f"{text} {urlsplit(url).path}") for url, text in links(page) if _says_so(url, text)]
    for way, _ in sorted(found, key=lambda each: bool(OF_OTHERS.search(each[1]))):
        yield way


def _says_so(url: str, text: str) -> bool:
    return bool(SIGN_OUT.search(text) or SIGN_OUT.search(urlsplit(url).path))


def find_logout(network: Network, visitor: Visitor, pages: Sequence[Page], marks: Sequence[Mark]) -> Logout | None:
    """The way out, and takes it: what the profile names, else what a page says of itself; None where none is found.

    Each way is tried until one ends the session, as its marks show. A link may lead to a page that asks once more: then
    that page's form is the way.
    """
    profile = network.profile
    if profile.logout:
        named = NamedLogout(profile.url(profile.logout), profile.logout_method, marks[0].url)
        _press(named, visitor)
        return named
    for way in _candidates(network, visitor, pages, marks):
        found: Logout = way
        answer = _press(way, visitor)
        if answer is not None and _is_in(visitor, marks[0]) and isinstance(way, LinkLogout):
            asked = next((each for each in ways_out(answer) if isinstance(each, Form)), None)
            if asked is not None:
                found = FormLogout(way.url, asked.url, asked.method)
                _press(found, visitor)
        if not _is_in(visitor, marks[0]):
            return found
    return None


def leave(network: Network, visitor: Visitor, pages: Sequence[Page]) -> None:
    """Sign out as well as one can of whom nothing is known but that there was a sign-in, which led to these pages."""
    profile, here = network.profile, pages[-1].url
    named = NamedLogout(profile.url(profile.logout), profile.logout_method, here) if profile.logout else None
    way = named or next(_candidates(network, visitor, pages, ()), None)
    if way is not None:
        _press(way, visitor)


def _candidates(network: Network, visitor: Visitor, pages: Sequence[Page], marks: Sequence[Mark]) -> Iterator[Logout]:
    tried = set[str]()
    for url in dict.fromkeys([*(mark.url for mark in marks), pages[-1].url]):
        try:
            page = visitor.twin().get(url)
        except ProbeError:
            continue
        for way in ways_out(page):
            target = way.url if isinstance(way, Form) else way
            if target not in tried and network.profile.may_ask(target):
                tried.add(target)
                yield FormLogout(url, way.url, way.method) if isinstance(way, Form) else LinkLogout(way)


def _press(way: Logout, visitor: Visitor) -> Page | None:
    try:
        return way.press(visitor)
    except ProbeError:
        return None


def _is_in(visitor: Visitor, mark: Mark) -> bool:
    try:
        return mark.shows(visitor.get(mark.url)) is not False
    except ProbeError:
        return True
