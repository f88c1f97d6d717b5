"""A change of what a user may do renews the session key and the token at their next request; they notice nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sojourn.contrib.django.adapter import Adapter
from sojourn.contrib.django.changes import privileges_changed
from sojourn.contrib.django.internal import privileges
from sojourn.contrib.django.models import Session as Record
from sojourn.core.records import EndReason
from sojourn.testing.clock import FakeClock
from tests.django.again import again_on
from tests.django.browser import AsgiBrowser, Browser, open_sessions, reasons, recorded, sids
from tests.django_site import views

if TYPE_CHECKING:
    from tests.services.database import DatabaseServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limit")]

GRACE = 10_000


def promote(name: str = "bob") -> None:
    """Make somebody staff, without any signal."""
    User.objects.filter(username=name).update(is_staff=True)


def generation(name: str = "bob") -> int:
    """How often the token of their only session was renewed."""
    (session,) = open_sessions(name)
    return session.generation


@pytest.fixture
def browser(bob: User) -> Browser:
    """A browser in which bob is signed in and has put something into his cart."""
    browser = Browser()
    browser.sign_in("bob")
    browser.post("/remember/", {"value": "tea"})
    return browser


class TestOnEveryEngine:
    """What people notice: nothing."""

    @pytest.fixture(autouse=True)
    def on(self, engine: str) -> None:
        self.engine = engine

    def test_the_key_and_the_token_are_renewed_at_the_next_request_and_the_cart_is_kept(
        self, clock: FakeClock, bob: User
    ) -> None:
        browser = Browser()
        browser.sign_in("bob")
        browser.post("/remember/", {"value": "tea"})
        before, sid = browser.session_cookie(), sids("bob")
        promote()
        assert browser.get("/whoami/").json() == {"user": "bob", "data": "tea", "cart": None}
        assert browser.session_cookie() != before
        assert (generation(), sids("bob")) == (1, sid)
        clock.advance(GRACE)
        assert browser.get("/whoami/").json()["data"] == "tea"
        assert generation() == 1

    def test_the_old_key_is_good_for_requests_on_their_way_and_then_for_nothing(
        self, clock: FakeClock, bob: User
    ) -> None:
        browser, late = Browser(), Browser()
        browser.sign_in("bob")
        late.take_session(browser.session_cookie())
        promote()
        browser.get("/whoami/")
        clock.advance(GRACE - 1)
        response = late.get("/whoami/")
        assert response.json()["user"] == "bob"
        assert not response.cookies, "the browser keeps what the other answer gave it"
        clock.advance(1)
        assert late.who() == ""
        assert browser.who() == "bob"

    @pytest.mark.parametrize("save_every_request", [False, True])
    def test_a_slow_request_beside_it_takes_nothing_away(
        self, clock: FakeClock, settings: Any, bob: User, save_every_request: bool
    ) -> None:
        settings.SESSION_SAVE_EVERY_REQUEST = save_every_request
        browser, beside = Browser(), Browser()
        browser.sign_in("bob")
        browser.post("/remember/", {"value": "tea"})
        beside.take_session(browser.session_cookie())

        def meanwhile() -> None:
            promote()
            assert beside.who() == "bob"

        views.interludes.append(meanwhile)
        slow = browser.get("/slow/")
        assert slow.content == b"slow for bob"
        assert not slow.cookies, "it would take the browser back to the key before"
        clock.advance(GRACE)
        kept = "tea" if self.engine == "signed_cookies" else "tea, slowly"
        assert beside.get("/whoami/").json() == {"user": "bob", "data": kept, "cart": None}
        assert generation() == 1

    def test_of_several_requests_at_once_one_renews_and_all_are_served(self, clock: FakeClock, bob: User) -> None:
        browser, beside = Browser(), Browser()
        browser.sign_in("bob")
        beside.take_session(browser.session_cookie())
        promote()

        views.interludes.append(lambda: beside.get("/remember/?value=milk"))
        assert browser.get("/slow/").content == b"slow for bob"
        clock.advance(GRACE)
        assert beside.who() == "bob"
        assert generation() == 1

    def test_a_late_request_that_signs_out_signs_out(self, bob: User) -> None:
        browser, late = Browser(), Browser()
        browser.sign_in("bob")
        late.take_session(browser.session_cookie())
        promote()
        browser.get("/whoami/")
        late.post("/logout/")
        assert browser.who() == ""
        assert reasons("bob") == [EndReason.LOGOUT]


@pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
@pytest.mark.parametrize("url", ["/whoami/", "/async-whoami/"])
def test_it_is_the_same_under_each_kind_of_server(bob: User, kind: Any, url: str) -> None:
    browser = kind()
    browser.sign_in("bob")
    promote()
    assert browser.get(url).json()["user"] == "bob"
    assert generation() == 1


def test_every_session_of_theirs_is_renewed_and_nobody_elses(ada: User, browser: Browser) -> None:
    other, stranger = Browser(), Browser()
    other.sign_in("bob")
    stranger.sign_in("ada")
    promote()
    for each in (browser, other, stranger):
        each.who()
    assert [session.generation for session in open_sessions("bob")] == [1, 1]
    assert generation("ada") == 0
    assert len(recorded("session.rotated")) == 2


def _staff(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)


def _superuser(user: User) -> None:
    user.is_superuser = True
    user.save()


def _into_group(user: User) -> None:
    user.groups.add(Group.objects.get(name="editors"))


def _from_the_group(user: User) -> None:
    Group.objects.get(name="editors").user_set.add(user)


def _out_of_group(user: User) -> None:
    user.groups.remove(Group.objects.get(name="writers"))


def _out_of_all_groups(user: User) -> None:
    user.groups.clear()


def _set_groups(user: User) -> None:
    user.groups.set([Group.objects.get(name="editors")])


def _emptied_group(user: User) -> None:
    Group.objects.get(name="writers").user_set.clear()


def _permission(user: User) -> None:
    user.user_permissions.add(_some_permission())


def _permission_of_the_group(user: User) -> None:
    Group.objects.get(name="writers").permissions.add(_some_permission())


def _group_of_the_permission(user: User) -> None:
    _some_permission().group_set.add(Group.objects.get(name="writers"))


def _cleared_group(user: User) -> None:
    Group.objects.get(name="writers").permissions.clear()


def _permission_taken_from_all(user: User) -> None:
    Permission.objects.get(codename="add_group").group_set.clear()


def _group_deleted(user: User) -> None:
    Group.objects.get(name="writers").delete()


def _groups_deleted(user: User) -> None:
    Group.objects.filter(name="writers").delete()


def _permission_deleted(user: User) -> None:
    Permission.objects.filter(codename="add_group").delete()


def _some_permission() -> Permission:
    return Permission.objects.get(codename="view_user")


CHANGES = [value for name, value in list(globals().items()) if name[0] == "_" and getattr(value, "__code__", None)]
CHANGES = [value for value in CHANGES if value.__code__.co_varnames[:1] == ("user",)]


@pytest.fixture
def writers(bob: User) -> None:
    """Bob is a writer; there are editors as well."""
    Group.objects.create(name="editors")
    group = Group.objects.create(name="writers")
    group.permissions.add(Permission.objects.get(codename="add_group"))
    bob.groups.add(group)


@pytest.mark.usefixtures("writers")
class TestChanges:
    """Whatever it is that changes."""

    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
    def test_each_renews_once(self, bob: User, ada: User, browser: Browser, change: Any) -> None:
        stranger = Browser()
        stranger.sign_in("ada")
        change(bob)
        assert [browser.who() for _ in range(3)] == ["bob"] * 3
        assert stranger.who() == "ada"
        assert (generation("bob"), generation("ada")) == (1, 0)

    def test_a_change_that_is_rolled_back_is_none(self, bob: User, browser: Browser) -> None:
        with transaction.atomic():
            _permission(bob)
            transaction.set_rollback(True)
        browser.who()
        assert generation() == 0

    def test_what_changes_nothing_renews_nothing(self, bob: User, browser: Browser) -> None:
        writers = Group.objects.get(name="writers")
        bob.groups.add(writers)
        bob.first_name = "Robert"
        bob.save()
        Group.objects.get(name="editors").delete()
        browser.who()
        assert generation() == 0

    def test_a_group_of_many_is_marked_in_batches(
        self, bob: User, browser: Browser, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
    ) -> None:
        monkeypatch.setattr(privileges, "BATCH", 3)
        writers = Group.objects.get(name="writers")
        people = User.objects.bulk_create(User(username=f"writer {number}") for number in range(10))
        writers.user_set.add(*people)
        with django_assert_max_num_queries(30):
            _permission_of_the_group(bob)
        browser.who()
        assert generation() == 1


def test_a_view_that_fails_leaves_the_renewal_to_the_next_one(browser: Browser) -> None:
    promote()
    before = browser.session_cookie()
    assert browser.get("/crash/").status_code == 500
    assert (browser.session_cookie(), generation()) == (before, 0)
    assert browser.who() == "bob"
    assert generation() == 1


def test_a_changed_password_and_a_change_of_privilege_are_one_renewal(browser: Browser) -> None:
    promote()
    browser.post("/own-password/")
    browser.who()
    assert generation() == 1
    assert browser.who() == "bob"


def test_polling_is_renewed_too_and_is_still_no_activity(sojourn: Any, clock: FakeClock, browser: Browser) -> None:
    sojourn(PASSIVE_PATHS=["/whoami/"])
    (before,) = open_sessions("bob")
    promote()
    clock.advance(5 * 60_000)
    assert browser.who() == "bob"
    (after,) = open_sessions("bob")
    assert (after.generation, after.last_seen) == (1, before.last_seen)


def test_a_session_from_before_is_taken_as_it_is(browser: Browser) -> None:
    Record.objects.update(privileges="")
    browser.who()
    assert generation() == 0
    promote()
    browser.who()
    assert generation() == 1


def test_report_only_notes_it_and_changes_nothing(sojourn: Any, browser: Browser) -> None:
    sojourn(REPORT_ONLY=True)
    before = browser.session_cookie()
    promote()
    browser.who()
    assert (browser.session_cookie(), generation()) == (before, 0)
    sojourn(REPORT_ONLY=False)
    browser.who()
    assert generation() == 0


def test_a_site_can_say_what_no_signal_says(bob: User, browser: Browser) -> None:
    privileges_changed(bob)
    browser.who()
    browser.who()
    assert generation() == 1


class Blind(Adapter):
    """A site that does not want it."""

    def privileges(self, user: Any) -> str:
        return ""


def test_a_site_can_leave_it(sojourn: Any, browser: Browser) -> None:
    sojourn(ADAPTER="tests.django.test_privileges.Blind")
    promote()
    assert browser.who() == "bob"
    assert generation() == 0


def test_looking_costs_no_query(sojourn: Any, browser: Browser) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.who()
        return len(captured)

    browser.who()
    looking = queries()
    sojourn(ADAPTER="tests.django.test_privileges.Blind")
    browser.who()
    assert looking == queries()


CHOSEN = "TestChanges or (TestOnEveryEngine and db) or polling"


@pytest.mark.postgres
def test_it_is_so_on_postgresql(postgres_server: DatabaseServer) -> None:
    again_on(postgres_server, Path(__file__), CHOSEN)


@pytest.mark.mariadb
def test_it_is_so_on_mariadb(mariadb_server: DatabaseServer) -> None:
    again_on(mariadb_server, Path(__file__), CHOSEN)
