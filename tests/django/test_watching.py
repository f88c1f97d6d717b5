"""The streams of open pages: one thread looks for all of them, as many as may be, and it rests when there are none."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from sojourn.contrib.django import live
from sojourn.contrib.django.internal import watching
from sojourn.contrib.django.internal.watching import STREAMS_OF_ONE, Sight, Watch, Watcher, sight
from sojourn.control import SessionControl
from sojourn.core.errors import StoreUnavailable
from sojourn.core.outcomes import Admitted
from sojourn.core.policy import Policy
from sojourn.core.records import Arrival, Device, EndReason, Session
from sojourn.stores.memory import MemoryStore

NOW = 1_800_000_000_000
SOON = 60.0
"""Seconds after which something that should have happened has not, on a busy machine: whatever passes waits less."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, sojourn: Any) -> SessionControl:
    """Session control over a store that any thread can read."""
    clock = count(NOW)
    made = SessionControl(MemoryStore(), Policy(), clock=lambda: next(clock))
    for module in (watching, live):
        monkeypatch.setattr(module, "control", lambda: made)
        monkeypatch.setattr(module, "now", lambda: next(clock))
    sojourn(LIVE_STREAMS=2)
    return made


@pytest.fixture
def watcher(site: SessionControl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """One that looks often, for the view as well; its thread does not outlive the test's store."""
    made = Watcher(lambda: 0.01)
    monkeypatch.setattr(live, "watcher", made)
    yield made
    made._watches.clear()
    for thread in looking():
        thread.join(SOON)


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run the test in an event loop."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        async_to_sync(test)(**fixtures)

    return run


def begin(site: SessionControl, device: str, subject: str = "ada", **more: Any) -> Session:
    """A session of a user, on a device of this name."""
    outcome = site.start(Arrival(subject, device=Device(digest=device), **more))
    assert isinstance(outcome, Admitted)
    return outcome.session


def watch(session: Session) -> Watch:
    return Watch(session, sight(session), asyncio.get_running_loop())


async def news_of(one: Watch) -> Sight:
    await asyncio.wait_for(one.news.wait(), SOON)
    return one.seen


def looking() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sojourn-live"]


@in_a_loop
async def test_an_end_wakes_the_stream_of_that_session_and_no_other(site, watcher) -> None:
    ended, other = watch(begin(site, "phone")), watch(begin(site, "computer", "bob"))
    assert watcher.join(ended)
    assert watcher.join(other)
    site.end("ada", [ended.mine.sid], EndReason.REVOKED)
    assert await news_of(ended) == Sight(live=False)
    assert not other.news.is_set()
    watcher.leave(ended)
    watcher.leave(other)


@in_a_loop
async def test_a_sign_in_elsewhere_wakes_the_stream_of_an_older_session(site, watcher) -> None:
    mine = watch(begin(site, "phone"))
    watcher.join(mine)
    newer = begin(site, "computer")
    assert await news_of(mine) == Sight(live=True, elsewhere=(newer.sid,))
    watcher.leave(mine)


@in_a_loop
async def test_the_end_of_an_operator_s_own_session_wakes_the_one_in_which_they_act_as_somebody(site, watcher) -> None:
    own = begin(site, "desk", "boss")
    acting = watch(begin(site, "desk", parent=own.sid))
    watcher.join(acting)
    site.end("boss", [own.sid], EndReason.LOGOUT)
    assert await news_of(acting) == Sight(live=False)
    watcher.leave(acting)


@in_a_loop
async def test_no_more_streams_are_joined_than_may_be(site, watcher) -> None:
    watches = [watch(begin(site, name)) for name in ("one", "two", "three")]
    assert [watcher.join(each) for each in watches] == [True, True, False]
    watcher.leave(watches[0])
    assert watcher.join(watches[2])
    for each in watches:
        watcher.leave(each)


@in_a_loop
async def test_one_user_does_not_take_them_all(site, watcher, sojourn) -> None:
    sojourn(LIVE_STREAMS=STREAMS_OF_ONE + 5)
    mine, other = begin(site, "one"), begin(site, "two", "bob")
    watches = [watch(mine) for _ in range(STREAMS_OF_ONE + 1)] + [watch(other)]
    assert [watcher.join(each) for each in watches] == [True] * STREAMS_OF_ONE + [False, True]
    assert (watcher.full("ada"), watcher.full("bob")) == (True, False)
    for each in watches:
        watcher.leave(each)
    assert not watcher.full("ada")


@in_a_loop
async def test_the_thread_rests_when_nobody_is_left_and_comes_back(site, watcher) -> None:
    one = watch(begin(site, "phone"))
    for _ in range(2):
        watcher.join(one)
        thread = watcher._thread  # its own: one that another test began may not have ended yet
        assert thread is not None
        watcher.leave(one)
        thread.join(SOON)
        assert not thread.is_alive()


@pytest.mark.parametrize("error", [StoreUnavailable, RuntimeError])
@in_a_loop
async def test_a_store_that_is_away_wakes_nobody_and_stops_nothing(site, watcher, monkeypatch, error) -> None:
    one = watch(begin(site, "phone"))
    failed = threading.Event()

    def fail(_: object, subject: str) -> None:
        failed.set()
        raise error

    with monkeypatch.context() as away:
        away.setattr(MemoryStore, "roster", fail)
        watcher.join(one)
        await asyncio.to_thread(failed.wait, SOON)
        assert not one.news.is_set()
    site.end("ada", [one.mine.sid], EndReason.REVOKED)
    assert (await news_of(one)).live is False
    watcher.leave(one)


@in_a_loop
async def test_a_stream_says_that_it_is_there_then_that_there_is_news_and_ends_with_its_session(site, watcher) -> None:
    mine = begin(site, "phone")
    stream = live._news(mine)
    assert await anext(stream) == "event: beat\ndata: 1\n\n"
    begin(site, "computer")
    assert await asyncio.wait_for(anext(stream), SOON) == "event: ask\ndata: 1\n\n"
    site.end("ada", [mine.sid], EndReason.EVICTED)
    assert [said async for said in stream] == ["event: ask\ndata: 1\n\n"]
    assert not watcher._watches


@in_a_loop
async def test_a_browser_that_goes_away_leaves_nothing_behind(site, watcher) -> None:
    stream = live._news(begin(site, "phone"))
    await anext(stream)
    assert len(watcher._watches) == 1
    await stream.aclose()
    assert not watcher._watches


@in_a_loop
async def test_no_stream_is_for_ever(site, watcher, monkeypatch) -> None:
    monkeypatch.setattr(live, "LIFETIME", 0)
    assert [said async for said in live._news(begin(site, "phone"))] == ["event: beat\ndata: 1\n\n"]
