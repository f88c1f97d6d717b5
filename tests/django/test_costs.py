"""What Sojourn costs a request: queries, headers and hops between threads, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sojourn.contrib.django import middleware
from sojourn.core.timeouts import MINUTE
from tests.django.browser import AsgiBrowser, Browser, open_sessions

pytestmark = pytest.mark.django_db

KINDS = [Browser, AsgiBrowser]


class Queries:
    """The statements of a block, by what they are for."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def of(self, table: str) -> list[str]:
        return [sql for sql in self.all if table in sql]

    @property
    def reads(self) -> int:
        """Sojourn's look-ups."""
        return sum(sql.startswith("SELECT") for sql in self.of("sojourn_"))

    @property
    def writes(self) -> list[str]:
        """Everything that changes anything."""
        return [sql for sql in self.all if sql.startswith(("INSERT", "UPDATE", "DELETE"))]


@contextmanager
def counted() -> Iterator[Queries]:
    """The queries within the block, filled when it ends."""
    queries = Queries()
    with CaptureQueriesContext(connection) as context:
        yield queries
    queries.all += [query["sql"] or "" for query in context.captured_queries]


@pytest.fixture(params=KINDS)
def browser(request: pytest.FixtureRequest, ada: Any) -> Any:
    """A browser of each kind of server."""
    return request.param()


class TestStranger:
    """Somebody without a session cookie costs nothing."""

    def test_there_is_no_query_and_no_vary(self, browser):
        with counted() as queries:
            response = browser.get("/plain/")
        assert queries.all == []
        assert "Vary" not in response

    def test_other_cookies_make_no_difference(self, browser):
        browser.cookies["sojourn_device"] = "A" * 43
        browser.cookies["theme"] = "dark"
        with counted() as queries:
            response = browser.get("/plain/")
        assert queries.all == []
        assert "Vary" not in response
        assert not response.cookies


class TestVisitor:
    """Somebody with a session, but not signed in."""

    def test_it_costs_no_query_of_ours(self, browser):
        browser.get("/remember/")
        with counted() as queries:
            response = browser.get("/plain/")
        assert queries.of("sojourn_") == []
        assert queries.writes == []
        assert "Vary" not in response


