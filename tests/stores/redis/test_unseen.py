"""What servers do among themselves goes by unseen: forgotten scripts, slots that move, a master that changes.

All over session control, so that whole operations are tried: what they read and what they write may be sent to
different nodes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sojourn import Admitted, Arrival, Limit, Policy, SessionControl
from sojourn.control import AsyncSessionControl
from sojourn.core.errors import StoreUnavailable
from sojourn.core.outcomes import Authenticated, Ended
from sojourn.core.policy import Overflow
from sojourn.core.records import EndReason
from sojourn.core.timeouts import HOUR, Timeouts
from sojourn.core.tokens import route_of
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.aio import AsyncRedisStore
from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.async_servers import AsyncServers
from sojourn.stores.redis.keys import PREFIX, key
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.conformance import wanted
from tests.services.cluster import Cluster
from tests.services.process import wait_until
from tests.services.slots import slot_of

pytestmark = pytest.mark.redis
ONE = Policy((Limit(1, Overflow.END_EXISTING),), Timeouts(inactivity=HOUR))
SLOT = slot_of(key(PREFIX, route_of("ann"), "sessions"))


class Awaited:
    """`AsyncSessionControl` for callers that wait: each call is run to its end on one event loop."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.store = AsyncRedisStore(AsyncServers(Address.parse(url)), wanted=wanted)
        self.control = AsyncSessionControl(self.store, ONE)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.control, name)
        return lambda *args, **named: self.loop.run_until_complete(method(*args, **named))

    def close(self) -> None:
        self.loop.run_until_complete(self.store.close())
        self.loop.close()


def control_on(url: str) -> SessionControl:
    return SessionControl(RedisStore(Servers(Address.parse(url)), wanted=wanted), ONE)


@contextlib.contextmanager
def opened(kind: str, url: str) -> Iterator[Any]:
    """Session control for callers that wait or that await."""
    control: Any = control_on(url) if kind == "waiting" else Awaited(url)
    yield control
    (control if kind == "awaiting" else control.store).close()


