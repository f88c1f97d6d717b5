"""The user that the page about Valkey and Redis makes may do all that is needed, wherever the records are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sojourn import Admitted, Arrival, Limit, Policy, SessionControl
from sojourn.core.outcomes import Authenticated
from sojourn.core.records import EndReason
from sojourn.core.timeouts import HOUR, Timeouts
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.conformance import wanted
from tests.services.valkey import user_with

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "redis.md"
RULES = dict(re.findall(r"^ACL SETUSER sojourn on >(\S+) (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

pytestmark = pytest.mark.redis


@pytest.mark.parametrize(
    "where",
    [
        "valkey_server",
        "redis_server",
        pytest.param("valkey_cluster", marks=pytest.mark.cluster),
        pytest.param("redis_cluster", marks=pytest.mark.cluster),
        pytest.param("valkey_sentinel", marks=pytest.mark.cluster),
        pytest.param("redis_sentinel", marks=pytest.mark.cluster),
    ],
)
def test_a_user_with_these_rights_may_do_all_that_is_needed(where: str, request: pytest.FixtureRequest) -> None:
    server: Any = request.getfixturevalue(where)
    server.flush()
    url = server.new_user(*RULES["the-password"].split(" "))
    with_replicas = "?replicas=all" if "_server" not in where else ""
    if "sentinel" in where:
        user, password, command = user_with(*RULES["the-other-password"].split(" "))
        for watcher in server.sentinels:
            watcher.execute(*command)
        with_replicas += f"&sentinel_user={user}&sentinel_password={password}"
    store = RedisStore(Servers(Address.parse(url + with_replicas)), wanted=wanted)
    control = SessionControl(store, Policy((Limit(1),), Timeouts(inactivity=HOUR)))
    for subject in map("user {}".format, range(20)):
        for _ in range(2):
            outcome = control.start(Arrival(subject))
            assert isinstance(outcome, Admitted)
            assert outcome.confirmed
            assert outcome.token is not None
            assert isinstance(control.authenticate(outcome.token), Authenticated)
        assert control.touch(outcome.session)
        assert control.end(subject, None, EndReason.LOGOUT)
        assert store.history(subject, 2)
    store.begin_epoch(1)
    assert store.overdue(1, 10) == ()
    assert store.erase("user 1") >= 2
    store.close()
