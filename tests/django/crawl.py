"""Every address of the test site, from its own URL configuration: a page added later is crawled too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver

_PARAMETER = re.compile(r"<(?:[a-z]+:)?[a-z0-9_]+>")


def addresses() -> list[str]:
    """All paths, with a real user's key wherever a parameter stands."""
    key = str(User.objects.order_by("pk").values_list("pk", flat=True)[0])
    return ["/" + path for path in _walk(get_resolver().url_patterns, "", key)]


def _walk(patterns: list[Any], prefix: str, key: str) -> Iterator[str]:
    for pattern in patterns:
        route = getattr(pattern.pattern, "_route", None)
        path = prefix + (_PARAMETER.sub(key, route) if route is not None else "")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path, key)
        elif isinstance(pattern, URLPattern):
            yield path
