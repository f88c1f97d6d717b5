"""What is promised of every script, and of the order in which they list subjects."""

from __future__ import annotations

import re
from importlib import resources
from itertools import count, islice
from typing import Any

import pytest

from sojourn.core.tokens import route_of
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.keys import CONTAINERS
from sojourn.stores.redis.scripts import Script, script
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import START
from sojourn.testing.conformance import wanted
from sojourn.testing.conformance.setup import keep, session, update
from sojourn.testing.samples import ended

FILES = (resources.files("sojourn.stores.redis") / "lua").iterdir()
NAMES = sorted(file.name.removesuffix(".lua") for file in FILES if not file.name.startswith("with_"))


@pytest.fixture(params=NAMES)
def each(request: pytest.FixtureRequest) -> Script:
    return script(request.param)


def test_a_script_is_given_the_containers_that_it_touches_and_no_others(each: Script) -> None:
    assert set(each.keys) <= set(CONTAINERS)
    body = each.source.partition(" = unpack(KEYS)\n")[2]
    assert [name for name in each.keys if not re.search(rf"\b{name}\b", body)] == []


def test_no_script_sorts_since_the_locale_of_the_server_would_have_a_say_in_it(each: Script) -> None:
    assert "table.sort" not in each.source, "Sort the replies in Python: bytes compare there as bytes."


@pytest.mark.redis
def test_subjects_are_listed_by_route_then_by_bytes_in_portions_of_any_size(valkey_server: Any) -> None:
    valkey_server.flush()
    store = RedisStore(Servers(Address.parse(valkey_server.url())), wanted=wanted)
    named = (f"{letter}{number}" for number in count() for letter in "aBc_é")
    neighbours = islice((name for name in named if route_of(name) == route_of("ann")), 12)
    listed = ["ann", "bob", "Cyd", *neighbours]
    for place, subject in enumerate(listed):
        keep(store, made := session(f"{place}", subject))
        if place % 2:
            update(store, ended(made, START), subject=subject)
    order = sorted(listed, key=lambda name: (route_of(name), name.encode()))
    for limit in (1, 3, 100):
        found: list[str] = []
        while portion := store.moves.subjects(found[-1] if found else "", limit):
            assert len(portion) <= limit
            found += portion
        assert found == order
