"""A socket is open only while the session it was opened with is live."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import User

from sojourn.contrib.django.adapter import Adapter, adapter
from sojourn.contrib.django.channels import ENDED, UNAVAILABLE, SessionControlMiddleware, SessionControlStack
from sojourn.contrib.django.internal import wiring
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from sojourn.testing.clock import FakeClock
from tests.integrations.conftest import PASSWORD, Browser, open_sessions, reasons
from tests.integrations.with_channels import consumers
from tests.integrations.with_channels.clients import PATIENCE, Socket, get

APPLICATION = SessionControlStack(consumers.Echo.as_asgi())


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run the test in an event loop whose database work happens in this thread, inside the test's transaction."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        consumers.closed = type(consumers.closed)()
        async_to_sync(test)(**fixtures)

    return run


def cookies(browser: Browser) -> list[tuple[bytes, bytes]]:
    """The header that the browser sends its cookies in."""
    return [(b"cookie", browser.cookies.output(header="", sep=";", attrs=[]).strip().encode())]


async def opened(browser: Browser, application: Any = APPLICATION) -> tuple[Socket, str]:
    """An open socket of this browser, and who its consumer says is signed in."""
    it = Socket(application, cookies(browser))
    assert await it.connect() == 0
    return it, (await it.hear())["user"]


async def turned_away(browser: Browser) -> int:
    """The code with which the browser's socket is closed before it is accepted."""
    return await Socket(APPLICATION, cookies(browser)).connect()


def end(user: User, reason: EndReason = EndReason.REVOKED) -> None:
    assert control().end(adapter().subject(user), None, reason)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(wiring, "clock", clock)
    return clock


@pytest.fixture
def signed_in(clock: FakeClock, ann: User, browser: Browser) -> Browser:
    browser.sign_in("ann")
    return browser


@in_a_loop
async def test_a_live_session_opens_a_socket_that_works(signed_in: Browser) -> None:
    it, name = await opened(signed_in)
    assert name == "ann"
    await it.say({"say": "hello"})
    assert await it.hear() == {"say": "hello"}
    await it.disconnect()


@in_a_loop
async def test_nobody_s_socket_is_left_alone(browser: Browser) -> None:
    it, name = await opened(browser)
    assert name == ""
    await it.say({"say": "hello"})
    assert await it.hear() == {"say": "hello"}
    await it.disconnect()


@in_a_loop
async def test_a_forged_cookie_is_nobody(browser: Browser, db: None) -> None:
    browser.cookies["sessionid"] = "a" * 32
    it, name = await opened(browser)
    assert name == ""
    await it.disconnect()


@in_a_loop
async def test_a_session_whose_token_was_forged_opens_nothing(signed_in: Browser) -> None:
    def forge() -> None:
        session = signed_in.session
        session["_sojourn"] = ["soj_00" + "A" * 43, session["_auth_user_id"]]
        session.save()

    await sync_to_async(forge)()
    assert await turned_away(signed_in) == ENDED


@in_a_loop
async def test_a_revoked_session_opens_nothing(signed_in: Browser, ann: User) -> None:
    await sync_to_async(end)(ann)
    assert await turned_away(signed_in) == ENDED
    assert consumers.closed.empty()  # the consumer was never asked


@in_a_loop
async def test_a_timed_out_session_opens_nothing_and_its_end_is_recorded(
    signed_in: Browser, ann: User, clock: FakeClock
) -> None:
    clock.advance(31 * 60_000)
    assert await turned_away(signed_in) == ENDED
    assert await sync_to_async(reasons)(ann) == ["inactivity_timeout"]


@in_a_loop
async def test_a_session_without_a_record_opens_nothing(settings: Any, ann: User, browser: Browser) -> None:
    settings.SOJOURN = {**settings.SOJOURN, "ENABLED": False}
    await sync_to_async(browser.sign_in)("ann")
    settings.SOJOURN = {**settings.SOJOURN, "ENABLED": True}
    assert await turned_away(browser) == ENDED


@in_a_loop
async def test_a_user_deactivated_without_a_signal_opens_nothing_and_nothing_again_later(
    signed_in: Browser, ann: User
) -> None:
    users = User.objects.filter(pk=ann.pk)
    await users.aupdate(is_active=False)
    assert await turned_away(signed_in) == ENDED
    await users.aupdate(is_active=True)
    assert await turned_away(signed_in) == ENDED
    assert await sync_to_async(reasons)(ann) == ["deactivated"]


