"""The tests' site with django-axes, which locks accounts after failures; SITE_ORDER says which application is first."""

import os

from tests.django_site import settings as site
from tests.django_site.settings import *  # noqa: F403 - settings derive so

INSTALLED_APPS = ["axes", *site.INSTALLED_APPS]
if os.environ.get("SITE_ORDER") == "sojourn first":
    INSTALLED_APPS = ["sojourn.contrib.django", *(app for app in site.INSTALLED_APPS if "sojourn" not in app), "axes"]
MIDDLEWARE = [*site.MIDDLEWARE, "axes.middleware.AxesMiddleware"]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 3
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_VERBOSE = False
