"""Ending sessions that an administrator has picked: one, those that are checked, or all of a user."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.administration.acts import ActView, NoteForm
from sojourn.contrib.django.administration.record import by_of, log_sessions, log_subject
from sojourn.contrib.django.administration.rows import Row, own_sids, rows_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason, Session
from sojourn.core.tokens import is_sid

CHECKED_MAX = 200
"""How many sessions can be checked at once."""


def ended_text(count: int) -> str:
    """How many sessions ended, in a sentence."""
    return ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count) % {"count": count}


def logged_text(count: int, note: str) -> str:
    """The same for the log, with the reason."""
    return gettext("%(what)s Reason: %(note)s") % {"what": ended_text(count), "note": note}


def end_each(request: HttpRequest, sessions: Iterable[Session], note: str) -> Iterator[Session]:
    """End these sessions, one atomic step for each user; each that ended, once it has. Raises StoreError in between."""
    sids = defaultdict(list)
    for session in sessions:
        sids[session.subject].append(session.sid)
    for subject, of_subject in sids.items():
        yield from control().end(subject, of_subject, EndReason.OPERATOR, by=by_of(request), note=note)


def end_rows(request: HttpRequest, rows: list[Row], note: str) -> str:
    """End the sessions of these rows and log each that ended; what came of it, in a sentence."""
    ended: set[str] = set()
    try:
        ended.update(session.sid for session in end_each(request, [row.session for row in rows], note))
    finally:  # if the store goes away half-way, half of them have ended
        log_sessions(request, [row for row in rows if row.sid in ended], logged_text(1, note))
    return ended_text(len(ended))


class EndView(ActView):
    """Ends one session."""

    def ask(self, form: NoteForm) -> HttpResponseBase:
        """Show which one it is."""
        row = self.session_row()
        return self.confirm(
            form,
            gettext("End this session?"),
            what=gettext("Its browser is signed out with its next request."),
            rows=[row],
            own=row.mine,
            button=gettext("End this session"),
            back=self.url("change", row.sid),
        )

    def act(self, form: NoteForm) -> HttpResponseBase:
        """End it; nothing changes if it is over already."""
        row = self.session_row()
        return self.done(end_rows(self.request, [row], form.cleaned_data["note"]), self.url("change", row.sid))


class EndSelectedView(ActView):
    """Ends the sessions that are checked in the list."""

    def get(self, _request: HttpRequest, **_: str) -> HttpResponseBase:
        """Nothing is checked here: back to the list."""
        return redirect(self.url("changelist"))

    def ask(self, form: NoteForm) -> HttpResponseBase:
        """Show which ones they are."""
        rows = self._checked()
        if not rows:
            return self.done(gettext("No open session was selected."), self.url("changelist"))
        return self.confirm(
            form,
            gettext("End the selected sessions?"),
            what=gettext("Their browsers are signed out with their next request."),
            rows=rows,
            hidden=[("sid", row.sid) for row in rows],
            own=any(row.mine for row in rows),
            button=ngettext("End %(count)d session", "End %(count)d sessions", len(rows)) % {"count": len(rows)},
            back=self.url("changelist"),
        )

    def act(self, form: NoteForm) -> HttpResponseBase:
        """End those of them that are still live."""
        return self.done(end_rows(self.request, self._checked(), form.cleaned_data["note"]), self.url("changelist"))

    def _checked(self) -> list[Row]:
        sids = dict.fromkeys(sid for sid in self.request.POST.getlist("sid")[:CHECKED_MAX] if is_sid(sid))
        found = [control().store.find(sid) for sid in sids]
        return [row for row in rows_of(self.request, [each for each in found if each is not None]) if row.live]


class SubjectForm(NoteForm):
    """Asks, of one's own sessions, whether to end the one in use as well."""

    own = forms.BooleanField(label=_("End the session I am using now, too"), required=False)


class EndSubjectView(ActView):
    """Ends all sessions of one user; one's own, in use, is spared unless they say otherwise."""

    form_class = SubjectForm

    def ask(self, form: NoteForm) -> HttpResponseBase:
        """Say whose sessions they are."""
        subject = self.subject_named()
        user = adapter().users_of([subject]).get(subject)
        return self.confirm(
            form,
            gettext("End all sessions of this user?"),
            what=gettext("All browsers of %(user)s are signed out with their next request.")
            % {"user": subject if user is None else user.get_username()},
            button=gettext("End all sessions of this user"),
            back=self.url("subject", subject),
            without=() if self._mine(subject) else ("own",),
        )

    def act(self, form: NoteForm) -> HttpResponseBase:
        """End them, in one atomic step."""
        subject, note = self.subject_named(), form.cleaned_data["note"]
        spare = "" if form.cleaned_data["own"] else self._mine(subject)
        ended = control().end(subject, None, EndReason.OPERATOR, by=self.by, note=note, spare=spare)
        log_subject(self.request, subject, adapter().users_of([subject]).get(subject), logged_text(len(ended), note))
        return self.done(ended_text(len(ended)), self.url("subject", subject))

    def _mine(self, subject: str) -> str:
        """The sid of the session in use if it is this subject's; otherwise ""."""
        for sid in own_sids(self.request):
            found = control().store.find(sid)
            if found is not None and found.subject == subject:
                return sid
        return ""
