"""Checks of Sojourn's pages in Django's admin."""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Info
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from sojourn.contrib.django.administration import UserSessionsMixin
from sojourn.contrib.django.checks.findings import when_enabled


@when_enabled
def check_administration() -> Iterator[CheckMessage]:
    """The admin shows sessions, and leads to them from each user."""
    if not apps.is_installed("django.contrib.admin") or not apps.is_installed("django.contrib.auth"):
        return
    from django.contrib.admin.sites import all_sites

    from sojourn.contrib.django.models import Session

    sites = [site for site in all_sites if site.is_registered(Session)]
    if not sites:
        yield Info(
            "No admin site has Sojourn's pages: nobody can look for sessions there, or end them.",
            hint="Write `register(site)` in an admin.py, with sojourn.contrib.django.administration.register and your "
            'AdminSite. "django.contrib.admin" in INSTALLED_APPS does it for the default site.',
            id="sojourn.I050",
        )
    user = get_user_model()
    admins = [site.get_model_admin(user) for site in sites if site.is_registered(user)]
    if any(not isinstance(each, UserSessionsMixin) for each in admins) and not _has_link(user._meta.label_lower):
        yield Info(
            f"The page of a user in the admin does not lead to their sessions: {user._meta.label} is no model of "
            "Django's, and its admin knows nothing of Sojourn.",
            hint="Add sojourn.contrib.django.administration.UserSessionsMixin before the base of your ModelAdmin.",
            id="sojourn.I051",
        )


def _has_link(label: str) -> bool:
    """Whether there is a template for the buttons of this model's page. We have one for Django's own user."""
    if label == "auth.user":
        return True
    try:
        get_template(f"admin/{label.replace('.', '/')}/change_form_object_tools.html")
    except TemplateDoesNotExist:
        return False
    return True
