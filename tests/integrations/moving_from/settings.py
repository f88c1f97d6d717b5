"""The tests' site with the packages that people come from installed; a test says which of them is in use."""

from tests.django_site import settings as site
from tests.django_site.settings import *  # noqa: F403 - settings derive so

INSTALLED_APPS = ["user_sessions", "qsessions", *site.INSTALLED_APPS]
STOCK = "django.contrib.sessions.middleware.SessionMiddleware"
"""The middleware that each of them replaces with its own."""
