"""What every act of an administrator has in common: it asks first, it wants a reason, and it is put on record."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from sojourn.contrib.django.administration.base import AdministrationView
from sojourn.contrib.django.administration.permissions import END, VIEW
from sojourn.contrib.django.administration.record import by_of


class NoteForm(forms.Form):
    """Asks for the reason of what is about to be done."""

    note = forms.CharField(
        label=_("Your reason"),
        max_length=255,
        help_text=_("Kept with your name for other administrators. The user never sees it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="", auto_id="sj-%s")


class ActView(AdministrationView, ABC):
    """Something that an administrator does: a page that asks, and a POST with a reason that does it.

    Nothing happens by following a link, nor by a POST that nobody has confirmed.
    """

    needs: ClassVar[tuple[str, ...]] = (VIEW, END)
    form_class: ClassVar[type[NoteForm]] = NoteForm

    def get(self, _request: HttpRequest, **_: str) -> HttpResponseBase:
        """Ask."""
        return self.ask(self.form_class())

    def post(self, request: HttpRequest, **_: str) -> HttpResponseBase:
        """Ask, or do it if that is what was answered. Bad input asks again and changes nothing."""
        if "confirmed" not in request.POST:
            return self.ask(self.form_class())
        form = self.form_class(request.POST)
        return self.act(form) if form.is_valid() else self.ask(form)

    @abstractmethod
    def ask(self, form: NoteForm) -> HttpResponseBase:
        """The page that asks."""

    @abstractmethod
    def act(self, form: NoteForm) -> HttpResponseBase:
        """Do it."""

    @property
    def by(self) -> str:
        """Who does it, as it is written to the records: no sid, all of which are without a colon, looks like it."""
        return by_of(self.request)

    def confirm(self, form: NoteForm, title: str, **context: object) -> HttpResponseBase:
        """The page that asks. `what`: what will be done, in a sentence. `button`: the word for it. `back`: or not."""
        frame = {"form": form, "without": (), **context}
        return self.page("confirm", title, frame, status=400 if form.errors else 200)

    def done(self, text: str, to: str) -> HttpResponseBase:
        """Say what was done on the page that comes next."""
        messages.success(self.request, text, fail_silently=True)
        return redirect(to)
