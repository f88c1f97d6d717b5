"""What Sentinels and nodes of a Cluster answer, and who the masters are by it: no server is needed."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.core.errors import ConfigurationError, StoreUnavailable
from sojourn.core.tokens import ROUTES
from sojourn.stores.redis.address import Address, Node
from sojourn.stores.redis.dispatch import Dispatch, Look
from sojourn.stores.redis.masters import Search
from sojourn.stores.redis.nodes import SLOT_OF, SLOTS
from sojourn.stores.redis.replies import Lost, Refused
from tests.stores.redis.scripts import scripts

A, B, C = Node("a", 1), Node("b", 2), Node("c", 3)
LAST = SLOTS - 1
NOBODY = [None] * ROUTES


def search(url: str) -> Search:
    dispatch = Dispatch(Address.parse(url), scripts, clock=lambda: 0.0, draw=lambda: 0.5)
    return Search(dispatch, Look((), dispatch.chart.version))


@pytest.fixture
def cluster() -> Search:
    return search("redis+cluster://a:1,b:2,c:3")


@pytest.fixture
def sentinels() -> Search:
    return search("redis+sentinel://a:1,b:2/main")


def at(host: str | None, port: int) -> list[Any]:
    """A node as CLUSTER SLOTS names it."""
    return [None if host is None else host.encode(), port, b"id", [b"hostname", b"x"]]


def watched(name: str, ip: str, flags: str = "master") -> list[bytes]:
    """A master as SENTINEL MASTERS describes it."""
    return [b"name", name.encode(), b"ip", ip.encode(), b"port", b"7", b"flags", flags.encode()]


def test_the_first_node_that_knows_all_slots_is_enough(cluster: Search) -> None:
    assert (cluster.guides, cluster.question) == ([A, B, C], ("CLUSTER", "SLOTS"))
    half = LAST // 2
    assert cluster.hear(A, [[[0, half, at("a", 1), at("r", 9)], [half + 1, LAST, at("b", 2)]]])
    assert cluster.homes() == [A if slot <= half else B for slot in SLOT_OF]


def test_what_one_node_does_not_know_another_may(cluster: Search) -> None:
    half = LAST // 2
    assert not cluster.hear(A, [[[0, half, at("a", 1)]]])
    assert cluster.homes() == [A if slot <= half else None for slot in SLOT_OF]
    assert cluster.hear(B, [[[0, LAST, at("b", 2)]]])
    assert cluster.homes() == [A if slot <= half else B for slot in SLOT_OF]


@pytest.mark.parametrize("host", [None, ""])
def test_a_node_that_does_not_say_where_it_is_is_where_it_was_asked(cluster: Search, host: str | None) -> None:
    assert cluster.hear(B, [[[0, LAST, at(host, 7)]]])
    assert cluster.homes() == [Node("b", 7)] * ROUTES


def test_who_is_away_or_loading_or_refuses_keeps_nobody_else_from_being_asked(cluster: Search) -> None:
    assert not cluster.hear(A, Lost("a is silent"))
    assert not cluster.hear(B, [Refused("LOADING the dataset")])
    assert not cluster.hear(B, [Refused("NOPERM no rights")])
    assert not cluster.hear(B, StoreUnavailable("b refuses the user or the password."))
    assert cluster.hear(C, [[[0, LAST, at("c", 3)]]])
    assert cluster.homes() == [C] * ROUTES


def test_where_all_are_away_or_loading_they_may_be_asked_again(cluster: Search) -> None:
    cluster.hear(A, [Refused("LOADING the dataset")])
    cluster.hear(B, Lost("b is silent"))
    found = cluster.homes()
    assert isinstance(found, Lost)
    assert str(found) == "a:1 is still reading its data."


def test_where_nobody_lets_us_ask_that_is_said(cluster: Search) -> None:
    cluster.hear(A, Lost("a is silent"))
    cluster.hear(B, [Refused("ERR This instance has cluster support disabled")])
    with pytest.raises(ConfigurationError, match="is no Cluster"):
        cluster.homes()


def test_a_cluster_without_slots_has_no_homes(cluster: Search) -> None:
    assert not cluster.hear(A, [[]])
    assert cluster.homes() == NOBODY


def test_the_master_of_our_name_is_the_home_of_all(sentinels: Search) -> None:
    assert [str(guide) for guide in sentinels.guides] == ["a:1", "b:2"]
    assert sentinels.question == ("SENTINEL", "MASTERS")
    assert sentinels.hear(A, [[watched("other", "o"), watched("main", "m")]])
    assert sentinels.homes() == [Node("m", 7)] * ROUTES


@pytest.mark.parametrize("flags", ["master,s_down", "s_down,o_down,master", "slave", "master,o_down,disconnected"])
def test_a_master_that_is_down_is_none(sentinels: Search, flags: str) -> None:
    assert not sentinels.hear(A, [[watched("main", "m", flags)]])
    assert not sentinels.hear(B, Lost("b is silent"))
    found = sentinels.homes()
    assert isinstance(found, Lost)
    assert "knows a master of this name" in str(found)


def test_if_no_sentinel_can_be_asked_why_not_is_said(sentinels: Search) -> None:
    sentinels.hear(A, Lost("a is silent"))
    sentinels.hear(B, Lost("b is silent"))
    found = sentinels.homes()
    assert isinstance(found, Lost)
    assert str(found) == "a is silent"
