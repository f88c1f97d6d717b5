"""What the tests of the Django shell share: people, browsers, limits and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.testing.clock import FakeClock

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from tests.django.browser import AsgiBrowser, Browser

SetPolicy = Callable[..., None]

WAYS = {
    "LoginView": "/login/",
    "admin": "/admin/login/",
    "login()": "/custom-login/",
    "alogin()": "/async-login/",
    "login() inside try": "/swallowing-login/",
    "login() inside atomic": "/atomic-login/",
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The time as Sojourn sees it: today's when the test begins, and then standing still."""
    from sojourn.contrib.django.internal import wiring

    fake = FakeClock(wiring.clock())
    monkeypatch.setattr(wiring, "clock", fake)
    return fake


@pytest.fixture
def ada(db: None) -> User:
    """A superuser, so that no address of the site is closed to her when she is signed in."""
    return _person("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def bob(db: None) -> User:
    """Somebody else."""
    return _person("bob")


def _person(name: str, **more: Any) -> User:
    from django.contrib.auth.models import User

    from tests.django.browser import PASSWORD

    return User.objects.create_user(name, f"{name}@example.org", PASSWORD, **more)


@pytest.fixture
def first(ada: User) -> Browser:
    """A browser in which nobody has signed in yet."""
    from tests.django.browser import Browser

    return Browser()


@pytest.fixture
def second(ada: User) -> Browser:
    """Another one, on another device."""
    from tests.django.browser import Browser

    return Browser(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.0 Mobile/15E148 Safari/604.1"
    )


@pytest.fixture
def both(plenty: None, first: Browser, second: Browser, clock: FakeClock) -> tuple[str, str]:
    """Ada is signed in in both browsers, as the limit allows; the ids of the two sessions."""
    from tests.django.browser import sids

    first.sign_in()
    (one,) = sids()
    clock.advance(1000)
    second.sign_in()
    (other,) = [sid for sid in sids() if sid != one]
    return one, other


@pytest.fixture(params=["Browser", "AsgiBrowser"], ids=["wsgi", "asgi"])
def newcomer(request: pytest.FixtureRequest, ada: User) -> Browser | AsgiBrowser:
    """A browser on a third device, under each kind of server."""
    from tests.django import browser

    made: Browser | AsgiBrowser = getattr(browser, request.param)(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
    )
    return made


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """The address of each way of signing in."""
    return str(request.param)


@pytest.fixture
def sojourn(settings: Any) -> SetPolicy:
    """Change keys of `SOJOURN` for one test."""

    def change(**keys: Any) -> None:
        settings.SOJOURN = {**settings.SOJOURN, **keys}

    return change


@pytest.fixture
def no_limit(sojourn: SetPolicy) -> None:
    """No limit, so that nothing ends but by what the test does."""
    sojourn(LIMITS=[])


@pytest.fixture
def plenty(sojourn: SetPolicy) -> None:
    """A limit that is shown, and that nobody in these tests comes near."""
    sojourn(LIMITS=[{"max_sessions": 5}])


@pytest.fixture
def limit(sojourn: SetPolicy) -> SetPolicy:
    """Allow one session and say what happens to a second; more keys of the limit may be given."""

    def change(overflow: str, **keys: Any) -> None:
        sojourn(LIMITS=[{"max_sessions": 1, "overflow": overflow, **keys}])

    return change


@pytest.fixture(params=["db", "cache", "cached_db", "file", "signed_cookies"])
def engine(
    request: pytest.FixtureRequest, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Each of Django's session engines."""
    from django.core import signing
    from django.core.cache import cache

    # Within a second, a signed cookie with the same content is the same; people take longer than tests.
    seconds = count(int(time.time()))
    monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: next(seconds)))

    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    cache.clear()
    yield request.param
    cache.clear()


@pytest.fixture
def atomic_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every view in a transaction."""
    from django.db import connection

    monkeypatch.setitem(dic=connection.settings_dict, name="ATOMIC_REQUESTS", value=True)


@pytest.fixture
def away(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """A block within which the place where sessions are kept cannot be reached, wherever that is."""
    from django.db import OperationalError, connection

    from sojourn.contrib.django.internal import storage, wiring
    from sojourn.core.errors import StoreUnavailable
    from sojourn.stores.wrappers import AroundStore

    class Away(AroundStore):
        def around(self, name: str, call: Callable[[], Any]) -> Any:
            raise StoreUnavailable

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "sojourn_" in sql:
            raise OperationalError("the server has gone away")
        return execute(sql, params, many, context)

    @contextmanager
    def block() -> Iterator[None]:
        if storage.database() is not None:
            with connection.execute_wrapper(fail):
                yield
            return
        watched: Any = wiring.control().store
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(watched, "store", Away(watched.store))
            yield

    return block


@pytest.fixture(params=["sql", "memory"])
def any_store(request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site's records in its database, or in another store: what reads the tables behind its back fails here."""
    from sojourn.contrib.django.delivery import wanted
    from sojourn.contrib.django.internal import storage, wiring
    from sojourn.stores.memory import MemoryStore

    wiring.control.cache_clear()
    if request.param == "memory":
        kept = MemoryStore(wanted=wanted)
        monkeypatch.setattr(storage, "SQLStore", lambda _database, **_: kept)
    yield
    wiring.control.cache_clear()
