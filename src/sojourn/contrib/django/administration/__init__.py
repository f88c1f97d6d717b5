"""Sojourn's pages in Django's admin, on the store's own search: the same over any store.

`sojourn.contrib.django.admin` puts them into the default site; `register(site)` into any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


def register(site: AdminSite) -> None:
    """Put Sojourn's pages into an admin site. Doing so twice is doing so once."""
    from sojourn.contrib.django.administration.registration import SessionAdmin
    from sojourn.contrib.django.models import Session

    if not site.is_registered(Session):
        site.register(Session, SessionAdmin)


class UserSessionsMixin:
    """For the ModelAdmin of a user model of one's own: a link "Sessions" on each user's page.

    The admin of Django's own `auth.User` has the link without it.
    """

    change_form_template = "sojourn/administration/user_change_form.html"
