"""Where a user goes to set a new password: the page of the site that the advice "change your password" leads to."""

from collections.abc import Iterable

from django.urls import NoReverseMatch, reverse

from sojourn.contrib.django.settings import current


def reset_url() -> str:
    """Where somebody who is not signed in gets a new password; "" if the site has no such page that we know."""
    return current().PASSWORD_RESET_URL or _first(("password_reset", "account_reset_password", "admin_password_reset"))


def change_url() -> str:
    """Where somebody who is signed in changes their password; "" if the site has no such page that we know."""
    return _first(("password_change", "account_change_password"))


def _first(names: Iterable[str]) -> str:
    """The address of the first of these pages that there is: Django's names, and django-allauth's."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""
