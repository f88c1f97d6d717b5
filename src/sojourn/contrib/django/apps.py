"""Sojourn as a Django application."""

from types import ModuleType

from django.apps import AppConfig
from django.utils.translation import pgettext_lazy

from sojourn.contrib.django import receivers


class SojournConfig(AppConfig):
    """The application `sojourn`: its tables, and what connects it to a project."""

    name = "sojourn.contrib.django"
    label = "sojourn"
    verbose_name = pgettext_lazy("sessions", "Sessions")  # without a context, Django's own translation would hold
    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        """Connect first, wherever in INSTALLED_APPS: others must not take a sign-in that is refused for a success."""
        super().__init__(app_name, app_module)
        receivers.connect()

    def ready(self) -> None:
        """Hide what is secret, register the system checks, have the metrics there at once, listen to django-allauth.

        And notice forks from now on.
        """
        from sojourn.contrib.django import checks, concealed, telemetry
        from sojourn.contrib.django.internal import inherited

        concealed.conceal()
        checks.connect()
        telemetry.prepare()
        receivers.connect_allauth()
        inherited.connect()
