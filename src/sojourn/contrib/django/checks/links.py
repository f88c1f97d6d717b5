"""Checks of the links in messages: that there are any, that they lead to this site, and on to a new password."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as Caution
from django.http.request import split_domain_port, validate_host
from django.urls import NoReverseMatch, reverse

from sojourn.contrib.django.checks.findings import present, when_enabled
from sojourn.contrib.django.notices.passwords import reset_url
from sojourn.notify.notices import Channel


@when_enabled
def check_links() -> Iterator[CheckMessage]:
    """Links in messages lead somewhere. At deployment: there may be no address of the site before."""
    settings = present()
    if django_settings.DEBUG or not settings.NOTICES.use(Channel.MAIL):
        return
    if not settings.SITE_URL:
        yield Caution(
            "SOJOURN['SITE_URL'] is not set: mails tell users of sign-ins, but have no link by which to say that it "
            "was not them.",
            hint='Write SOJOURN["SITE_URL"] = "https://app.example", as users know the site.',
            id="sojourn.W055",
        )
        return
    yield from _leading_here(settings.SITE_URL)
    if _has_pages() and not reset_url():
        yield Caution(
            "No page for a new password is known: users who say that a sign-in was not them are told to set one, and "
            "not where.",
            hint='Write SOJOURN["PASSWORD_RESET_URL"] = "/reset/", for instance, or give Django\'s PasswordResetView '
            'the name "password_reset".',
            id="sojourn.W058",
        )


def _leading_here(site: str) -> Iterator[CheckMessage]:
    where = urlsplit(site)
    if where.scheme != "https":
        yield Caution(
            "SOJOURN['SITE_URL'] is not https: whoever listens on the network can read the links in messages, and use "
            "them first.",
            hint=f'Write SOJOURN["SITE_URL"] = "https://{where.netloc}" and serve the site over https.',
            id="sojourn.W056",
        )
    if not _has_pages():
        yield Caution(
            "SOJOURN['SITE_URL'] is set, but Sojourn's pages have no address: messages have no link to them.",
            hint='Add path("sessions/", include("sojourn.contrib.django.urls")) to your urlpatterns.',
            id="sojourn.W057",
        )
    host = split_domain_port(where.netloc)[0]
    if not validate_host(host, django_settings.ALLOWED_HOSTS):
        yield Caution(
            f"SOJOURN['SITE_URL'] names the host {host!r}, which is not in ALLOWED_HOSTS: links in messages "
            "would be answered with 400.",
            hint=f"Add {host!r} to ALLOWED_HOSTS, or correct SITE_URL.",
            id="sojourn.W059",
        )


def _has_pages() -> bool:
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return False
    try:
        reverse("sojourn:not_me")
    except NoReverseMatch:
        return False
    return True
