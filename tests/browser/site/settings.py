"""A site of people: three kinds of limit side by side, two languages, and a content security policy without mercy.

Which limit holds an account is decided by its group, so that one server plays every part. The database is a file whose
name comes from the environment.
"""

import os
from pathlib import Path

from tests.django_site import settings as plain

SECRET_KEY = "for tests only"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
ROOT_URLCONF = "tests.browser.site.urls"
DEFAULT_AUTO_FIELD = plain.DEFAULT_AUTO_FIELD
STATIC_URL = "/static/"
INSTALLED_APPS = plain.INSTALLED_APPS
MIDDLEWARE = ["tests.browser.site.policy.strict_policy", *plain.MIDDLEWARE]
MIDDLEWARE.insert(
    MIDDLEWARE.index("django.middleware.common.CommonMiddleware"), "django.middleware.locale.LocaleMiddleware"
)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
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
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["SOJOURN_BROWSER_DATABASE"],
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 60},
    }
}
PASSWORD_HASHERS = plain.PASSWORD_HASHERS
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Mails go nowhere, or to the server of a test that is about them.
EMAIL_PORT = int(os.environ.get("SOJOURN_TEST_SMTP", "0"))
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_PORT else 'dummy'}.EmailBackend"
EMAIL_HOST = "127.0.0.1"
SOJOURN = {
    "LIMITS": [
        {"max_sessions": 1, "overflow": "refuse", "groups": ["refuse"]},
        {"max_sessions": 1, "overflow": "end_existing", "groups": ["end_existing"]},
        {"max_sessions": 1, "overflow": "ask", "groups": ["ask"]},
        {"max_sessions": 2, "overflow": "ask", "groups": ["ask_of_two"]},
        {"max_sessions": 3, "overflow": "end_existing", "groups": ["roomy"]},
        {"max_sessions": 2, "overflow": "refuse", "groups": ["one_each"]},
        {"max_sessions": 1, "overflow": "end_existing", "groups": ["one_each"], "scope": ["device_class"]},
    ],
    "SITE_URL": "https://app.example",
    "PASSWORD_RESET_URL": "/new-password/",
    "INACTIVITY_TIMEOUT": "30m",
    "ABSOLUTE_TIMEOUT": "12h",
    "PERSISTENT_ABSOLUTE_TIMEOUT": "14d",
}
