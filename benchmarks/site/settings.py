"""Settings of the site, for the contender and the database that the environment names."""

import json
import os

from benchmarks.contenders import BY_KEY

_contender = BY_KEY[os.environ["SOJOURN_BENCH_CONTENDER"]]

SECRET_KEY = "for measuring only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "benchmarks.site.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = list(_contender.apps)
MIDDLEWARE = list(_contender.middleware)
SESSION_ENGINE = _contender.engine
_database = json.loads(os.environ["SOJOURN_BENCH_DATABASE"])
DATABASES = {"default": {**_database, "OPTIONS": {**_database.get("OPTIONS", {}), **_contender.options}}}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# What is measured is never the hashing of a password.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_REDIRECT_URL = "/"
LOGGING_CONFIG = None
SILENCED_SYSTEM_CHECKS = ["sojourn.W011"]  # no page of ours is asked for
SOJOURN = {
    "LIMITS": [{"max_sessions": 3, "overflow": "end_existing"}],
    "INACTIVITY_TIMEOUT": "30m",
    "ABSOLUTE_TIMEOUT": "12h",
}
globals().update(_contender.settings)
