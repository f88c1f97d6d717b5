"""Sojourn as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SojournConfig(AppConfig):
    """The application `sojourn`: its tables, and what connects it to a project."""

    name = "sojourn.contrib.django"
    label = "sojourn"
    verbose_name = _("Sessions")
    default_auto_field = "django.db.models.BigAutoField"
