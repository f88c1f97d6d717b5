"""Acting as a user is never refused and takes nobody's place; it ends with the session of whoever acts."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User, update_last_login
from django.contrib.auth.signals import user_logged_in
from django.db import OperationalError

from sojourn.contrib.django.adapter import Adapter, adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from tests.integrations.conftest import PASSWORD, Browser, open_sessions, reasons

OVERFLOWS = pytest.mark.parametrize("overflow", ["refuse", "end_existing", "ask"])


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.com", PASSWORD)


def acquire(browser: Browser, user: User) -> Any:
    return browser.post("/hijack/acquire/", {"user_pk": user.pk, "next": "/plain/"})


def release(browser: Browser) -> Any:
    return browser.post("/hijack/release/", {"next": "/plain/"})


def touches_last_login(browser: Browser, user: User) -> bool:
    """Whether an ordinary sign-in still moves `last_login`, which django-hijack stands in the way of for a while."""
    User.objects.filter(pk=user.pk).update(last_login=None)
    assert browser.sign_in(user.username).status_code == 302
    user.refresh_from_db()
    return user.last_login is not None


@OVERFLOWS
def test_acting_as_a_user_at_their_limit_is_not_refused_and_ends_nothing(
    ann: User, boss: User, limited: Any, browser: Browser, other: Browser, overflow: str
) -> None:
    limited(overflow)
    other.sign_in("ann")
    browser.sign_in("boss")
    assert acquire(browser, ann).status_code == 302
    assert (browser.whoami(), other.whoami()) == ("ann", "ann")
    assert len(open_sessions(boss)) == 1


@OVERFLOWS
def test_a_user_who_is_acted_as_has_all_their_room(
    ann: User, boss: User, limited: Any, browser: Browser, other: Browser, overflow: str
) -> None:
    limited(overflow)
    browser.sign_in("boss")
    acquire(browser, ann)
    assert other.sign_in("ann").status_code == 302
    assert (browser.whoami(), other.whoami()) == ("ann", "ann")


def test_going_back_ends_the_child_and_the_own_session_is_the_same_one(
    ann: User, boss: User, limited: Any, browser: Browser
) -> None:
    limited("refuse")
    browser.sign_in("boss")
    (own,) = open_sessions(boss)
    acquire(browser, ann)
    (child,) = open_sessions(ann)
    assert (child.parent, child.persistent) == (own.sid, False)
    as_ann = browser.cookies["sessionid"].value
    assert release(browser).status_code == 302
    assert browser.whoami() == "boss"
    assert [session.sid for session in open_sessions(boss)] == [own.sid]
    assert (open_sessions(ann), reasons(ann)) == ([], ["logout"])
    browser.cookies["sessionid"] = as_ann
    assert browser.whoami() == ""


def test_neither_going_nor_coming_back_counts_when_the_limit_is_full(
    ann: User, boss: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("refuse")
    browser.sign_in("boss")
    acquire(browser, ann)
    assert other.sign_in("boss").status_code == 409
    release(browser)
    assert browser.whoami() == "boss"
    assert other.sign_in("boss").status_code == 409


def test_the_child_is_dead_when_the_own_session_is_ended(ann: User, boss: User, browser: Browser) -> None:
    browser.sign_in("boss")
    acquire(browser, ann)
    control().end(adapter().subject(boss), None, EndReason.OPERATOR)
    assert browser.whoami() == ""
    assert reasons(ann) == ["revoked"]


def test_the_child_is_dead_when_the_own_session_is_evicted(
    ann: User, boss: User, limited: Any, browser: Browser, other: Browser
) -> None:
    limited("end_existing")
    browser.sign_in("boss")
    acquire(browser, ann)
    other.sign_in("boss")
    assert (browser.whoami(), other.whoami()) == ("", "boss")


def test_what_staff_do_as_a_user_keeps_their_own_session_awake(
    ann: User, boss: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sojourn.contrib.django.internal import wiring
    from sojourn.testing.clock import FakeClock

    clock = FakeClock()
    monkeypatch.setattr(wiring, "clock", clock)
    browser.sign_in("boss")
    acquire(browser, ann)
    for _ in range(3):
        clock.advance(20 * 60_000)
        assert browser.whoami() == "ann"
    release(browser)
    assert browser.whoami() == "boss"


def test_from_one_user_to_the_next_and_back(
    ann: User, bob: User, boss: User, limited: Any, browser: Browser, settings: Any
) -> None:
    limited("refuse")
    settings.HIJACK_PERMISSION_CHECK = f"{__name__}.anybody"
    other = Browser()
    other.sign_in("bob")
    browser.sign_in("boss")
    (own,) = open_sessions(boss)
    acquire(browser, ann)
    assert acquire(browser, bob).status_code == 302
    assert (browser.whoami(), other.whoami(), len(open_sessions(ann))) == ("bob", "bob", 0)
    release(browser)
    assert (browser.whoami(), len(open_sessions(ann)), len(open_sessions(bob))) == ("ann", 1, 1)
    release(browser)
    assert (browser.whoami(), len(open_sessions(ann))) == ("boss", 0)
    assert [session.sid for session in open_sessions(boss)] == [own.sid]


def anybody(*, hijacker: User, hijacked: User) -> bool:
    """django-hijack's question whether one may act as the other."""
    return True


