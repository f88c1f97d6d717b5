"""A cookie of a session that is over opens nothing: on no address, by no method, over no session engine."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from sojourn.core.timeouts import HOUR
from tests.django.browser import AsgiBrowser, Browser, sids
from tests.django.crawl import addresses
from tests.django_site import views
from tests.django_site.middleware import sightings

pytestmark = pytest.mark.django_db

SECRET = "only-for-ada-4711"
SHOWING = ["/whoami/", "/data/", "/private/", "/cached/", "/admin/", "/sessions/", "/async-whoami/"]
CSRF = "a" * 32


class Copy:
    """What a thief has of somebody's browser: all of its cookies, and what the server kept for them."""

    def __init__(self, browser: Any) -> None:
        self.cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
        self.data = dict(browser.session.items())

    def restore(self) -> None:
        """Put the server's part back, as a slow request or a backup would."""
        from django.conf import settings

        store = import_module(settings.SESSION_ENGINE).SessionStore(self.cookies["sessionid"])
        if not store.exists(self.cookies["sessionid"]):
            store._session_cache = dict(self.data)
            store.save(must_create=True)

    def browser(self) -> Browser:
        """A browser with these cookies and a CSRF token that is good."""
        return self.into(Browser(enforce_csrf_checks=True))

    def into(self, browser: Browser) -> Browser:
        """Give `browser` these cookies, whatever it had."""
        self.restore()
        browser.cookies.clear()
        for name, value in {**self.cookies, "csrftoken": CSRF}.items():
            browser.cookies[name] = value
        return browser


def logout(victim: Any, other: Any) -> None:
    victim.post("/logout/")


def flushing_logout(victim: Any, other: Any) -> None:
    victim.post("/flushing-logout/")


def eviction(victim: Any, other: Any) -> None:
    other.sign_in()


def revocation(victim: Any, other: Any) -> None:
    (mine,) = sids()
    from django.conf import settings

    settings.SOJOURN = {**settings.SOJOURN, "LIMITS": []}
    other.sign_in()
    assert other.post(f"/sessions/end/{mine}/").status_code == 302


def password_change(victim: Any, other: Any) -> None:
    user = User.objects.get(username="ada")
    user.set_password("a new one 1")
    user.save()


def deactivation(victim: Any, other: Any) -> None:
    User.objects.update(is_active=False)
    victim.get("/plain/")
    User.objects.update(is_active=True)


def deactivation_by_save(victim: Any, other: Any) -> None:
    for active in (False, True):
        user = User.objects.get(username="ada")
        user.is_active = active
        user.save()


ENDINGS: list[Callable[..., None]] = [
    logout,
    flushing_logout,
    eviction,
    revocation,
    password_change,
    deactivation,
    deactivation_by_save,
]


@pytest.fixture
def copy(engine: str, first: Any) -> Copy:
    """A copy of a browser that is signed in and has something in its session."""
    first.sign_in()
    first.get("/remember/", {"value": SECRET})
    return Copy(first)


