"""Checks of what stands beside Sojourn: the session engine, django-allauth, Channels."""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from sojourn.contrib.django.checks.findings import is_kind, load, present, when_enabled

_STRATEGY = "sojourn.contrib.django.allauth.SojournSessionTokenStrategy"
_JWT_STRATEGY = "sojourn.contrib.django.allauth.SojournJWTTokenStrategy"

_SOCKETS = "sojourn.contrib.django.channels."


def _keeps_sessions_in_cookies() -> bool:
    from django.contrib.sessions.backends.signed_cookies import SessionStore

    try:
        return is_kind(load(f"{django_settings.SESSION_ENGINE}.SessionStore"), SessionStore)
    except ImportError:
        return False  # Django says so at the first request


@when_enabled
def check_engine() -> Iterator[CheckMessage]:
    """What the server cannot take back is not adopted, and nobody is misled about it."""
    if not _keeps_sessions_in_cookies():
        return
    if present().ADOPT_EXISTING:
        yield Error(
            "SOJOURN['ADOPT_EXISTING'] cannot hold for sessions in signed cookies: nothing tells a session that is in "
            "use from the copy of one that was signed out long ago.",
            hint="Leave ADOPT_EXISTING out, so that everybody signs in once more, or use another SESSION_ENGINE.",
            id="sojourn.E030",
        )
    yield Caution(
        "SESSION_ENGINE keeps a session's data in the browser: Sojourn ends its use, but whoever has copied the "
        "cookie of an ended session can still read what it says.",
        hint='Keep nothing confidential in request.session, or write SESSION_ENGINE = "django.contrib.sessions.'
        'backends.cached_db".',
        id="sojourn.W030",
    )


@when_enabled
def check_headless() -> Iterator[CheckMessage]:
    """allauth's headless clients that send a token in a header are checked as well."""
    if not apps.is_installed("allauth.headless"):
        return
    try:
        from allauth.headless import app_settings
        from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy

        from sojourn.contrib.django.allauth import LiveSessions
    except ImportError as error:
        yield Error(
            f"Sojourn cannot check the tokens of this version of allauth's headless clients: {error}.",
            hint='Install a newer release: pip install --upgrade "django-allauth[headless]".',
            id="sojourn.E032",
        )
        return
    if "app" not in app_settings.CLIENTS:
        return
    try:
        strategy = type(app_settings.TOKEN_STRATEGY)
    except ImportError:
        strategy = object
    if not issubclass(strategy, LiveSessions):
        path = _JWT_STRATEGY if issubclass(strategy, JWTTokenStrategy) else _STRATEGY
        yield Error(
            "HEADLESS_TOKEN_STRATEGY does not ask Sojourn: the token of an ended session would stay signed in.",
            hint=f'Write HEADLESS_TOKEN_STRATEGY = "{path}", a subclass of it, or HEADLESS_CLIENTS = ("browser",).',
            id="sojourn.E031",
        )
    elif issubclass(strategy, JWTTokenStrategy):
        yield Caution(
            "HEADLESS_TOKEN_STRATEGY issues access tokens about which nobody is asked: each goes on for up to "
            f"{app_settings.JWT_ACCESS_TOKEN_EXPIRES_IN} seconds after its session has ended.",
            hint=f'Write HEADLESS_TOKEN_STRATEGY = "{_STRATEGY}", or keep HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN short.',
            id="sojourn.W031",
        )


@when_enabled
def check_channels() -> Iterator[CheckMessage]:
    """Sockets are opened for live sessions only. At deployment, since it imports the ASGI application.

    Silent where that cannot be judged: an application that is not made of Channels' own parts.
    """
    path = getattr(django_settings, "ASGI_APPLICATION", None)
    if not path or not apps.is_installed("channels"):
        return
    try:
        kinds = {f"{type(part).__module__}.{type(part).__name__}" for part in _parts(load(path))}
    except ImportError:
        return
    if "channels.auth.AuthMiddleware" in kinds and not any(kind.startswith(_SOCKETS) for kind in kinds):
        yield Caution(
            "ASGI_APPLICATION signs sockets in by channels.auth alone: the cookie of an ended session opens a new "
            "socket, and open sockets live on.",
            hint=f"Put the middleware of {_SOCKETS[:-1]} into ASGI_APPLICATION, inside AuthMiddlewareStack.",
            id="sojourn.W032",
        )


def _parts(application: object, depth: int = 20) -> Iterator[object]:
    """The application, and every application inside it, as Channels nests them."""
    yield application
    inside = [getattr(application, name, None) for name in ("inner", "application")]
    inside += [getattr(route, "callback", None) for route in getattr(application, "routes", ())]
    inside += getattr(application, "application_mapping", {}).values()
    if depth:
        for each in inside:
            if each is not None:
                yield from _parts(each, depth - 1)
