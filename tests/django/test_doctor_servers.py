"""`manage.py sojourn doctor` where a Valkey or Redis keeps the records, and while they move to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sojourn.contrib.django.delivery import wanted
from sojourn.contrib.django.internal import storage
from sojourn.core.records import Arrival
from sojourn.stores.mover import begin
from sojourn.stores.moving import MovingStore
from tests.django.commands import told
from tests.django.test_doctor import examined, found
from tests.django.test_move import placed
from tests.services import valkey
from tests.services.availability import NotInstalled, unavailable
from tests.services.valkey import ValkeyServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.redis]


@pytest.fixture(autouse=True)
def _well_set(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    links = {"SITE_URL": "https://app.example", "PASSWORD_RESET_URL": "/reset/"}
    settings.SOJOURN = {**settings.SOJOURN, **links}


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    """A server that loses nothing, of the test's own."""
    try:
        running = valkey.start(durable=True)
    except NotInstalled as missing:
        unavailable(str(missing))
    yield running
    running.stop()


def sign_in() -> None:
    from sojourn.contrib.django.internal.wiring import control

    control().start(Arrival("ann"))


def test_a_healthy_server_is_told_of(server: ValkeyServer) -> None:
    with placed(STORE=server.url()):
        body, well = examined()
    assert body["findings"] == []
    assert well
    facts = body["facts"]
    assert facts["servers"] == [f"Valkey {server.version} at 127.0.0.1:{server.port}"]
    assert abs(facts["clock_skew_ms"]) < 1000
    assert "database" not in facts
    assert server.password not in str(body)


def test_a_server_that_forgets_is_found(server: ValkeyServer) -> None:
    server.execute("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    with placed(STORE=server.url()):
        body, well = examined()
        assert not well
        (finding,) = body["findings"]
        assert finding["id"] == "doctor.eviction"
        assert "noeviction" in finding["hint"]
        server.execute("CONFIG", "SET", "maxmemory-policy", "noeviction")
        assert found() == set()


def test_a_server_that_is_away_is_found_and_its_password_is_not_told(server: ValkeyServer) -> None:
    server.kill()
    with placed(STORE=server.url()):
        body, well = examined()
    assert not well
    assert [each["id"] for each in body["findings"]] == ["doctor.unreachable"]
    assert server.password not in str(body)


def test_where_the_records_move_to_is_examined_too(server: ValkeyServer) -> None:
    server.execute("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    with placed(MOVE_TO=server.url()):
        body, well = examined()
        assert not well
        assert [each["id"] for each in body["findings"]] == ["doctor.eviction", "doctor.move"]
        assert body["facts"]["move_to_servers"] == [f"Valkey {server.version} at 127.0.0.1:{server.port}"]
        assert body["facts"]["database"]
        server.kill()
        assert found() == {"doctor.unreachable"}


def test_how_far_a_move_is_and_what_to_do_next_is_said(server: ValkeyServer) -> None:
    sign_in()
    steps = []
    with placed(MOVE_TO=server.url()):
        steps.append(examined()[0])
        store, _ = storage.opened(wanted)
        assert isinstance(store, MovingStore)
        begin(store)
        steps.append(examined()[0])
        told("move", "--yes", "--wait", "1s")
        steps.append(examined()[0])
    assert [each["facts"]["move"] for each in steps] == ["not begun", "under way", "over"]
    assert [each["facts"]["users_to_move"] for each in steps] == [1, 1, 0]
    for each, what in zip(
        steps, ("When every process has MOVE_TO", "goes on where it was", "Write the new"), strict=True
    ):
        (finding,) = each["findings"]
        assert (finding["level"], finding["id"]) == ("info", "doctor.move")
        assert what in finding["hint"]
        assert each["healthy"]
    with placed(STORE=server.url()):
        assert found() == set()


def test_who_was_told_too_early_that_a_move_is_over_learns_of_it(server: ValkeyServer) -> None:
    sign_in()
    with placed(MOVE_TO=server.url()):
        store, _ = storage.opened(wanted)
        assert isinstance(store, MovingStore)
        begin(store)
    with placed(STORE=server.url()):
        body, well = examined()
        assert not well
        assert [each["id"] for each in body["findings"]] == ["doctor.move_unfinished"]
        assert "Write the old place" in body["findings"][0]["hint"]


def test_who_was_not_told_of_a_move_is_found_out(server: ValkeyServer) -> None:
    with placed(MOVE_TO=server.url()):
        told("move", "--yes", "--wait", "1s")
    sign_in()
    with placed(MOVE_TO=server.url()):
        assert found() == {"doctor.move_untold"}


def test_a_new_store_that_is_not_empty_is_found_before_anybody_moves(server: ValkeyServer) -> None:
    with placed(STORE=server.url()):
        sign_in()
    with placed(MOVE_TO=server.url()):
        assert found() == {"doctor.move_not_empty"}
