"""A site moves from its database to a Valkey and back: its users go on, and find nothing changed."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from sojourn.contrib.django.checks.databases import check_move
from tests.django.browser import Browser, sids
from tests.django.commands import Terminal, failure, run, told


def placed(**places: str | None) -> override_settings:
    return override_settings(SOJOURN={**django_settings.SOJOURN, **places})


def move() -> dict[str, Any]:
    found: dict[str, Any] = told("move", "--yes", "--wait", "1s")
    return found


@pytest.fixture
def address(valkey_server: Any) -> str:
    valkey_server.flush()
    url: str = valkey_server.url()
    return url


@pytest.mark.redis
@pytest.mark.django_db(transaction=True)
def test_who_is_signed_in_stays_so_on_the_way_there_and_back(
    both: Any, first: Browser, second: Browser, address: str
) -> None:
    before = sids()
    for places, there in (
        ({"MOVE_TO": address}, {"STORE": address}),
        ({"STORE": address, "MOVE_TO": "default"}, {"STORE": "default"}),
    ):
        with placed(**places):
            assert first.who() == "ada"
            assert told("move", "--check") == {"left": 1, "begun": False}
            assert move() == {"moved": 1, "stuck": [], "over": True}
            assert first.who() == "ada"
            assert second.who() == "ada"
            assert told("move", "--check") == {"left": 0, "begun": True}
        with placed(**there):
            assert first.who() == "ada"
            assert second.who() == "ada"
            assert sids() == before


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ({}, []),
        ({"STORE": "default", "MOVE_TO": "default"}, ["sojourn.E027"]),
        ({"STORE": "redis://one:6379/0", "MOVE_TO": "redis://one:6379/0"}, ["sojourn.E027"]),
        ({"MOVE_TO": "no such database"}, ["sojourn.E028"]),
        ({"MOVE_TO": "redis://one:6379/0"}, []),
    ],
)
def test_a_place_where_nothing_can_move_to_is_found(places: dict[str, str], found: list[str]) -> None:
    with placed(**places):
        assert [each.id for each in check_move()] == found


@pytest.mark.django_db
def test_without_a_place_to_move_to_the_command_says_what_to_write() -> None:
    assert 'SOJOURN["MOVE_TO"]' in failure("move", "--yes")


@pytest.mark.redis
@pytest.mark.django_db
def test_nobody_moves_before_somebody_has_said_that_every_process_knows(address: str) -> None:
    with placed(MOVE_TO=address):
        assert "--yes" in failure("move")


@pytest.mark.redis
def test_how_far_it_is_is_shown_to_whoever_watches(both: Any, address: str) -> None:
    watched = Terminal()
    with placed(MOVE_TO=address):
        assert "everybody" in run("move", "--yes", "--wait", "1s", err=watched)
    assert "100% 1 of 1 users" in watched.getvalue()
    assert isinstance(watched, StringIO)