@pytest.fixture
def watched(settings: Any) -> None:
    """Note what every view is shown."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.django_site.middleware.witness"]
    sightings.clear()


def replay(copy: Copy, paths: list[str]) -> list[Any]:
    """Send the copied cookies to all `paths`, by GET and by POST with a valid CSRF token."""
    sightings.clear()
    answers, thief = [], copy.browser()
    for path in paths:
        answers.append(copy.into(thief).get(path))
        answers.append(copy.into(thief).post(path, {"csrfmiddlewaretoken": CSRF, "post": "yes"}))
    return answers


def nothing_shown(answers: list[Any]) -> bool:
    """Whether no view saw the user or the data, and no answer holds any of it."""
    seen = [s for s in sightings if s.user or "data" in s.keys or "_sojourn" in s.keys]
    held = [a for a in answers if SECRET in a.content.decode() or "for ada" in a.content.decode()]
    return not seen and not held


@pytest.mark.usefixtures("watched")
class TestReplay:
    """The cookies that were copied while the session lived, sent again after its end."""

    def test_the_test_would_notice(self, copy):
        answers = replay(copy, ["/whoami/", "/data/", "/private/", "/admin/"])
        assert {sighting.user for sighting in sightings} == {"ada"}
        assert {answer.status_code for answer in answers} == {200}  # the CSRF token is good
        assert SECRET in answers[0].content.decode()

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_after_every_ending_nothing_is_shown(self, copy, first, second, ending):
        ending(first, second)
        assert nothing_shown(replay(copy, SHOWING))

    def test_after_a_timeout_nothing_is_shown(self, copy, clock):
        clock.advance(HOUR)
        assert nothing_shown(replay(copy, SHOWING))

    def test_after_a_sign_out_no_address_shows_anything(self, copy, first):
        first.post("/logout/")
        assert nothing_shown(replay(copy, addresses()))
        assert len({sighting.path for sighting in sightings}) > 40

    @pytest.mark.parametrize("engine", ["db"], indirect=True)
    @pytest.mark.parametrize("ending", ENDINGS)
    def test_after_every_ending_no_address_shows_anything(self, copy, first, second, ending):
        ending(first, second)
        assert nothing_shown(replay(copy, addresses()))

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_asynchronous_views_show_nothing_either(self, copy, first, second, ending):
        ending(first, second)
        sightings.clear()
        for path in SHOWING:
            copy.restore()
            browser = AsgiBrowser()
            for name, value in copy.cookies.items():
                browser.cookies[name] = value
            assert nothing_shown([browser.get(path)])

    @pytest.mark.parametrize("ending", [logout, eviction])
    def test_a_picture_in_a_page_is_shown_nothing(self, copy, first, second, ending):
        ending(first, second)
        sightings.clear()
        browser = copy.browser()
        assert nothing_shown([browser.get(path, headers={"sec-fetch-dest": "image"}) for path in SHOWING])

    def test_the_way_to_somebody_elses_sessions_is_shut(self, copy, first, second):
        first.post("/logout/")
        second.sign_in()
        (open_sid,) = sids()
        copy.browser().post(f"/sessions/end/{open_sid}/", {"csrfmiddlewaretoken": CSRF})
        copy.browser().post("/sessions/end-others/", {"csrfmiddlewaretoken": CSRF})
        assert second.who() == "ada"


class TestSlowRequest:
    """A request that had loaded its session before the end, and finishes after it."""

    @pytest.mark.parametrize("ending", [logout, eviction, revocation, password_change, deactivation_by_save])
    def test_it_revives_nothing(self, copy, first, second, ending):
        slow = copy.browser()
        views.interludes.append(lambda: ending(first, second))
        slow.get("/slow/")
        assert slow.who() == ""
        assert first.who() == ""
        assert SECRET not in slow.get("/data/").content.decode()

    def test_saving_a_session_that_was_loaded_before_revives_nothing(self, copy, first):
        first.post("/logout/")
        copy.restore()
        browser = copy.browser()
        assert browser.who() == ""
        assert SECRET not in browser.get("/data/").content.decode()


class TestPageCache:
    """Django's page cache keys on the cookie as it is sent; a page kept for a cookie is not for whoever replays it."""

    @pytest.fixture(autouse=True)
    def _cache(self, settings):
        cache.clear()
        yield
        cache.clear()

    def by_middleware(self, settings: Any) -> str:
        settings.SOJOURN = {**settings.SOJOURN, "NO_STORE": False}  # otherwise no cache keeps it in the first place
        settings.MIDDLEWARE = [
            "django.middleware.cache.UpdateCacheMiddleware",
            *settings.MIDDLEWARE,
            "django.middleware.cache.FetchFromCacheMiddleware",
        ]
        return "/private/"

    def by_decorator(self, settings: Any) -> str:
        return "/cached/"

    @pytest.mark.parametrize("ending", [logout, eviction])
    @pytest.mark.parametrize("way", [by_middleware, by_decorator])
    @pytest.mark.parametrize("headers", [{}, {"sec-fetch-dest": "image"}])
    def test_the_page_is_not_served_to_the_old_cookie(self, settings, first, second, way, ending, headers):
        path = way(self, settings)
        first.sign_in()
        page = first.get(path).content.decode()
        thief = Browser()
        for name, morsel in first.cookies.items():
            thief.cookies[name] = morsel.value
        assert thief.get(path).content.decode() == page  # while the session lives, it is served from the cache
        assert "for ada" in page or "to ada" in page
        ending(first, second)
        assert "ada" not in thief.get(path, headers=headers).content.decode()


class TestReferences:
    """Whoever took hold of the user before our check still has nobody."""

    @pytest.mark.parametrize("early", ["lazy", "loaded"])
    @pytest.mark.parametrize("ending", [logout, eviction, password_change, deactivation_by_save])
    def test_references_taken_earlier_are_anonymous(self, settings, first, second, early, ending):
        place = settings.MIDDLEWARE.index("sojourn.contrib.django.middleware.SessionControlMiddleware")
        first.sign_in()
        copied = Copy(first)
        ending(first, second)
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE[:place],
            "tests.django_site.middleware.early",
            *settings.MIDDLEWARE[place:],
        ]
        response = copied.browser().get("/whoami/", {"early": early})
        assert response["X-Reference"] == ""
        assert response["X-Auser"] == ""