class TestSignedIn:
    """Somebody with a live session."""

    @pytest.mark.parametrize("path", ["/plain/", "/private/", "/whoami/", "/data/", "/async-whoami/", "/admin/"])
    def test_it_costs_exactly_one_look_up_and_no_write(self, browser, path):
        browser.sign_in()
        for _ in range(3):
            with counted() as queries:
                assert browser.get(path).status_code == 200
            assert queries.reads == 1
            assert len(queries.of("sojourn_")) == 1
            assert queries.writes == []

    @pytest.mark.parametrize("path", ["/plain/", "/private/", "/async-whoami/"])
    def test_there_are_two_queries_in_all_as_many_as_without_sojourn(self, browser, sojourn, path):
        browser.sign_in()
        with counted() as queries:
            browser.get(path)
        assert [len(queries.of(table)) for table in ("django_session", "sojourn_session", "auth_user")] == [1, 1, 1]
        assert len(queries.all) == 2
        sojourn(ENABLED=False)
        with counted() as without:
            browser.get("/private/")
        assert len(without.all) == 2

    def test_there_is_one_more_where_the_backend_has_a_way_of_its_own(self, browser, settings, ada):
        settings.AUTHENTICATION_BACKENDS = ["tests.django.test_joined.OwnBackend"]
        browser.sign_in()
        with counted() as queries:
            browser.get("/private/")
        assert [len(queries.of(table)) for table in ("django_session", "sojourn_session", "auth_user")] == [1, 1, 1]
        assert len(queries.all) == 3

    def test_a_page_that_looks_at_nothing_does_not_vary(self, browser):
        browser.sign_in()
        assert "Vary" not in browser.get("/plain/")

    @pytest.mark.parametrize("path", ["/private/", "/whoami/", "/data/", "/async-whoami/"])
    def test_a_page_that_looks_does_vary(self, browser, path):
        browser.sign_in()
        assert "Cookie" in browser.get(path)["Vary"]

    def test_a_page_that_looks_is_kept_by_no_browser(self, browser):
        browser.sign_in()
        assert "no-store" in browser.get("/private/")["Cache-Control"]

    def test_a_page_that_says_itself_who_may_keep_it_is_left_alone(self, browser):
        browser.sign_in()
        assert "no-store" not in browser.get("/cached/")["Cache-Control"]

    def test_pages_that_look_at_nothing_or_show_nobody_may_be_kept(self, browser):
        assert "Cache-Control" not in browser.get("/whoami/")
        browser.sign_in()
        assert "Cache-Control" not in browser.get("/plain/")

    def test_browsers_may_keep_pages_where_the_site_wants_it(self, browser, settings):
        settings.SOJOURN = {**settings.SOJOURN, "NO_STORE": False}
        browser.sign_in()
        assert "Cache-Control" not in browser.get("/private/")

    def test_activity_is_written_once_an_interval(self, browser, clock):
        browser.sign_in()
        began = clock()
        clock.advance(MINUTE - 1)
        with counted() as queries:
            browser.get("/plain/")
        assert queries.writes == []
        clock.advance(1)
        with counted() as queries:
            browser.get("/plain/")
        assert len(queries.writes) == 1
        assert queries.writes[0].startswith("UPDATE sojourn_session")
        with counted() as queries:
            browser.get("/plain/")
        assert queries.writes == []
        assert open_sessions()[0].last_seen == began + MINUTE

    def test_writing_activity_does_not_save_djangos_session(self, browser, clock):
        browser.sign_in()
        clock.advance(5 * MINUTE)
        with counted() as queries:
            response = browser.get("/private/")
        assert [sql for sql in queries.writes if "django_session" in sql] == []
        assert "sessionid" not in response.cookies

    def test_the_interval_can_be_set(self, sojourn, browser, clock):
        sojourn(TOUCH_INTERVAL="10m")
        browser.sign_in()
        clock.advance(10 * MINUTE - 1)
        with counted() as queries:
            browser.get("/plain/")
        assert queries.writes == []
        clock.advance(1)
        with counted() as queries:
            browser.get("/plain/")
        assert len(queries.writes) == 1

    def test_passive_paths_write_nothing(self, sojourn, browser, clock):
        sojourn(PASSIVE_PATHS=["/plain/"])
        browser.sign_in()
        clock.advance(5 * MINUTE)
        with counted() as queries:
            browser.get("/plain/")
        assert queries.writes == []

    def test_where_django_saves_every_session_sojourn_still_waits_an_interval(self, settings, browser, clock):
        settings.SESSION_SAVE_EVERY_REQUEST = True
        browser.sign_in()
        written = []
        for _ in range(7):
            clock.advance(MINUTE // 3)
            with counted() as queries:
                browser.get("/plain/")
            written.append([sql for sql in queries.writes if "sojourn" in sql] != [])
        assert written == [False, False, True, False, False, True, False]


class TestEnded:
    """A cookie that is dead costs one look-up, and goes."""

    def test_it_is_looked_up_once_and_expired(self, limit, browser, second):
        limit("end_existing")
        browser.sign_in()
        second.sign_in()
        assert browser.get("/plain/").status_code == 401
        with counted() as queries:
            browser.get("/plain/")
        assert queries.all == []

    @pytest.mark.parametrize("cookie", ["x", "a" * 32, "", "a" * 100_000])
    def test_a_cookie_that_never_was_one_is_expired(self, browser, cookie):
        browser.cookies["sessionid"] = cookie
        with counted() as queries:
            response = browser.get("/plain/")
        assert queries.of("sojourn_") == []
        assert response.cookies["sessionid"].value == ""
        assert "no-store" in response["Cache-Control"]


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every hop to a thread that anybody makes."""
    made: list[object] = []
    hop: Callable[..., Any] = SyncToAsync.__call__

    async def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        made.append(self.func)
        return await hop(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counting)
    return made


class TestHops:
    """Under ASGI, work that waits for the database goes to a thread: each hop costs."""

    def added(self, sojourn: Any, browser: Any, hops: list[object], path: str) -> int:
        """How many hops Sojourn adds to a request."""
        numbers = []
        for enabled in (False, True):
            sojourn(ENABLED=enabled)
            browser.get(path)  # whatever is loaded the first time
            hops.clear()
            assert browser.get(path).status_code == 200
            numbers.append(len(hops))
        return numbers[1] - numbers[0]

    @pytest.mark.parametrize("path", ["/plain/", "/whoami/"])
    def test_a_request_without_a_session_cookie_takes_none(self, sojourn, ada, hops, path):
        assert self.added(sojourn, AsgiBrowser(), hops, path) == 0

    @pytest.mark.parametrize("path", ["/plain/", "/private/"])
    def test_a_signed_in_request_takes_one(self, sojourn, ada, hops, path):
        browser = AsgiBrowser()
        browser.sign_in()
        assert self.added(sojourn, browser, hops, path) == 1

    def test_an_asynchronous_view_that_asks_for_the_user_takes_none_more(self, sojourn, ada, hops):
        browser = AsgiBrowser()
        browser.sign_in()
        # Django would hop for the user; who has been loaded in the check is there already.
        assert self.added(sojourn, browser, hops, "/async-whoami/") <= 1

    def test_writing_activity_takes_no_hop_of_its_own(self, ada, hops, clock, monkeypatch):
        ours = []
        monkeypatch.setattr(middleware, "sync_to_async", lambda f: ours.append(f) or SyncToAsync(f))
        browser = AsgiBrowser()
        browser.sign_in()
        ours.clear()
        clock.advance(5 * MINUTE)
        browser.get("/plain/")
        assert len(ours) == 1