@in_a_loop
async def test_an_open_socket_is_closed_at_the_next_message_after_its_session_ended(
    signed_in: Browser, ann: User
) -> None:
    it, _ = await opened(signed_in)
    await sync_to_async(end)(ann)
    await it.say({"say": "still here"})
    assert await it.closed() == ENDED
    assert await consumers.closed.get() == ENDED
    assert await it.receive_nothing()


@in_a_loop
async def test_an_open_socket_is_closed_when_another_sign_in_evicts_its_session(
    signed_in: Browser, other: Browser
) -> None:
    it, _ = await opened(signed_in)
    await sync_to_async(other.sign_in)("ann")
    await it.say({"say": "still here"})
    assert await it.closed() == ENDED


@in_a_loop
async def test_an_open_socket_hears_nothing_more_once_the_last_check_is_too_old(
    signed_in: Browser, ann: User, clock: FakeClock
) -> None:
    it, _ = await opened(signed_in)
    await sync_to_async(end)(ann)
    layer = get_channel_layer()
    clock.advance(9_999)
    await layer.group_send("news", {"type": "news", "text": "within ten seconds"})
    assert await it.hear() == {"news": "within ten seconds"}
    clock.advance(1)
    await layer.group_send("news", {"type": "news", "text": "secret"})
    assert await it.closed() == ENDED
    assert await it.receive_nothing()
    await it.say({"say": "still here"})
    assert await consumers.closed.get() == ENDED


@in_a_loop
async def test_messages_keep_no_session_awake(signed_in: Browser, ann: User, clock: FakeClock) -> None:
    it, _ = await opened(signed_in)
    clock.advance(20 * 60_000)
    await it.say({"say": "ping"})
    assert await it.hear() == {"say": "ping"}
    clock.advance(11 * 60_000)
    await it.say({"say": "ping"})
    assert await it.closed() == ENDED
    assert await sync_to_async(reasons)(ann) == ["inactivity_timeout"]


@in_a_loop
async def test_messages_that_are_said_to_be_activity_do(signed_in: Browser, clock: FakeClock) -> None:
    application = SessionControlStack(consumers.Echo.as_asgi(), activity=lambda message: "say" in message["text"])
    it, _ = await opened(signed_in, application)
    for _round in range(3):
        clock.advance(20 * 60_000)
        await it.say({"say": "I type"})
        assert await it.hear() == {"say": "I type"}
    clock.advance(20 * 60_000)
    await it.say({"ping": 1})
    await it.hear()
    clock.advance(11 * 60_000)
    await it.say({"ping": 2})
    assert await it.closed() == ENDED


@in_a_loop
async def test_a_socket_outlives_the_renewal_of_its_session_s_token(
    signed_in: Browser, ann: User, clock: FakeClock
) -> None:
    it, _ = await opened(signed_in)
    await sync_to_async(signed_in.sign_in)("ann")  # repeats the sign-in: another session, this one is replaced
    await it.say({"say": "old"})
    assert await it.closed() == ENDED
    it, _ = await opened(signed_in)
    (before,) = await sync_to_async(open_sessions)(ann)

    def change_password() -> None:
        new = {"old_password": PASSWORD, "new_password1": PASSWORD + "!", "new_password2": PASSWORD + "!"}
        assert signed_in.post("/admin/password_change/", new).status_code == 302

    await User.objects.aupdate(is_staff=True)
    await sync_to_async(change_password)()
    clock.advance(60_000)
    (after,) = await sync_to_async(open_sessions)(ann)
    assert (after.sid, after.digest == before.digest) == (before.sid, False)
    await it.say({"say": "new"})
    assert await it.hear() == {"say": "new"}
    await it.disconnect()


