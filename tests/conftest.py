"""What every kind of test may use: real servers, a real browser, and the counts of the races."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.services import chromium, cluster, mariadb, postgres, sentinel, valkey
from tests.services.availability import NotInstalled, unavailable
from tests.services.cluster import Cluster
from tests.services.database import DatabaseServer
from tests.services.sentinel import SentinelGroup
from tests.services.valkey import ValkeyServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Everything once more over another store: see there.
pytest_plugins = ["tests.on_valkey"] if "SOJOURN_TEST_STORE" in os.environ else []

# A machine that has much else to do is late with any example.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

Server = TypeVar("Server", DatabaseServer, ValkeyServer, Cluster, SentinelGroup)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--max-seconds", type=float, help="fail the run when it took more processor time")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hold the unit tests to their time: a suite that is not quick is not run.

    Processor time, their children's included: on a busy machine the clock on the wall says nothing of the tests.
    """
    allowed = session.config.getoption("--max-seconds")
    taken = sum(os.times()[:4])
    if allowed is not None and taken > allowed and session.exitstatus == pytest.ExitCode.OK:
        print(f"\nThese tests took {taken:.1f} s of processor time, and may take {allowed:.0f} s. See --durations=20.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _started(start: Callable[[], Server]) -> Iterator[Server]:
    try:
        server = start()
    except NotInstalled as missing:
        unavailable(str(missing))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """A PostgreSQL server of this test run's own. Skips where there is none (fails with SOJOURN_REQUIRE_ALL=1)."""
    yield from _started(postgres.start)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[DatabaseServer]:
    """A MariaDB server of this test run's own. Skips where there is none (fails with SOJOURN_REQUIRE_ALL=1)."""
    yield from _started(mariadb.start)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """A Valkey server of this test run's own. Skips where there is none (fails with SOJOURN_REQUIRE_ALL=1)."""
    yield from _started(lambda: valkey.start("valkey"))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[ValkeyServer]:
    """A Redis server of this test run's own. Skips where there is none (fails with SOJOURN_REQUIRE_ALL=1)."""
    yield from _started(lambda: valkey.start("redis"))


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[Cluster]:
    """A Cluster of six Valkeys. A test that harms it calls `heal()` at its end. Skips like `valkey_server`."""
    yield from _started(lambda: cluster.start("valkey"))


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[Cluster]:
    """A Cluster of six Redises. A test that harms it calls `heal()` at its end. Skips like `redis_server`."""
    yield from _started(lambda: cluster.start("redis"))


@pytest.fixture(scope="session")
def valkey_sentinel() -> Iterator[SentinelGroup]:
    """Two Valkeys and their Sentinels. A test that harms them calls `heal()` at its end. Skips like `valkey_server`."""
    yield from _started(lambda: sentinel.start("valkey"))


@pytest.fixture(scope="session")
def redis_sentinel() -> Iterator[SentinelGroup]:
    """Two Redises and their Sentinels. A test that harms them calls `heal()` at its end. Skips like `redis_server`."""
    yield from _started(lambda: sentinel.start("redis"))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of Chromium's program. Skips where there is none (fails with SOJOURN_REQUIRE_ALL=1)."""
    try:
        return chromium.path()
    except NotInstalled as missing:
        unavailable(str(missing))


@pytest.fixture(scope="session")
def chromium_browser(chromium_path: str) -> Iterator[Browser]:
    """A running headless Chromium, shared by the test run: give each person a `new_context()`.

    Playwright's synchronous driver keeps an event loop running in this thread, so Django refuses database calls there
    while the browser runs: serve and query in another process or thread, or set DJANGO_ALLOW_ASYNC_UNSAFE.
    """
    with chromium.launch() as browser:
        yield browser


@pytest.fixture(scope="session")
def race_bursts() -> int:
    """How many bursts each race runs: a few in `make test`, fifty in `make races` (SOJOURN_RACE_BURSTS)."""
    return int(os.environ.get("SOJOURN_RACE_BURSTS", "5"))


@pytest.fixture(scope="session")
def race_processes() -> int:
    """How many processes take part in each burst (SOJOURN_RACE_PROCESSES)."""
    return int(os.environ.get("SOJOURN_RACE_PROCESSES", "16"))


@pytest.fixture(scope="session")
def screenshots_to(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for pictures of pages: docs/images under `make screenshots`, else a temporary one."""
    chosen = os.environ.get("SOJOURN_SCREENSHOTS")
    if not chosen:
        return tmp_path_factory.mktemp("screenshots")
    folder = Path(chosen)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
