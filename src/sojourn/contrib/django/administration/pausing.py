"""Keeping a user from signing in, and letting them again."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.administration.acts import ActView, NoteForm
from sojourn.contrib.django.administration.details import pause_of
from sojourn.contrib.django.administration.ending import ended_text
from sojourn.contrib.django.administration.permissions import END, PAUSE, VIEW
from sojourn.contrib.django.administration.record import log_subject
from sojourn.contrib.django.administration.rows import own_sids
from sojourn.contrib.django.administration.search import moment_field
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason
from sojourn.core.timeouts import DAY

LONGEST = 10 * 365
"""Days that a pause may be set to last; longer ones are those without an end."""


class PauseForm(NoteForm):
    """Asks for how long, and what is to become of the sessions that are open."""

    until = moment_field(
        _("Until"), help_text=_("In the time zone of this page. Empty: until somebody lets them sign in again.")
    )
    end_too = forms.BooleanField(label=_("End their open sessions, too"), required=False)

    def clean_until(self) -> int | None:
        """In milliseconds. Raises ValidationError for a moment that is past, or further away than anybody plans."""
        until: datetime | None = self.cleaned_data["until"]
        if until is None:
            return None
        if not timezone.is_aware(until):
            until = timezone.make_aware(until)
        at, now = round(until.timestamp() * 1000), control().clock()
        if not now < at < now + LONGEST * DAY:
            raise forms.ValidationError(_("Give a moment in the next ten years."))
        return at


class SubjectAct(ActView):
    """An act on one user."""

    needs: ClassVar[tuple[str, ...]] = (VIEW, PAUSE)

    def name(self, subject: str) -> str:
        """Who it is, for people."""
        user = adapter().users_of([subject]).get(subject)
        return subject if user is None else user.get_username()

    def log(self, subject: str, text: str) -> None:
        """Put it on record."""
        log_subject(self.request, subject, adapter().users_of([subject]).get(subject), text)


class PauseView(SubjectAct):
    """Keeps a user from signing in. Nobody can do it to themselves."""

    form_class = PauseForm

    def ask(self, form: NoteForm) -> HttpResponseBase:
        """Say what it means."""
        subject = self.subject_named()
        if self._is_mine(subject):
            return self.done(gettext("You cannot pause your own sign-ins."), self.url("subject", subject))
        return self.confirm(
            form,
            gettext("Pause the sign-ins of this user?"),
            what=gettext("%(user)s cannot sign in while they are paused. Open sessions go on.")
            % {"user": self.name(subject)},
            button=gettext("Pause sign-ins"),
            back=self.url("subject", subject),
            without=() if self.request.user.has_perm(END) else ("end_too",),
        )

    def act(self, form: NoteForm) -> HttpResponseBase:
        """Pause, and end what is open if that was asked for and may be."""
        subject, asked = self.subject_named(), form.cleaned_data
        if self._is_mine(subject):
            return self.ask(form)
        control().pause(subject, by=self.by, note=asked["note"], until=asked["until"])
        text = gettext("Sign-ins are paused.")
        if asked["end_too"] and self.request.user.has_perm(END):
            ended = control().end(subject, None, EndReason.OPERATOR, by=self.by, note=asked["note"])
            text += " " + ended_text(len(ended))
        self.log(subject, gettext("%(what)s Reason: %(note)s") % {"what": text, "note": asked["note"]})
        return self.done(text, self.url("subject", subject))

    def _is_mine(self, subject: str) -> bool:
        found = [control().store.find(sid) for sid in own_sids(self.request)]
        return any(each is not None and each.subject == subject for each in found)


class ResumeView(SubjectAct):
    """Lets a user sign in again."""

    def ask(self, form: NoteForm) -> HttpResponseBase:
        """Say what it means."""
        subject = self.subject_named()
        context: dict[str, Any] = {
            "what": gettext("%(user)s can sign in again at once.") % {"user": self.name(subject)},
            "paused": pause_of(subject),
            "button": gettext("Let them sign in"),
            "back": self.url("subject", subject),
        }
        return self.confirm(form, gettext("Let this user sign in again?"), **context)

    def act(self, form: NoteForm) -> HttpResponseBase:
        """Resume."""
        subject, note = self.subject_named(), form.cleaned_data["note"]
        resumed = control().resume(subject, by=self.by)
        text = gettext("They can sign in again.") if resumed else gettext("Their sign-ins were not paused.")
        if resumed:
            self.log(subject, gettext("%(what)s Reason: %(note)s") % {"what": text, "note": note})
        return self.done(text, self.url("subject", subject))
