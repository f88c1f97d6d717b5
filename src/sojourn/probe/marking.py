"""What shows that one is signed in: a page that is another one for somebody who is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sojourn.probe.errors import ProbeError
from sojourn.probe.network import Network
from sojourn.probe.pages import links
from sojourn.probe.survey import Mark
from sojourn.probe.visitor import Page, Visitor

AT_MOST = 5
_LEAVES = ("logout", "log-out", "log_out", "signout", "sign-out", "sign_out", "abmelden")


@dataclass(frozen=True)
class AnswerMark:
    """Whoever is signed in gets the page (200); nobody else does: they are sent away, or refused."""

    url: str

    def describe(self) -> str:
        """What is looked at."""
        return f"{self.url} opens"

    def shows(self, page: Page) -> bool | None:
        """Whether the page itself opened; None where the application failed."""
        if page.status >= 500:
            return None
        return opened(page, self.url)


def opened(page: Page, url: str) -> bool:
    """Whether a page is there, where it was asked for."""
    return page.status == 200 and urlsplit(page.url).path == urlsplit(url).path


def find_marks(network: Network, visitor: Visitor, pages: Sequence[Page]) -> tuple[Mark, ...]:
    """The pages that are there for `visitor` and not for a stranger; those that the profile names first."""
    profile, found = network.profile, list[Mark]()
    candidates = [profile.url(each) for each in profile.protected]
    if not candidates:
        candidates = [pages[-1].url, *(url for page in pages[-1:] for url, _ in links(page)), profile.url("")]
    for url in dict.fromkeys(candidates):
        if len(found) >= AT_MOST:
            break
        if not profile.may_ask(url) or any(word in url.lower() for word in _LEAVES):
            continue
        try:
            if opened(visitor.twin().get(url), url) and not opened(Visitor(network).get(url), url):
                found.append(AnswerMark(url))
        except ProbeError:
            continue
    return tuple(found)
