"""The page on which users see their own sessions: found by its links, at usual addresses, or where the profile says.

A page is known for one by what it says more once a second browser has signed in.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sojourn.probe.errors import ProbeError
from sojourn.probe.examining.examination import Examination
from sojourn.probe.reading.news import news
from sojourn.probe.reading.pages import Form, forms, links, words
from sojourn.probe.survey.crawling import only_leads, opens, protected_pages
from sojourn.probe.wire.agents import AGENTS, Agent
from sojourn.probe.wire.visitor import Page, Visitor

USUAL = (
    *("sessions/", "account/sessions/", "accounts/sessions/", "user/sessions", "settings/sessions", "profile/sessions"),
    *("devices", "account/devices", "settings/devices", "settings/security", "account/security", "security"),
    *("api/sessions", "api/account/sessions"),
)
"""Where such pages are, tried where no link leads to one."""
_NAMED = re.compile(
    r"sessions?\b|devices?\b|where you.re (signed|logged)|sitzungen|ger[aä]te|s[eé]ances|appareils|sesiones"
    r"|dispositivos|sess[oõ]es|dispositivi|sessies|apparaten|security|sicherheit|sécurité|seguridad",
    re.IGNORECASE,
)
_GUARDS = re.compile(r"csrf|xsrf|nonce|authenticity_token|requestverification|^_token$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page, as the first browser sees it without and with a second one."""

    url: str
    alone: Page
    both: Page
    says_more: str
    """What it says more with the second browser."""

    @property
    def shows_other(self) -> bool:
        """Whether it shows the second browser: by its kind, or by one more entry."""
        return _names(self.says_more, AGENTS[1]) or entries(self.both) > entries(self.alone)

    @property
    def shows_own(self) -> bool:
        """Whether it shows the browser that asks: by its kind, or because the other is not the only entry."""
        return _names(words(self.both), AGENTS[0])


def candidates(examination: Examination, visitor: Visitor) -> dict[str, Page]:
    """The pages that may list sessions, as `visitor` sees them now; no stranger does."""
    profile, marks = examination.profile, examination.survey.marks
    if profile.sessions:
        page = visitor.twin().get(profile.sessions)
        return {page.url: page} if page.status == 200 else {}
    inside = protected_pages(examination.network, visitor, marks)
    said = [link for page in inside.values() for link in links(page)]
    leading = [url for url, text in said if _NAMED.search(f"{url} {text}") and only_leads(url, text)]
    found: dict[str, Page] = {}
    for url in dict.fromkeys([*leading, *map(profile.url, USUAL)]):
        try:
            page = inside.get(url) or visitor.twin().get(url)
            if opens(page, url) and (url in inside or not opens(examination.visitor().get(url), url)):
                found[url] = page
        except ProbeError:  # a link to elsewhere, or a page that never answers
            continue
    return found


def best(before: dict[str, Page], visitor: Visitor) -> Listing | None:
    """Which of the candidates shows that another browser has signed in since; else one that may be a list; or None."""
    found = []
    for url, alone in before.items():
        both = visitor.twin().get(url)
        found.append(Listing(url, alone, both, news(both, alone)))
    showing = [each for each in found if each.shows_other and (_NAMED.search(each.url) or new_forms(each))]
    maybe = [each for each in found if each.shows_own]
    return next(iter([*sorted(showing, key=lambda each: not new_forms(each)), *maybe]), None)


def entries(page: Page) -> int:
    """How many things a page lists at most."""
    return page.text.count("<li") + page.text.count("<tr") + page.text.count("<form") + page.text.count('{"')


def new_forms(listing: Listing) -> list[Form]:
    """The forms that are there because of the other browser; without those that have a text to type in."""
    known = Counter(map(_key, forms(listing.alone)))
    found = []
    for form in forms(listing.both):
        if known[_key(form)]:
            known[_key(form)] -= 1
        elif not form.named("text", "email", "search", "tel", "number", "textarea"):
            found.append(form)
    return found


def is_guard(name: str) -> bool:
    """Whether a field of that name guards against forged requests: another value each time, and not the form's own."""
    return _GUARDS.search(name) is not None


def _key(form: Form) -> tuple[str, str, Iterable[tuple[str, str]]]:
    return form.url, form.method, tuple((each.name, each.value) for each in form.fields if not is_guard(each.name))


def _names(text: str, agent: Agent) -> bool:
    return agent.name in text or agent.system in text
