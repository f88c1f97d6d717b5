"""What the tests of the admin share: who may do what, where its pages are, and many sessions at once."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.outcomes import Admitted
from sojourn.core.records import Arrival, Device, DeviceClass, Session
from tests.django.browser import PASSWORD, Browser

VIEWER, ENDER = ("view_session",), ("view_session", "end_session")
ALL = (*ENDER, "end_all_sessions", "pause_subject")


def staff(name: str, *permissions: str) -> User:
    """A member of staff with these permissions of Sojourn's."""
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, is_staff=True)
    wanted = Permission.objects.filter(content_type__app_label="sojourn", codename__in=permissions)
    assert len(wanted) == len(permissions)
    user.user_permissions.set(wanted)
    return user


def signed_in(name: str, *permissions: str) -> Browser:
    """A browser in which such a member of staff is signed in."""
    staff(name, *permissions)
    return again(name)


def again(name: str) -> Browser:
    """Another browser of somebody who is there already."""
    browser = Browser()
    assert browser.sign_in(name).status_code == 302
    return browser


def url(page: str, key: str = "") -> str:
    """Where a page of the admin is."""
    return reverse(f"admin:sojourn_session_{page}", args=[quote(key)] if key else [])


def session(user: User, **more: Any) -> Session:
    """A session of a user, begun without a browser."""
    device = Device(more.pop("kind", DeviceClass.COMPUTER), more.pop("family", "Firefox"), more.pop("os", "Windows"))
    arrival = Arrival(adapter().subject(user), device=device, credentials=adapter().credentials(user), **more)
    outcome = control().start(arrival)
    assert isinstance(outcome, Admitted)
    return outcome.session


def text(response: Any) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def listed(response: Any) -> list[str]:
    """The sessions that a page of the list shows, in their order."""
    return [row.sid for row in response.context["rows"]]


def subject_by_mail(user: User) -> str:
    """A site's own way of naming its subjects."""
    return f"mail:{user.email}"
