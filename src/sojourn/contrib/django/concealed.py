"""A password in the address of a store does not appear where settings are shown, such as Django's page for errors.

Django hides the values of settings by their names, and this one has an address as its value.
"""

from typing import Any

from django.conf import settings as django_settings

from sojourn.core.errors import ConfigurationError
from sojourn.stores.redis.address import Address


class Concealed(str):
    """The text that it is, except to whoever prints settings."""

    __slots__ = ()

    def __repr__(self) -> str:
        try:
            return repr(f"{Address.parse(self)} (user, password and options are not shown)")
        except ConfigurationError:
            return "'(an address, which is not shown)'"


def conceal() -> None:
    """Put the site's addresses of stores into such texts; any other value is left alone."""
    for name in ("STORE", "MOVE_TO"):
        raw: Any = getattr(django_settings, "SOJOURN", None)
        written = raw.get(name) if isinstance(raw, dict) else None
        if isinstance(written, str) and ":" in written:
            django_settings.SOJOURN = {**raw, name: Concealed(written)}
