"""Our two cookies, the device's and the ticket's: set, read and expired with the session cookie's own attributes."""

from datetime import timedelta

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sojourn.contrib.django.settings import current
from sojourn.core.tokens import TicketSecret
from sojourn.web.device import DeviceId


def _prefixed(name: str) -> str:
    """`__Host-` binds a cookie to this very host (RFC 6265bis); it needs Secure, which follows the session cookie."""
    return f"__Host-{name}" if django_settings.SESSION_COOKIE_SECURE else name


def _set(response: HttpResponseBase, name: str, value: str, milliseconds: int) -> None:
    response.set_cookie(
        _prefixed(name),
        value,
        max_age=timedelta(milliseconds=milliseconds),
        path="/",
        secure=django_settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def read_device(request: HttpRequest) -> str | None:
    """The device cookie's value, as it came."""
    return request.COOKIES.get(_prefixed(current().DEVICE_COOKIE))


def set_device(response: HttpResponseBase, device: DeviceId) -> None:
    """Recognise this browser next time."""
    _set(response, current().DEVICE_COOKIE, device.reveal(), current().DEVICE_COOKIE_AGE)


def read_ticket(request: HttpRequest) -> str | None:
    """The ticket cookie's value, as it came."""
    return request.COOKIES.get(_prefixed(current().TICKET_COOKIE))


def set_ticket(response: HttpResponseBase, ticket: TicketSecret) -> None:
    """Let this browser answer the question, for as long as the ticket lives."""
    _set(response, current().TICKET_COOKIE, ticket.reveal(), current().TICKET_LIFETIME)


def drop_ticket(response: HttpResponseBase) -> None:
    """Expire the ticket cookie, with the attributes it was set with."""
    _set(response, current().TICKET_COOKIE, "", 0)


def drop_session(response: HttpResponseBase) -> None:
    """Expire Django's session cookie, with the attributes Django sets it with."""
    response.delete_cookie(
        django_settings.SESSION_COOKIE_NAME,
        path=django_settings.SESSION_COOKIE_PATH,
        domain=django_settings.SESSION_COOKIE_DOMAIN,
        samesite=django_settings.SESSION_COOKIE_SAMESITE,
    )
