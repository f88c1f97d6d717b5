"""Configure Django for the demonstration, make its database, and give its accounts their passwords."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in to the demonstration, until it ends."""

    name: str
    password: str = field(repr=False)
    about: str = ""


def values(folder: Path, host: str, store: str = "default") -> dict[str, Any]:
    """The site's Django settings: its files are in `folder`, and it answers as `host`. SECRET_KEY is fresh.

    `store`: where the sessions are, as SOJOURN["STORE"] has it.
    """
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DEBUG": False,
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"] if _is_local(host) else ["*"],
        "ROOT_URLCONF": "sojourn.contrib.django.demo.urls",
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [
            "sojourn.contrib.django.demo",  # first: its sojourn/base.html puts a frame around Sojourn's pages
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "sojourn.contrib.django",
        ],
        "MIDDLEWARE": [
            "sojourn.contrib.django.demo.headers.ContentSecurityPolicy",
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "sojourn.contrib.django.middleware.SessionControlMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "sojourn.contrib.django.demo.views.frame",
                    ]
                },
            }
        ],
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "demo.sqlite3"),
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
            }
        },
        # Names of its own: browsers share cookies between all ports of one host, and other sites run there too.
        "SESSION_COOKIE_NAME": "sojourn_demo_session",
        "CSRF_COOKIE_NAME": "sojourn_demo_csrf",
        # In a cookie, so that a page can be drawn while the database cannot be reached.
        "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
        "STATIC_URL": "/static/",
        "LOGIN_URL": "sign_in",
        "LOGIN_REDIRECT_URL": "private",
        "LOGOUT_REDIRECT_URL": "front",
        "X_FRAME_OPTIONS": "DENY",
        "LOGGING": {
            "version": 1,
            "disable_existing_loggers": False,
            # Refusals are answers, not faults: only what went wrong belongs into the terminal.
            "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "ERROR"}},
        },
        "EMAIL_BACKEND": "sojourn.contrib.django.demo.mailbox.EmailBackend",
        "EMAIL_FILE_PATH": str(folder / "mails"),
        "DEFAULT_FROM_EMAIL": "Sojourn demonstration <no-reply@demo.example>",
        "SOJOURN": {
            "POLICY": "sojourn.contrib.django.demo.limit.policy",
            "ADAPTER": "sojourn.contrib.django.demo.places.DemoAdapter",
            "STORE": store,
        },
    }


def _is_local(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def configure(folder: Path, host: str, store: str = "default") -> None:
    """Make this process a Django site. Once for each process."""
    import django
    from django.conf import settings

    settings.configure(**values(folder, host, store))
    django.setup()


def open_at(url: str) -> None:
    """Let the links in mails lead to `url`, which is known only once the server listens."""
    from django.conf import settings
    from django.core.signals import setting_changed

    value: dict[str, Any] = {**getattr(settings, "SOJOURN", {}), "SITE_URL": url}
    settings.SOJOURN = value
    setting_changed.send(sender=None, setting="SOJOURN", value=value, enter=True)


def prepare() -> list[Account]:
    """Make or update the tables, and give every account a new password; in a kept database, old sessions end by it."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    accounts = [
        Account("ann", _password(), ""),
        Account("ben", _password(), ""),
        Account("admin", _password(), "(may also sign in at /admin/)"),
    ]
    for account in accounts:
        is_admin = account.name == "admin"
        user, _ = get_user_model()._default_manager.get_or_create(
            username=account.name, defaults={"is_staff": is_admin, "is_superuser": is_admin}
        )
        user.email = f"{account.name}@demo.example"
        user.set_password(account.password)
        user.save()
    return accounts


def close() -> None:
    """Let nobody use the store any more, and close the database, so that its file can be deleted everywhere."""
    from django.db import connections

    from sojourn.contrib.django.internal import herald

    herald.stop_delivering()
    connections.close_all()


def _password() -> str:
    """Twelve letters and digits, 59 bits: good for an afternoon on one's own machine, and quick to copy."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
