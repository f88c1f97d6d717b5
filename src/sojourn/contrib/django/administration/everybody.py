"""Ending every session there is, such as after a restored backup or a theft of the database."""

import time
from typing import Any, ClassVar

from django import forms
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sojourn.contrib.django.administration.acts import ActView, NoteForm
from sojourn.contrib.django.administration.permissions import END, END_ALL, VIEW
from sojourn.contrib.django.administration.record import log_many
from sojourn.contrib.django.internal.wiring import control

STEP = 20.0
"""How many seconds the request may write down the single endings for; all are dead before it begins."""
PHRASE = _("end all sessions")


class EndAllForm(NoteForm):
    """Asks for a phrase that nobody types by mistake."""

    phrase = forms.CharField(
        label=_("Type “end all sessions”"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_phrase(self) -> str:
        """Raises ValidationError for anything but the phrase."""
        text = " ".join(self.cleaned_data["phrase"].casefold().split())
        if text != str(PHRASE).casefold():
            raise forms.ValidationError(_("Type exactly these words: %(phrase)s"), params={"phrase": PHRASE})
        return text


class _TimeIsUpError(Exception):
    """The rest is written down by `manage.py sojourn purge`."""


class EndAllView(ActView):
    """Ends the sessions of everybody at once, with the one of whoever does it."""

    needs: ClassVar[tuple[str, ...]] = (VIEW, END, END_ALL)
    form_class = EndAllForm

    def ask(self, form: NoteForm) -> HttpResponseBase:
        """Say what it means."""
        return self.confirm(
            form,
            gettext("End all sessions of everybody?"),
            what=gettext("Every browser of every user is signed out with its next request, and so is yours."),
            button=gettext("End all sessions"),
            back=self.url("changelist"),
        )

    def act(self, form: NoteForm) -> HttpResponseBase:
        """End them with one write, then write down each as long as there is time."""
        note, until = form.cleaned_data["note"], time.monotonic() + STEP
        reached = 0

        def progress(ended: int) -> None:
            nonlocal reached
            reached = ended
            if time.monotonic() >= until:
                raise _TimeIsUpError

        log_many(self.request, gettext("All sessions"), gettext("All were ended. Reason: %(note)s") % {"note": note})
        try:
            control().end_all(by=self.by, note=note, progress=progress)
            left = False
        except _TimeIsUpError:
            left = True
        context: dict[str, Any] = {"ended": reached, "left": left}
        return self.page("all_ended", gettext("All sessions have ended"), context)
