"""Sojourn is of no use where its application is not installed: no sign-in would be heard of, and all would be lost."""

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

APPLICATION = "sojourn.contrib.django"


def require_application(part: str) -> None:
    """Raise ImproperlyConfigured, with what to write, if `part` is used where the application is not installed.

    No system check can say so: those of an application that is not installed are not made.
    """
    if not apps.is_installed(APPLICATION):
        raise ImproperlyConfigured(
            f'{part} is used, but "{APPLICATION}" is missing from INSTALLED_APPS: every sign-in would be lost at the '
            f'next request. Add "{APPLICATION}" to INSTALLED_APPS.'
        )
