"""The tests' site with Django's LoginRequiredMiddleware: a page is for signed-in people unless it says otherwise."""

from tests.django_site import settings as site
from tests.django_site.settings import *  # noqa: F403 - settings derive so

MIDDLEWARE = [*site.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
