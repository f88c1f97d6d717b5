"""The tests' site with django-allauth: forms, second factor, sign-in by code, and headless for browsers and apps."""

from tests.django_site import settings as site
from tests.django_site.settings import *  # noqa: F403 - settings derive so

ROOT_URLCONF = "tests.integrations.with_allauth.urls"
INSTALLED_APPS = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    *site.INSTALLED_APPS,
]
MIDDLEWARE = [*site.MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
HEADLESS_TOKEN_STRATEGY = "sojourn.contrib.django.allauth.SojournSessionTokenStrategy"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_RATE_LIMITS = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MFA_TOTP_TOLERANCE = 1  # a test may run across the end of a code's half minute
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = "for tests only, and as long as HS256 asks for"
