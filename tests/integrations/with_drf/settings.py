"""The tests' site with Django REST framework, and knox for tokens."""

from tests.django_site import settings as site
from tests.django_site.settings import *  # noqa: F403 - settings derive so

ROOT_URLCONF = "tests.integrations.with_drf.urls"
INSTALLED_APPS = ["rest_framework", "knox", *site.INSTALLED_APPS]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