@in_a_loop
async def test_a_store_that_is_away_closes_with_another_code(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable

    it, _ = await opened(signed_in)
    monkeypatch.setattr(control().store, "find", away)
    await it.say({"say": "hello"})
    assert await it.closed() == UNAVAILABLE
    monkeypatch.setattr(control().store, "lookup", away)
    assert await turned_away(signed_in) == UNAVAILABLE


@in_a_loop
async def test_a_sign_out_over_the_socket_ends_the_session(signed_in: Browser, ann: User) -> None:
    it, _ = await opened(signed_in)
    await it.say({"sign_out": True})
    assert await it.hear() == {"sign_out": True}
    await it.disconnect()
    assert await sync_to_async(reasons)(ann) == ["logout"]


@in_a_loop
async def test_a_sign_in_over_a_socket_is_tolerated_and_opens_nothing_else(
    ann: User, browser: Browser, settings: Any
) -> None:
    await sync_to_async(browser.get)("/remember/")  # has a session, with nobody signed in to it
    it, name = await opened(browser)
    assert name == ""
    await it.say({"sign_in": "ann"})
    assert await it.hear() == {"sign_in": "ann"}
    await it.say({"say": "hello"})
    assert await it.hear() == {"say": "hello"}
    await it.disconnect()
    assert await sync_to_async(open_sessions)(ann) == []

    from django.contrib.sessions.models import Session as Stored

    browser.cookies["sessionid"] = (await Stored.objects.aget()).session_key
    assert await sync_to_async(browser.whoami)() == ""


@in_a_loop
async def test_the_same_user_may_sign_in_again_over_their_socket(signed_in: Browser) -> None:
    it, _ = await opened(signed_in)
    await it.say({"sign_in": "ann"})
    assert await it.hear() == {"sign_in": "ann"}
    await it.say({"say": "hello"})
    assert await it.hear() == {"say": "hello"}
    await it.disconnect()
    assert await sync_to_async(signed_in.whoami)() == "ann"


@in_a_loop
async def test_another_user_s_sign_in_over_the_socket_closes_it(signed_in: Browser, boss: User, ann: User) -> None:
    it, _ = await opened(signed_in)
    await it.say({"sign_in": "boss"})
    assert await it.hear() == {"sign_in": "boss"}
    await it.say({"say": "hello"})
    assert await it.closed() == ENDED
    assert await sync_to_async(open_sessions)(ann) == []


@in_a_loop
async def test_with_sojourn_switched_off_sockets_are_channels_own(signed_in: Browser, ann: User, settings: Any) -> None:
    await sync_to_async(end)(ann)
    settings.SOJOURN = {**settings.SOJOURN, "ENABLED": False}
    it, name = await opened(signed_in)
    assert name == "ann"
    await it.disconnect()


@in_a_loop
async def test_a_socket_of_somebody_acting_as_a_user_ends_with_their_own_session(
    signed_in: Browser, boss: User, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Adapter, "impersonating", lambda self, request: request.path == "/custom-login/")
    act_as = {"username": "ann", "password": PASSWORD}
    del signed_in.cookies["sessionid"]
    await sync_to_async(signed_in.sign_in)("boss")
    await sync_to_async(signed_in.post)("/custom-login/", act_as)
    it, name = await opened(signed_in)
    assert name == "ann"
    await it.say({"say": "hello"})
    assert await it.hear() == {"say": "hello"}
    await sync_to_async(end)(boss)
    await it.say({"say": "still here"})
    assert await it.closed() == ENDED


@in_a_loop
async def test_an_http_consumer_answers_only_a_live_session(signed_in: Browser, ann: User) -> None:
    application = SessionControlStack(consumers.Page.as_asgi())
    assert await get(application, cookies(signed_in)) == (200, b"ann")
    await sync_to_async(end)(ann)
    status, body = await get(application, cookies(signed_in))
    assert (status, b'"reason": "revoked"' in body) == (401, True)


@in_a_loop
async def test_outside_the_auth_stack_it_says_what_is_missing(db: None) -> None:
    it = Socket(SessionControlMiddleware(consumers.Echo.as_asgi()), [])
    with pytest.raises(ValueError, match="inside Channels' AuthMiddlewareStack"):
        await it.wait(PATIENCE)


@in_a_loop
async def test_a_socket_on_which_nothing_is_said_is_closed_when_its_session_ends(signed_in: Browser, ann: User) -> None:
    it, _ = await opened(signed_in, SessionControlStack(consumers.Echo.as_asgi(), idle=50))
    await sync_to_async(end)(ann)
    assert await it.closed() == ENDED
    assert await consumers.closed.get() == ENDED


@in_a_loop
async def test_an_idle_socket_outlives_a_store_that_is_away_for_a_moment_and_loses_no_message(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    it, _ = await opened(signed_in, SessionControlStack(consumers.Echo.as_asgi(), idle=20))
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(*_: object) -> None:
        loop.call_soon_threadsafe(looked.set)
        raise StoreUnavailable

    with monkeypatch.context() as away:
        away.setattr(type(control().store), "find", fail)
        await looked.wait()
    await it.say({"say": "hello"})
    assert await it.hear() == {"say": "hello"}
    await it.disconnect()
