"""The Django settings that mypy's Django plugin loads to learn the models. Nothing runs on them."""

SECRET_KEY = "types only"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "sojourn.contrib.django",
]
