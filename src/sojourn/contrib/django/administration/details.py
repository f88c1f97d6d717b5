"""What the admin shows of one session, and of one user: facts, history, and what a sign-in would come to now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.admin.utils import quote
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.administration.base import AdministrationView
from sojourn.contrib.django.administration.explaining import sentences
from sojourn.contrib.django.administration.rows import rows_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import moment
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.wording import DEVICE_CLASSES
from sojourn.core.explain import Explanation
from sojourn.core.records import Arrival, Device, DeviceClass, Pause, Session
from sojourn.core.search import SessionQuery, Standing
from sojourn.core.tokens import is_sid

BESIDE = 20
"""How many other sessions of the same user the page of a session shows."""
OPEN, ENDED = 100, 50
"""How many sessions the page of a user shows."""


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause as a page shows it."""

    pause: Pause

    @property
    def since(self) -> datetime:
        """When it began."""
        return moment(self.pause.since)

    @property
    def until(self) -> datetime | None:
        """When it ends by itself; None if it does not."""
        return _moment(self.pause.until)


def pause_of(subject: str) -> Paused | None:
    """The pause that holds for a subject now."""
    pause = control().store.roster(subject).profile.pause
    return Paused(pause) if pause is not None and pause.holds(control().clock()) else None


class SessionView(AdministrationView):
    """One session: every public fact of it, and the other sessions of its user."""

    def get(self, request: HttpRequest, **_: str) -> HttpResponseBase:
        """Show the page."""
        row = self.session_row()
        session = row.session
        query = SessionQuery(subjects=(session.subject,), limit=BESIDE + 1)
        others = [each for each in control().search(query).sessions if each.sid != session.sid][:BESIDE]
        context: dict[str, object] = {
            "row": row,
            "facts": _facts(session, _device_name(session)),
            "ended_by_session": session.ended_by if is_sid(session.ended_by) else "",
            "others": rows_of(request, others),
        }
        return self.page("session", gettext("Session of %(user)s") % {"user": row.user_name}, context)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known of a session: a text, or a moment."""

    name: str
    text: str = ""
    at: datetime | None = None


def _device_name(session: Session) -> str:
    """What its user calls the device; "" if they have given it no name."""
    names = control().store.roster(session.subject).profile.device_names if session.device.digest else {}
    return names.get(session.device.digest, "")


def _facts(session: Session, device_name: str) -> list[Fact]:
    """What is known of a session beside what every list shows of it; only what there is to say of."""
    found = [
        Fact(gettext("Its user calls this device"), device_name),
        Fact(gettext("Password or other proof last given"), at=moment(session.authenticated)),
        Fact(gettext("Ends without activity after"), _minutes(session.inactivity_timeout)),
        Fact(gettext("Ends at the latest"), at=_moment(session.expires)),
        Fact(gettext("Django’s session lasts until"), at=_moment(session.carrier_expires)),
        Fact(gettext("Stays signed in"), gettext("Yes, as its user asked") if session.persistent else gettext("No")),
        Fact(gettext("Signed in by"), " ".join((session.acr, *session.amr)).strip()),
        Fact(gettext("Token renewed, times"), str(session.generation)),
        Fact(gettext("Session id"), session.sid),
        Fact(gettext("Subject"), session.subject),
    ]
    return [fact for fact in found if fact.text or fact.at is not None]


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)


def _minutes(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    minutes = round(milliseconds / 60_000)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


class SubjectView(AdministrationView):
    """One user: their sessions, whether their sign-ins are paused, and what a sign-in would come to now."""

    def get(self, request: HttpRequest, subject: str) -> HttpResponseBase:
        """Show the page."""
        subject = self.subject_named()
        user = adapter().users_of([subject]).get(subject)
        live = control().search(SessionQuery(standing=Standing.LIVE, subjects=(subject,), limit=OPEN))
        over = control().search(SessionQuery(standing=Standing.OVER, subjects=(subject,), limit=ENDED))
        shown = {row.sid: row for row in rows_of(request, (*live.sessions, *over.sessions))}
        kind = _kind(request.GET.get("device", ""))
        context: dict[str, object] = {
            "subject": subject,
            "known": user,
            "user_url": self._user_url(user),
            "open": [shown[session.sid] for session in live.sessions],
            "more_open": live.cursor is not None,
            "ended": [shown[session.sid] for session in over.sessions],
            "paused": pause_of(subject),
            "explanation": [] if user is None else sentences(explanation(user, subject, kind)),
            "kinds": [(each.value, DEVICE_CLASSES[each], each is kind) for each in _ASKED_FOR],
            "reversible": not current().SUBJECT,
        }
        name = subject if user is None else user.get_username()
        return self.page("subject", gettext("Sessions of %(user)s") % {"user": name}, context)

    def _user_url(self, user: AbstractBaseUser | None) -> str:
        """The user's own page in this admin site; "" if there is none, or not for whoever asks."""
        if user is None:
            return ""
        meta = cast("Any", user)._meta
        found = self.admin_site._registry.get(meta.model)
        if found is None or not found.has_view_or_change_permission(self.request, user):
            return ""
        try:
            name = f"admin:{meta.app_label}_{meta.model_name}_change"
            return reverse(name, args=[quote(str(user.pk))], current_app=self.admin_site.name)
        except NoReverseMatch:
            return ""


_ASKED_FOR = (DeviceClass.COMPUTER, DeviceClass.PHONE, DeviceClass.TABLET)


def _kind(text: str) -> DeviceClass:
    return next((each for each in _ASKED_FOR if each.value == text), DeviceClass.COMPUTER)


def explanation(user: AbstractBaseUser, subject: str, kind: DeviceClass) -> Explanation:
    """What a sign-in of `user` in a new browser on such a device would come to now, and which rule says so."""
    arrival = Arrival(
        subject,
        client=current().CLIENT,
        device=Device(kind),
        groups=adapter().groups(user),
        credentials=adapter().credentials(user),
    )
    return control().explain(arrival)
