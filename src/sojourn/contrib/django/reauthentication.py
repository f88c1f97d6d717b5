"""Has somebody who is signed in proved lately who they are, and how do they do it again (ASVS 7.5.2)?

Sojourn asks for the password itself, or sends people to where the site asks (`Adapter.reauthentication_url`; with
django-allauth, that is allauth's own page). A site that asks in another way says so once it knows:

    from sojourn.contrib.django.reauthentication import reauthenticated

    reauthenticated(request)
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from django.conf import settings as django_settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.internal.visit import unwrapped, visit_of
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.core.records import Session

__all__ = ["Method", "Way", "is_recent", "reauthenticated", "verify_password", "way_of"]


class Method(StrEnum):
    """How somebody who is signed in proves again who they are."""

    PASSWORD = "password"  # noqa: S105  # it is a method, not one
    """By their password, which Sojourn asks for."""
    PAGE = "page"
    """On a page of the site's, which then leads back."""
    SIGN_IN = "sign-in"
    """By signing in again: this site has no password of theirs, and no page that asks."""


@dataclass(frozen=True, slots=True)
class Way:
    """The method, and the address of the page that it needs; "" if it needs none."""

    method: Method
    url: str = ""


def way_of(request: HttpRequest, next_url: str) -> Way:
    """How the user of the request proves again who they are; they then go on to `next_url`."""
    user, site = cast("AbstractBaseUser", request.user), adapter()
    url = site.reauthentication_url(request, next_url)
    if url:
        return Way(Method.PAGE, url)
    if site.has_password(user):
        return Way(Method.PASSWORD)
    return Way(Method.SIGN_IN, answers.login_url(next_url))


def is_recent(session: Session) -> bool:
    """Whether its user proved who they are less than REAUTHENTICATION_WINDOW ago."""
    return now() - session.authenticated < current().REAUTHENTICATION_WINDOW


@sensitive_variables("password")
def verify_password(request: HttpRequest, password: str) -> bool:
    """Whether this is the password of the request's user; if so, they have proved again who they are.

    Goes through the site's authentication backends, so whoever counts failed sign-ins counts a wrong one here.
    """
    user = cast("AbstractBaseUser", request.user)
    known = authenticate(request, username=user.get_username(), password=password)
    return known is not None and known.pk == user.pk and reauthenticated(request)


def reauthenticated(request: Any) -> bool:
    """Record that the user of the request has just proved again who they are.

    Their session's timeouts start anew (NIST SP 800-63B-4 section 5.2), and it gets a new token (ASVS 7.2.4): at the
    end of the request, with a new key of Django's session. False, and nothing happens, if the request has no live
    session or its user is another one. Raises StoreError.
    """
    request = unwrapped(request)
    visit = visit_of(request)
    record, user = visit.record, getattr(request, "user", None)
    if record is None or user is None or not user.is_authenticated or adapter().subject(user) != record.subject:
        return False
    elevated = control().elevate(record)
    if elevated is None:
        return False
    visit.record = request.sojourn = elevated
    if request.COOKIES.get(django_settings.SESSION_COOKIE_NAME) == visit.session_key:
        request.session.cycle_key()  # otherwise it came in a header, and nobody would learn its new key
    return True
