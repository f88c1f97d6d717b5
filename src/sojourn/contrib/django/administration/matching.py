"""Ending all that a search finds: in steps, each as long as a request may take, until there is nothing left."""

import time
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sojourn.contrib.django.administration.acts import ActView, NoteForm
from sojourn.contrib.django.administration.ending import end_each, ended_text, logged_text
from sojourn.contrib.django.administration.listing import COUNTED, filters
from sojourn.contrib.django.administration.permissions import END_ALL
from sojourn.contrib.django.administration.record import log_many
from sojourn.contrib.django.administration.rows import own_sids
from sojourn.contrib.django.administration.search import SearchForm, cursor_of, cursor_text
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreError
from sojourn.core.search import SessionQuery, Standing

STEP = 5.0
"""How many seconds one request ends sessions for, before it asks to go on."""
_BATCH = 100  # sessions that are read at a time: few enough that a step keeps to its time


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ending has come: how many it has ended, whether there may be more, and after which session."""

    ended: int
    more: bool = False
    after: tuple[int, str] | None = None


class MatchingForm(NoteForm):
    """Asks whether to end one's own session, too; and remembers, from step to step, how far it has come."""

    own = forms.BooleanField(label=_("End my own session, too, if it is among them"), required=False)
    as_of = forms.IntegerField(min_value=0, max_value=2**53, widget=forms.HiddenInput)
    after = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    ended = forms.IntegerField(required=False, min_value=0, max_value=2**53, widget=forms.HiddenInput)

    def clean_after(self) -> tuple[int, str] | None:
        """The cursor. Raises ValidationError for anything else."""
        text = self.cleaned_data["after"]
        if text and cursor_of(text) is None:
            raise forms.ValidationError(_("This is no place in the list."))
        return cursor_of(text)


class EndMatchingView(ActView):
    """Ends the live sessions that a search finds and that were there when it was asked for, the newest first.

    A search for nothing in particular finds everybody's: that needs the permission to end all.
    """

    form_class = MatchingForm
    query: SessionQuery

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on with what the address searches for; back to the list if that is nothing that can be searched for."""
        search = SearchForm(request.GET)
        if not search.is_valid():
            return redirect(self.url("changelist"))
        if not search.filled and not request.user.has_perm(END_ALL):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def ask(self, form: NoteForm) -> HttpResponseBase:
        """Say how many they are."""
        query = self._query()
        count = 0 if query is None else control().count(query, COUNTED + 1)
        if not count:
            return self._nothing_found()
        form.initial["as_of"] = control().clock()
        return self.confirm(
            form,
            gettext("End all sessions that the search finds?"),
            what=_count_text(count),
            button=gettext("End them all"),
            back=self._list(),
            warning=gettext("This is a search for nothing in particular: it finds the sessions of all users.")
            if not SearchForm(self.request.GET).filled
            else "",
        )

    def act(self, form: NoteForm) -> HttpResponseBase:
        """End as many as one step can; then ask to go on, or say that it is done."""
        asked, query = form.cleaned_data, self._query()
        if query is None:
            return self._nothing_found()
        query = replace(query, after=asked["after"])
        query = replace(query, before=min(query.before or asked["as_of"], asked["as_of"]))
        spare = frozenset() if asked["own"] else own_sids(self.request)
        progress = end_matching(self.request, query, asked["note"], spare)
        if progress.ended:
            log_many(self.request, filters(self.request.GET) or "*", logged_text(progress.ended, asked["note"]))
        total = (asked["ended"] or 0) + progress.ended
        if not progress.more:
            return self.done(ended_text(total), self._list())
        hidden = {
            "confirmed": "1",
            "note": asked["note"],
            "as_of": asked["as_of"],
            "after": cursor_text(progress.after) if progress.after else "",
            "ended": total,
            **({"own": "on"} if asked["own"] else {}),
        }
        context: dict[str, object] = {
            "hidden": [(name, str(value)) for name, value in hidden.items()],
            "what": ended_text(total),
            "back": self._list(),
        }
        return self.page("progress", gettext("Ending sessions"), context)

    def _query(self) -> SessionQuery | None:
        """What the search finds of open sessions; None for a search for ended ones, or for a reason of their end."""
        search = SearchForm(self.request.GET)
        search.full_clean()
        query = search.question().query
        if query.standing is Standing.OVER or query.reason is not None:
            return None
        return replace(query, standing=Standing.LIVE, limit=_BATCH)

    def _nothing_found(self) -> HttpResponseBase:
        return self.done(gettext("The search finds no open session."), self._list())

    def _list(self) -> str:
        rest = filters(self.request.GET)
        return self.url("changelist") + (f"?{rest}" if rest else "")


def end_matching(request: HttpRequest, query: SessionQuery, note: str, spare: frozenset[str]) -> Progress:
    """End what `query` finds, page by page, for as long as a step may take. Raises StoreError if it cannot begin.

    If the store goes away in between, or a user signs in again and again, the next step tries once more.
    """
    ended, until = 0, time.monotonic() + STEP
    while True:
        try:
            page = control().search(query)
            for _ended in end_each(request, [each for each in page.sessions if each.sid not in spare], note):
                ended += 1
        except StoreError:
            if not ended:
                raise
            return Progress(ended, more=True, after=query.after)
        if page.cursor is None or time.monotonic() >= until:
            return Progress(ended, page.cursor is not None, page.cursor)
        query = replace(query, after=page.cursor)


def _count_text(count: int) -> str:
    if count > COUNTED:
        return gettext("These are more than %(count)d sessions.") % {"count": COUNTED}
    return ngettext("This is %(count)d session.", "These are %(count)d sessions.", count) % {"count": count}
