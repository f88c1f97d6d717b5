"""Who is compared: each is one site, with these settings changed. Plain data, readable without Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
_AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
_SOJOURN = "sojourn.contrib.django.middleware.SessionControlMiddleware"
_BASE = ("django.contrib.auth", "django.contrib.contenttypes")
_STOCK = (*_BASE, "django.contrib.sessions")
_ENGINES = "django.contrib.sessions.backends"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to keep sessions: its name in tables, and the settings that make the site keep them so."""

    key: str
    title: str
    apps: tuple[str, ...] = _STOCK
    middleware: tuple[str, ...] = (_SESSION, _AUTH)
    engine: str = f"{_ENGINES}.db"
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    """Of the database's connection."""
    only: str = ""
    """The one kind of database that this is measured on; empty for each."""
    packages: tuple[str, ...] = ()
    """Distributions whose versions are told with the results."""


EMPTY = Contender("empty", "empty handler, no session at all", apps=_BASE, middleware=())
DB = Contender("db", "`db`")
JOINED = Contender(
    "sojourn",
    "**Sojourn** on `db`",
    apps=(*_STOCK, "sojourn.contrib.django"),
    middleware=(_SESSION, _AUTH, _SOJOURN),
)
# What Django offers a site whose connections are its own, or go through a pooler that knows prepared statements.
_PREPARED: dict[str, Any] = {"options": {"server_side_binding": True, "prepare_threshold": 0}, "only": "PostgreSQL"}
DB_PREPARED = Contender("db-prepared", "`db`, statements prepared", **_PREPARED)
JOINED_PREPARED = Contender(
    "sojourn-prepared",
    "**Sojourn** on `db`, statements prepared",
    apps=JOINED.apps,
    middleware=JOINED.middleware,
    **_PREPARED,
)
SEPARATE = Contender(
    "sojourn-separate",
    "**Sojourn** on `db`, the user read apart",
    apps=JOINED.apps,
    middleware=JOINED.middleware,
    # A backend with a `get_user` of its own: what it would answer is its own affair, so Sojourn lets Django ask it.
    settings={"AUTHENTICATION_BACKENDS": ["benchmarks.site.backends.OwnBackend"]},
)
ALLAUTH = Contender(
    "allauth",
    "allauth usersessions, TRACK_ACTIVITY, on `db`",
    apps=(*_STOCK, "django.contrib.messages", "allauth", "allauth.account", "allauth.usersessions"),
    middleware=(
        _SESSION,
        _AUTH,
        "allauth.account.middleware.AccountMiddleware",
        "allauth.usersessions.middleware.UserSessionsMiddleware",
    ),
    settings={
        "USERSESSIONS_TRACK_ACTIVITY": True,
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
    },
    packages=("django-allauth",),
)
ALL = (
    EMPTY,
    Contender("signed_cookies", "`signed_cookies`", engine=f"{_ENGINES}.signed_cookies"),
    Contender("cached_db", "`cached_db`, cache in the process", engine=f"{_ENGINES}.cached_db"),
    DB,
    JOINED,
    SEPARATE,
    DB_PREPARED,
    JOINED_PREPARED,
    Contender(
        "user-sessions",
        "django-user-sessions",
        apps=(*_BASE, "user_sessions"),
        middleware=("user_sessions.middleware.SessionMiddleware", _AUTH),
        engine="user_sessions.backends.db",
        settings={"SILENCED_SYSTEM_CHECKS": ["admin.E410"]},
        packages=("django-user-sessions",),
    ),
    Contender(
        "qsessions",
        "django-qsessions, `db`",
        apps=(*_BASE, "qsessions"),
        middleware=("qsessions.middleware.SessionMiddleware", _AUTH),
        engine="qsessions.backends.db",
        packages=("django-qsessions",),
    ),
    Contender("db-every", "`db`, SESSION_SAVE_EVERY_REQUEST", settings={"SESSION_SAVE_EVERY_REQUEST": True}),
    ALLAUTH,
)
BY_KEY = {each.key: each for each in ALL}