@pytest.fixture(params=["waiting", "awaiting"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def before_each_call(store: Any, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen right before each call to the servers."""
    ask = store.servers.ask

    def after_it(calls: list[Call]) -> Any:
        happens()
        return ask(calls)

    monkeypatch.setattr(store.servers, "ask", after_it)


def started(control: Any) -> Admitted:
    outcome = control.start(Arrival("ann"))
    assert isinstance(outcome, Admitted)
    assert outcome.token is not None
    return outcome


def live(control: Any, admitted: Admitted) -> bool:
    assert admitted.token is not None
    return isinstance(control.authenticate(admitted.token), Authenticated)


def goes_through_a_life(control: Any, before: Admitted) -> Admitted:
    """Sign in, which ends the session before; look up; renew; end; sign in again. Returns the session that is open."""
    assert live(control, before)
    newcomer = started(control)
    assert [session.sid for session in newcomer.ended] == [before.session.sid]
    assert before.token is not None
    assert isinstance(control.authenticate(before.token), Ended)
    rotated = control.rotate(newcomer.session)
    assert rotated is not None
    assert isinstance(control.authenticate(rotated[1]), Authenticated)
    assert control.touch(rotated[0])
    assert len(control.end("ann", None, EndReason.LOGOUT)) == 1
    assert isinstance(control.authenticate(rotated[1]), Ended)
    assert control.sessions("ann") == []
    return started(control)


def test_scripts_that_are_forgotten_at_any_moment(
    valkey_server: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey_server.flush()
    with opened(kind, valkey_server.url()) as control:
        first = started(control)
        before_each_call(control.store, monkeypatch, lambda: valkey_server.execute("SCRIPT", "FLUSH"))
        goes_through_a_life(control, first)


@pytest.mark.cluster
class TestCluster:
    """A Cluster of masters with a replica each."""

    @pytest.fixture(params=["valkey_cluster", "redis_cluster"])
    def cluster(self, request: pytest.FixtureRequest) -> Iterator[Cluster]:
        found: Cluster = request.getfixturevalue(request.param)
        found.flush()
        found.wait_until_whole()
        yield found
        found.heal()

    @pytest.fixture
    def control(self, cluster: Cluster, kind: str) -> Iterator[Any]:
        with opened(kind, cluster.url()) as made:
            yield made

    def elsewhere(self, cluster: Cluster) -> Any:
        here = cluster.master_of(SLOT)
        return next(node for node in cluster.masters() if node is not here)

    def test_a_slot_that_has_moved(self, cluster: Cluster, control: Any) -> None:
        """MOVED."""
        first = started(control)
        cluster.move_slot(SLOT, self.elsewhere(cluster))
        assert goes_through_a_life(control, first)

    @pytest.mark.parametrize("handed_over", [0, 1000], ids=["nothing yet", "all keys"])
    def test_a_slot_that_is_moving_holds_no_look_up_up(self, cluster: Cluster, control: Any, handed_over: int) -> None:
        """The old master answers, or says ASK."""
        first = started(control)
        with cluster.moving(SLOT, self.elsewhere(cluster)) as move:
            move.keys(handed_over)
            assert live(control, first)
            assert control.touch(first.session)

    @pytest.mark.parametrize("handed_over", [0, 2, 1000], ids=["nothing yet", "two keys", "all keys"])
    def test_what_changes_sessions_waits_until_their_slot_has_moved(
        self, cluster: Cluster, control: Any, handed_over: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """TRYAGAIN: a Cluster runs no script on several keys while some of them are not where it runs."""
        first = started(control)
        servers = control.store.servers
        sleep, pauses = servers._sleep, list[float]()
        with cluster.moving(SLOT, self.elsewhere(cluster)) as move:

            def meanwhile(seconds: float) -> Any:
                pauses.append(seconds)
                if len(pauses) == 2:
                    move.finish()
                return sleep(seconds)

            move.keys(handed_over)
            monkeypatch.setattr(servers, "_sleep", meanwhile)
            last = goes_through_a_life(control, first)
            assert len(pauses) == 2
        assert live(control_on(cluster.url()), last)

    def test_a_slot_that_does_not_get_there_is_an_error_and_nothing_was_changed(
        self, cluster: Cluster, control: Any
    ) -> None:
        first = started(control)
        with cluster.moving(SLOT, self.elsewhere(cluster)):
            with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:\d+ (is giving the slot away|sends us)"):
                control.start(Arrival("ann"))
            assert live(control, first)
        assert goes_through_a_life(control, first)

    def test_a_master_that_hands_over_to_a_replica_without_scripts(self, cluster: Cluster, kind: str) -> None:
        (replica,) = cluster.replicas_of(cluster.master_of(SLOT))
        with opened(kind, f"{cluster.url()}?timeout=20&deadline=60") as control:
            last = started(control)

            def taken_over() -> bool:
                nonlocal last
                replica.execute("SCRIPT", "FLUSH")
                cluster.hand_over(replica)
                last = goes_through_a_life(control, last)
                return replica in cluster.masters()

            wait_until(taken_over, 120, "the replica has taken over, while life goes on")
            assert goes_through_a_life(control, last)

    def test_what_is_sent_again_is_confirmed_only_if_replicas_have_it(
        self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The answer to a commit is lost, and so is its connection: WAIT on the next one must still be about it."""
        patient = control_on(f"{cluster.url()}?replicas=all&timeout=20&deadline=60&replica_timeout=1")
        first = started(patient)
        assert first.confirmed
        servers: Any = patient.store.servers  # type: ignore[attr-defined]
        (replica,) = cluster.replicas_of(cluster.master_of(SLOT))
        ask = servers.ask

        def twice(calls: list[Call]) -> list[Any]:
            if calls[0].script == "commit":
                ask(calls)
                servers.close()
            found: list[Any] = ask(calls)
            return found

        monkeypatch.setattr(servers, "ask", twice)
        assert started(patient).confirmed
        replica.pause()
        try:
            assert not started(patient).confirmed
        finally:
            replica.resume()