def test_a_sign_out_while_acting_as_a_user_ends_the_child_and_nothing_comes_back(
    ann: User, boss: User, browser: Browser
) -> None:
    browser.sign_in("boss")
    acquire(browser, ann)
    browser.post("/logout/")
    assert (browser.whoami(), reasons(ann)) == ("", ["logout"])


def test_acting_as_a_user_does_not_end_what_they_began_in_that_browser(
    ann: User, boss: User, limited: Any, browser: Browser
) -> None:
    limited("end_existing")
    browser.sign_in("ann")
    began = browser.cookies["sessionid"].value
    del browser.cookies["sessionid"]
    browser.sign_in("boss")
    acquire(browser, ann)
    release(browser)
    browser.cookies["sessionid"] = began
    assert browser.whoami() == "ann"


def test_last_login_moves_again_after_going_and_coming_back(ann: User, boss: User, browser: Browser) -> None:
    browser.sign_in("boss")
    User.objects.filter(pk=ann.pk).update(last_login=None)
    acquire(browser, ann)
    ann.refresh_from_db()
    assert ann.last_login is None
    release(browser)
    assert touches_last_login(Browser(), ann)


@pytest.mark.parametrize("going", [True, False])
def test_a_store_that_fails_in_between_is_503_and_last_login_still_moves_afterwards(
    ann: User, boss: User, browser: Browser, monkeypatch: pytest.MonkeyPatch, going: bool
) -> None:
    browser.sign_in("boss")
    if not going:
        acquire(browser, ann)

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(control().store, "transact", away)
    failed = acquire(browser, ann) if going else release(browser)
    assert (failed.status_code, failed["Retry-After"]) == (503, "5")
    monkeypatch.undo()
    assert browser.whoami() == ""
    assert touches_last_login(Browser(), ann)


def test_a_table_of_the_site_that_cannot_be_read_is_503_too(
    ann: User, boss: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in("boss")

    def away(*_: object) -> None:
        raise OperationalError("the groups cannot be read")

    monkeypatch.setattr(Adapter, "groups", away)
    assert acquire(browser, ann).status_code == 503
    monkeypatch.undo()
    assert touches_last_login(Browser(), ann)


@pytest.mark.parametrize("overflow", ["refuse", "ask"])
def test_a_session_that_sojourn_does_not_know_acts_as_nobody_and_last_login_still_moves(
    ann: User, boss: User, limited: Any, browser: Browser, settings: Any, overflow: str
) -> None:
    settings.SOJOURN = {**settings.SOJOURN, "ENABLED": False}
    browser.sign_in("boss")
    settings.SOJOURN = {**settings.SOJOURN, "ENABLED": True}
    limited(overflow)
    acquire(browser, ann)
    assert (browser.whoami(), open_sessions(ann)) == ("", [])
    assert touches_last_login(Browser(), ann)


def test_the_receiver_of_last_login_is_connected_as_django_connected_it() -> None:
    assert user_logged_in.disconnect(update_last_login, dispatch_uid="update_last_login")
    user_logged_in.connect(update_last_login, dispatch_uid="update_last_login")
