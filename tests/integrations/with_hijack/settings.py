"""The tests' site with django-hijack, in which staff act as users."""

from tests.django_site import settings as site
from tests.django_site.settings import *  # noqa: F403 - settings derive so

ROOT_URLCONF = "tests.integrations.with_hijack.urls"
INSTALLED_APPS = ["hijack", *site.INSTALLED_APPS]
MIDDLEWARE = [*site.MIDDLEWARE, "hijack.middleware.HijackUserMiddleware"]
LOGOUT_REDIRECT_URL = "/admin/"
