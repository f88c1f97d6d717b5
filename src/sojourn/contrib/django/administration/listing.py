"""The list of sessions in the admin: a search, one page of what it finds, and what can be done with it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import pgettext

from sojourn.contrib.django.administration.base import AdministrationView
from sojourn.contrib.django.administration.rows import rows_of
from sojourn.contrib.django.administration.search import PAGE, SearchForm, cursor_text, from_here, place_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.settings import current
from sojourn.core.records import Session
from sojourn.core.search import SessionQuery

COUNTED = 10_000
"""How far the list counts what it has found."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the list, the newest first, and the addresses of the pages beside it; "" where there is none."""

    sessions: tuple[Session, ...] = ()
    newer: str = ""
    older: str = ""


class ListView(AdministrationView):
    """The sessions that a search finds. One search, one count and one query for users, however many there are."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show a page. What cannot be searched for is said, and nothing is shown then."""
        form = SearchForm(request.GET)
        context: dict[str, object] = {"form": form, "reversible": not current().SUBJECT}
        if not form.is_valid():
            return self.page("list", pgettext("sessions", "Sessions"), {**context, "rows": [], "found": 0}, status=400)
        asked = form.question()
        leaf = turn_to(asked.query, request.GET)
        found = control().count(asked.query, COUNTED + 1)
        context |= {
            "rows": rows_of(request, leaf.sessions),
            "newer": leaf.newer,
            "older": leaf.older,
            "found": min(found, COUNTED),
            "more": found > COUNTED,
            "filters": filters(request.GET),
            "too_many_users": asked.too_many_users,
        }
        return self.page("list", pgettext("sessions", "Sessions"), context)


def filters(asked: QueryDict) -> str:
    """The part of an address that says what is searched for, without the page of the list."""
    return urlencode([(name, asked[name]) for name in SearchForm.base_fields if asked.get(name)])


def turn_to(query: SessionQuery, asked: QueryDict) -> Leaf:
    """The page of the list that an address asks for; the first if there are too few newer ones to fill a page."""
    wanted = from_here(query, asked.get("older", ""), asked.get("newer", ""))
    page = control().search(wanted)
    if wanted.oldest_first and len(page.sessions) < PAGE:
        wanted = query
        page = control().search(wanted)
    rest = filters(asked)
    if wanted.oldest_first:
        sessions = page.sessions[::-1]
        more_newer, more_older = page.cursor is not None, True
    else:
        sessions, more_newer, more_older = page.sessions, wanted.after is not None, page.cursor is not None
    if not sessions:
        return Leaf()
    return Leaf(
        sessions,
        _address(rest, "newer", place_of(sessions[0])) if more_newer else "",
        _address(rest, "older", place_of(sessions[-1])) if more_older else "",
    )


def _address(rest: str, direction: str, cursor: tuple[int, str]) -> str:
    there = urlencode({direction: cursor_text(cursor)})
    return f"?{rest}&{there}" if rest else f"?{there}"
