"""Where a store keeps its records: plain data, so that a process that is started opens the same store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sojourn.core.events import Event
from sojourn.stores.movable import Movable
from tests.stores import sql_site

APPS = ("auth", "contenttypes", "sessions")
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sojourn.contrib.django.middleware.SessionControlMiddleware",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A database, by the alias and the entry of Django's DATABASES; or servers, by their address."""

    name: str
    entry: dict[str, Any] | None = None
    url: str = ""

    def open(self, wanted: Callable[[Event], bool]) -> Movable:
        """The store that is there. In a process of its own, Django must be configured: see `sql_site.configure`."""
        if self.entry is None:
            from sojourn.stores.redis.address import Address
            from sojourn.stores.redis.servers import Servers
            from sojourn.stores.redis.sync import RedisStore

            return RedisStore(Servers(Address.parse(self.url)), wanted=wanted)
        from django.db import connections

        from sojourn.contrib.django.database import DjangoDatabase
        from sojourn.stores.sql import SQLStore

        if self.name not in connections.settings:
            sql_site.add(self.name, self.entry)
        return SQLStore(DjangoDatabase(self.name), wanted=wanted)


def settings(site: Mapping[str, Place], **sojourn: object) -> dict[str, Any]:
    """Django's settings, as plain data, for a site that has nothing else: its places by their setting, such as STORE,
    and what else is in SOJOURN."""
    databases = {place.name: place.entry for place in site.values() if place.entry is not None}
    return {
        "SECRET_KEY": "for tests only",
        "USE_TZ": True,
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [*(f"django.contrib.{name}" for name in APPS), "sojourn.contrib.django"],
        "MIDDLEWARE": MIDDLEWARE,
        "DATABASES": {"default": {}, **databases},
        "SOJOURN": {**{name: place.url or place.name for name, place in site.items()}, **sojourn},
    }
