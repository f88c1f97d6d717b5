"""The tests' site as it is deployed: its mails go to the server that the environment names."""

import os

from tests.django_site.settings import *  # noqa: F403 - settings derive so

ROOT_URLCONF = "tests.servers.urls"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ.get("SOJOURN_TEST_SMTP", "0"))
DEFAULT_FROM_EMAIL = "Site <no-reply@example.org>"
SOJOURN = {
    "LIMITS": [{"max_sessions": 3, "overflow": "end_existing"}],
    "SITE_URL": "https://app.example",
    "INACTIVITY_TIMEOUT": "30m",
    "ABSOLUTE_TIMEOUT": "12h",
}
