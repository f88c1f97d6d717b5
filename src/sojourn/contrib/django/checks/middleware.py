"""Checks of MIDDLEWARE: what stands before Sojourn's has seen a user that nobody has judged."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from sojourn.contrib.django.checks.findings import is_kind, load, when_enabled

OURS = "sojourn.contrib.django.middleware.SessionControlMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
REMOTE_USER = "django.contrib.auth.middleware.RemoteUserMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"

_PLACE = f'Write "{OURS}" directly after "{AUTHENTICATION}" in MIDDLEWARE.'


@dataclass(frozen=True, slots=True)
class Stack:
    """MIDDLEWARE, outermost first, with what each path leads to (None if it leads nowhere: Django says so itself)."""

    layers: tuple[tuple[str, object], ...]

    def places(self, path: str) -> list[int]:
        """Where this middleware, or one derived from it, stands."""
        kind = load(path)
        return [
            place
            for place, (name, found) in enumerate(self.layers)
            if name == path or (isinstance(kind, type) and is_kind(found, kind))
        ]


def _stack() -> Stack | None:
    """None without Django's users: their middleware cannot be imported then, and `check_applications` says so."""
    if not apps.is_installed("django.contrib.auth"):
        return None
    layers: list[tuple[str, object]] = []
    for path in django_settings.MIDDLEWARE:
        try:
            layers.append((path, load(path)))
        except ImportError:
            layers.append((path, None))
    return Stack(tuple(layers))


@when_enabled
def check_middleware() -> Iterator[CheckMessage]:
    """Sessions, then users, then directly Sojourn, each of them once."""
    stack = _stack()
    if stack is None:
        return
    sessions, users, ours = (stack.places(path) for path in (SESSIONS, AUTHENTICATION, OURS))
    if not sessions:
        yield Error(
            "SessionMiddleware is missing from MIDDLEWARE: nobody can be signed in.",
            hint=f'Write "{SESSIONS}" before "{AUTHENTICATION}" in MIDDLEWARE.',
            id="sojourn.E012",
        )
    if not users or (sessions and users[0] < sessions[0]):
        yield Error(
            "AuthenticationMiddleware is missing from MIDDLEWARE, or stands before SessionMiddleware.",
            hint=f'Write "{AUTHENTICATION}" after "{SESSIONS}" in MIDDLEWARE.',
            id="sojourn.E013",
        )
    if not ours:
        yield Error(
            "SessionControlMiddleware is missing from MIDDLEWARE: an ended session would go on, and a sign-in that "
            "reaches its limit would be answered with a plain 403.",
            hint=_PLACE,
            id="sojourn.E014",
        )
    if len(ours) > 1:
        yield Error(
            "SessionControlMiddleware stands in MIDDLEWARE more than once.",
            hint="Leave only the one directly after AuthenticationMiddleware.",
            id="sojourn.E015",
        )
    if ours and users:
        yield from _between(stack, users[0], ours[0])


def _between(stack: Stack, users: int, ours: int) -> Iterator[CheckMessage]:
    if ours < users:
        yield Error(
            "SessionControlMiddleware stands before AuthenticationMiddleware: it has no user to judge.",
            hint=_PLACE,
            id="sojourn.E016",
        )
        return
    # LoginRequiredMiddleware acts when the view is known, which is after every middleware has let the request in.
    # The other two have findings of their own.
    ignored = {*stack.places(LOGIN_REQUIRED), *stack.places(FETCH), *stack.places(SESSIONS)}
    signing_in = stack.places(REMOTE_USER)
    for place in range(users + 1, ours):
        name = stack.layers[place][0]
        if place in signing_in:
            yield Error(
                f"'{name}' stands before SessionControlMiddleware, which cannot answer the sign-ins it makes.",
                hint=f"Write '{name}' after SessionControlMiddleware in MIDDLEWARE.",
                id="sojourn.E017",
            )
        elif place not in ignored:
            yield Caution(
                f"'{name}' stands between AuthenticationMiddleware and SessionControlMiddleware: what it does for the "
                "user of a request, it does also when that user's session has ended.",
                hint=_PLACE,
                id="sojourn.W012",
            )


@when_enabled
def check_page_cache() -> Iterator[CheckMessage]:
    """No page kept for a cookie is served before the session behind that cookie has been judged."""
    stack = _stack()
    ours = stack.places(OURS) if stack is not None else []
    if stack is None or not ours:
        return
    for place in stack.places(FETCH):
        if place < ours[0]:
            name = stack.layers[place][0]
            yield Error(
                f"'{name}' stands before SessionControlMiddleware: it serves private pages to sessions that ended.",
                hint=f'Write "django.middleware.cache.UpdateCacheMiddleware" first in MIDDLEWARE and "{FETCH}" last.',
                id="sojourn.E018",
            )
