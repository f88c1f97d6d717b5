"""The search of the session list: from what an operator filled in to a question that any store answers."""

import re
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.wording import DEVICE_CLASSES, REASONS
from sojourn.core.errors import InvalidSubject
from sojourn.core.records import DeviceClass, EndReason, Session
from sojourn.core.search import SessionQuery, Standing
from sojourn.core.tokens import check_subject, is_sid

PAGE = 50
USERS = 200
"""How many users one search looks for at most."""
_CURSOR = re.compile(r"([0-9]{1,18})\.(.+)", re.ASCII)
_ANY = [("", _("Any"))]
MOMENT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the query for the store, and whether more users matched than it asks for."""

    query: SessionQuery
    too_many_users: bool = False


def moment_field(label: Any, **more: Any) -> forms.DateTimeField:
    """A field for a moment in the reader's time zone."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    return forms.DateTimeField(label=label, required=False, widget=widget, **more)


class SearchForm(forms.Form):
    """What can be searched for. Everything is optional; without anything it finds the open sessions."""

    user = forms.CharField(label=_("User name, e-mail address or subject"), required=False, max_length=255)
    standing = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            (Standing.LIVE.value, pgettext_lazy("sessions", "Open")),
            (Standing.OVER.value, pgettext_lazy("sessions", "Ended")),
            (Standing.ANY.value, pgettext_lazy("sessions", "Open and ended")),
        ],
    )
    device = forms.CharField(label=_("Browser or operating system"), required=False, max_length=64)
    device_class = forms.ChoiceField(
        label=_("Kind of device"),
        required=False,
        choices=[*_ANY, *((kind.value, text) for kind, text in DEVICE_CLASSES.items())],
    )
    address = forms.CharField(label=_("Address begins with"), required=False, max_length=64)
    client = forms.CharField(label=_("Application"), required=False, max_length=255)
    reason = forms.ChoiceField(
        label=_("Why it ended"),
        required=False,
        choices=[*_ANY, *((reason.value, text) for reason, text in REASONS.items())],
    )
    since = moment_field(_("Signed in since"))
    before = moment_field(_("Signed in before"))

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="", auto_id="sj-%s")

    def clean(self) -> dict[str, Any]:
        """Only ended sessions have a reason of their end: whoever asks for one means those."""
        cleaned: dict[str, Any] = self.cleaned_data
        live = cleaned.get("standing") in ("", Standing.LIVE.value)
        if cleaned.get("reason") and live:
            cleaned["standing"] = Standing.OVER.value
            shown = {name: self.data.get(name, "") for name in self.fields}
            self.data = {**shown, "standing": Standing.OVER.value}
        return cleaned

    @property
    def detailed(self) -> bool:
        """Whether more was filled in than the user and the state."""
        return bool({"device", "device_class", "address", "client", "reason", "since", "before"} & self.filled)

    @property
    def filled(self) -> set[str]:
        """The fields that narrow the search."""
        return {name for name in self.fields if name != "standing" and str(self.data.get(name, "")).strip()}

    def question(self) -> Question:
        """The query, of one page, for what was filled in; only for a valid form. Asks once for matching users."""
        asked = self.cleaned_data
        subjects, too_many = _subjects(asked["user"])
        query = SessionQuery(
            standing=Standing(asked["standing"] or Standing.LIVE),
            subjects=subjects,
            client=asked["client"] or None,
            device=asked["device"],
            device_class=DeviceClass(asked["device_class"]) if asked["device_class"] else None,
            address=asked["address"],
            reason=EndReason(asked["reason"]) if asked["reason"] else None,
            since=_milliseconds(asked["since"]),
            before=_milliseconds(asked["before"]),
            limit=PAGE,
        )
        return Question(query, too_many)


def _subjects(text: str) -> tuple[tuple[str, ...] | None, bool]:
    """The subjects meant by `text`, a subject itself included; and whether there are too many."""
    if not text:
        return None, False
    found = list(adapter().subjects_matching(text, USERS + 1))
    try:
        itself = [check_subject(text)]
    except InvalidSubject:
        itself = []
    return tuple(dict.fromkeys((*itself, *found[:USERS]))), len(found) > USERS


def _milliseconds(moment: Any) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def cursor_text(cursor: tuple[int, str]) -> str:
    """A cursor as it stands in an address."""
    return f"{cursor[0]}.{cursor[1]}"


def cursor_of(text: str) -> tuple[int, str] | None:
    """The cursor in a text from outside; None if there is none."""
    found = _CURSOR.fullmatch(text)
    return (int(found[1]), found[2]) if found and is_sid(found[2]) else None


def from_here(query: SessionQuery, older: str, newer: str) -> SessionQuery:
    """The page of `query` that an address asks for: after a session, towards older ones or newer ones."""
    towards_newer = cursor_of(newer)
    if towards_newer is not None:
        return replace(query, oldest_first=True, after=towards_newer)
    return replace(query, after=cursor_of(older))


def place_of(session: Session) -> tuple[int, str]:
    """The cursor of a session."""
    return (session.created, session.sid)
