"""Checks of cookies and proxies, and of switches that must not be left as they are."""

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as Caution

from sojourn.contrib.django.checks.findings import present, when_enabled
from sojourn.web.places import fault_of


@when_enabled
def check_secure() -> Iterator[CheckMessage]:
    """Cookies travel over https only (ASVS 3.3.1). At deployment."""
    if not django_settings.DEBUG and not django_settings.SESSION_COOKIE_SECURE:
        yield Caution(
            "SESSION_COOKIE_SECURE is not True: whoever listens on the network can take over a session, and the "
            "device cookie is not bound to this host.",
            hint="Write SESSION_COOKIE_SECURE = True and serve the site over https.",
            id="sojourn.W040",
        )


@when_enabled
def check_places() -> Iterator[CheckMessage]:
    """The databases of addresses can be read."""
    for path in present().GEOIP_DATABASES:
        fault = fault_of(path)
        if fault:
            yield Caution(
                f"SOJOURN['GEOIP_DATABASES'] names {path}, which cannot be read: {fault}. Until it can, places are "
                "unknown, and nobody is told of a sign-in from a new one.",
                hint="Write the whole path of an .mmdb file, and let the site's own user read it.",
                id="sojourn.W045",
            )


@when_enabled
def check_address_retention() -> Iterator[CheckMessage]:
    """Addresses are not to be kept for longer than the sessions that they are part of."""
    found = present()
    if found.ADDRESS_RETENTION is not None and found.ADDRESS_RETENTION >= found.RETENTION:
        yield Caution(
            "SOJOURN['ADDRESS_RETENTION'] has no effect: it is not shorter than RETENTION, after which whole sessions "
            "are forgotten.",
            hint='Leave it out, or write a shorter one, such as "7d".',
            id="sojourn.W046",
        )


def check_disabled(**_: object) -> list[CheckMessage]:
    """Sojourn is on. At deployment."""
    if django_settings.DEBUG or present().ENABLED:
        return []
    return [
        Caution(
            "SOJOURN['ENABLED'] is False: no limit and no timeout holds, and sessions that were ended live again.",
            hint="Leave ENABLED out. It is for test suites that are not about sessions.",
            id="sojourn.W041",
        )
    ]


@when_enabled
def check_script_access() -> Iterator[CheckMessage]:
    """Scripts cannot read the session cookie (ASVS 3.3.4)."""
    if not django_settings.SESSION_COOKIE_HTTPONLY:
        yield Caution(
            "SESSION_COOKIE_HTTPONLY is not True: any script in a page can carry the session away.",
            hint="Leave SESSION_COOKIE_HTTPONLY out, or write True.",
            id="sojourn.W042",
        )


@when_enabled
def check_proxies() -> Iterator[CheckMessage]:
    """A site behind a proxy says how many there are."""
    signs = [name for name in ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST") if getattr(django_settings, name)]
    if signs and not present().TRUSTED_PROXY_HOPS:
        yield Caution(
            f"{' and '.join(signs)} say that a proxy stands before Django, but SOJOURN['TRUSTED_PROXY_HOPS'] is 0: "
            "every session would show the proxy's address.",
            hint='Write SOJOURN["TRUSTED_PROXY_HOPS"] = 1, or as many as there are, if each appends to '
            "X-Forwarded-For.",
            id="sojourn.W043",
        )
