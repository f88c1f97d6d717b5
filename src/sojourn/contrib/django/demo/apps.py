"""The demonstration as a Django application: for its templates and its stylesheet; it has no tables."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The application `sojourn_demo`."""

    name = "sojourn.contrib.django.demo"
    label = "sojourn_demo"
