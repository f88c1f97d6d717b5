"""The user who is read along with the session's record is the one whom Django would have read, or Django reads."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth import middleware as auth_middleware
from django.contrib.auth.backends import AllowAllUsersModelBackend, ModelBackend
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from sojourn.contrib.django.internal import carrier
from sojourn.contrib.django.internal.wiring import control
from tests.django.browser import AsgiBrowser, Browser, open_sessions, reasons, subject

HERE = "tests.django.test_joined"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
BACKEND = "django.contrib.auth.backends.ModelBackend"
KINDS = [Browser, AsgiBrowser]


class Asked:
    """A request, and what it cost."""

    def __init__(self, browser: Any, path: str = "/whoami/") -> None:
        with CaptureQueriesContext(connection) as queries:
            self.response = browser.get(path)
        self.queries = [query["sql"] or "" for query in queries.captured_queries]

    @property
    def joined(self) -> bool:
        """Whether the user came with the record."""
        return any("soj.digest = " in sql and " LEFT JOIN " in sql for sql in self.queries)

    @property
    def user(self) -> Any:
        """Whom the request's view saw."""
        return self.response.wsgi_request.user


def state(user: Any) -> dict[str, Any]:
    """All that is in a user, with the types of it."""
    assert user.is_authenticated
    user = user._wrapped if isinstance(user, SimpleLazyObject) else user
    values = {name: (type(value), value) for name, value in vars(user).items() if name != "_state"}
    return {**values, "_state": (user._state.db, user._state.adding), "class": type(user)}


class TestOneStatement:
    @pytest.fixture(params=KINDS)
    def browser(self, request: pytest.FixtureRequest, ada: Any) -> Any:
        made = request.param()
        made.sign_in()
        return made

    @pytest.mark.parametrize("path", ["/plain/", "/private/", "/whoami/", "/async-whoami/", "/admin/login/"])
    def test_a_request_reads_djangos_session_and_then_the_record_with_the_user(self, browser, path):
        asked = Asked(browser, path)
        assert [sql.split()[0] for sql in asked.queries] == ["SELECT", "SELECT"]
        assert "django_session" in asked.queries[0]
        assert "sojourn_session" in asked.queries[1]
        assert "auth_user" in asked.queries[1]


@pytest.mark.django_db
class TestSameUser:
    def test_it_is_the_user_whom_django_reads(self, first):
        first.sign_in()
        asked = Asked(first)
        assert asked.joined
        assert state(asked.user) == state(User.objects.get(username="ada"))

    def test_null_is_none(self, first, ada):
        first.sign_in()
        User.objects.update(last_login=None)
        asked = Asked(first)
        assert asked.joined
        assert asked.user.last_login is None

    def test_a_backend_that_lets_the_inactive_in_is_asked(self, first, ada, settings):
        settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
        assert AllowAllUsersModelBackend.get_user is ModelBackend.get_user
        first.force_login(ada)
        User.objects.update(is_active=False)
        asked = Asked(first)
        assert asked.joined
        assert asked.user.pk == ada.pk

    def test_the_user_can_be_saved(self, first, ada):
        first.sign_in()
        user = Asked(first).user
        user.first_name = "Augusta"
        with CaptureQueriesContext(connection) as queries:
            user.save()
        assert [query["sql"].split()[0] for query in queries.captured_queries if "auth_user" in query["sql"]] == [
            "UPDATE"
        ]


@pytest.fixture
def people(transactional_db: None, settings: Any) -> Iterator[Callable[[str], Any]]:
    """Makes one of the user models of `tests.django.people` the site's, with its table."""
    from django.apps import apps

    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.django.people"]
    made: list[Any] = []

    def make(name: str) -> Any:
        model = apps.get_model("people", name)
        with connection.schema_editor() as editor:
            editor.create_model(model)
        made.append(model)
        settings.AUTH_USER_MODEL = f"people.{name}"
        return model

    yield make
    for model in reversed(made):
        with connection.schema_editor() as editor:
            editor.delete_model(model)


class TestUserModels:
    def same(self, user: Any) -> Asked:
        """Sign in, ask, and compare with what Django reads."""
        browser = Browser()
        browser.force_login(user, BACKEND)
        asked = Asked(browser, "/plain/")
        assert asked.response.status_code == 200
        assert state(asked.user) == state(type(user)._default_manager.get(pk=user.pk))
        return asked

    def test_a_uuid_and_every_kind_of_field(self, people):
        model = people("Person")
        friend = model.objects.create(name="friend")
        user = model.objects.create(
            name="ada",
            address="12 St James's Square",
            created=datetime.datetime(2026, 5, 4, 3, 2, 1, 999, tzinfo=datetime.UTC),
            born=datetime.date(1815, 12, 10),
            awake=datetime.timedelta(hours=1, microseconds=7),
            money=Decimal("12.50"),
            wishes={"engine": ["analytical", None]},
            face=b"\x00\xff",
            colour="Green",
            friend=friend,
        )
        asked = self.same(user)
        assert asked.joined
        assert asked.user.colour == "green"
        assert isinstance(asked.user.pk, uuid.UUID)

    def test_nothing_in_any_field(self, people):
        assert self.same(people("Person").objects.create(name="ada")).joined

    @pytest.mark.parametrize("key", ["x-1", "0017", "Zoë", "a b"])
    def test_text_for_a_key(self, people, key):
        assert self.same(people("Badge").objects.create(number=key, name="ada")).joined

    def test_a_key_that_no_number_can_be_is_left_to_django(self, people):
        assert not self.same(people("Tagged").objects.create(tag="tag-1", name="ada")).joined

    def test_tables_that_inherit(self, people):
        people("Account").objects.create(name="somebody", email="somebody@example.org")
        user = people("Member").objects.create(name="ada", card="gold", email="ada@example.org")
        asked = self.same(user)
        assert asked.joined
        assert (asked.user.card, asked.user.email) == ("gold", "ada@example.org")

    def test_a_model_that_makes_its_instances_itself(self, people):
        asked = self.same(people("Loud").objects.create(name="ada"))
        assert asked.joined
        assert asked.user.loaded is True

    def test_a_manager_with_more_methods(self, people):
        assert self.same(people("Found").objects.create(name="ada")).joined

    @pytest.mark.parametrize("name", ["Shy", "Asking", "Filtering"])
    def test_a_manager_with_other_methods_is_asked_itself_and_hides_whom_it_hides(self, people, name):
        model = people(name)
        user = model.objects.create(name="ada")
        asked = self.same(user)
        assert not asked.joined
        browser = Browser()
        browser.force_login(user, BACKEND)
        model._base_manager.update(hidden=True)
        assert not Asked(browser, "/plain/").user.is_authenticated


class OwnBackend(ModelBackend):
    """Answers for itself."""

    def get_user(self, user_id: Any) -> Any:
        return super().get_user(user_id)


class OwnMiddleware(AuthenticationMiddleware):
    """Puts somebody of its own choice behind `request.user`, and remembers them where Django does."""

    def process_request(self, request: Any) -> None:
        def look() -> Any:
            if not hasattr(request, "_cached_user"):
                request._cached_user = User.objects.filter(username="bob").first() or AnonymousUser()
            return request._cached_user

        super().process_request(request)
        request.user = SimpleLazyObject(look)


class CopiedMiddleware:
    """A copy of Django's own file, letter by letter but for whom its `get_user` finds: nobody."""

    def __new__(cls, get_response: Any) -> Any:
        copy = {"__name__": "copied", "__package__": "copied", "nobody": AnonymousUser()}
        text = Path(auth_middleware.__file__).read_text().replace("= auth.get_user(request)", "= nobody")
        exec(compile(text, "copied.py", "exec", dont_inherit=True), copy)
        return copy["AuthenticationMiddleware"](get_response)


class LookingMiddleware(AuthenticationMiddleware):
    """Looks who it is right away."""

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        str(request.user)


class Elsewhere:
    """A router that reads users from the same place by another name."""

    def db_for_read(self, model: Any, **_: object) -> str | None:
        return "elsewhere" if model is User else None


@pytest.mark.django_db
class TestLeftToDjango:
    def test_a_backend_with_a_get_user_of_its_own(self, first, ada, settings):
        settings.AUTHENTICATION_BACKENDS = [f"{HERE}.OwnBackend"]
        first.force_login(ada)
        asked = Asked(first)
        assert not asked.joined
        assert len(asked.queries) == 3
        assert asked.user.pk == ada.pk

    def test_a_backend_that_the_site_no_longer_has(self, first, ada, settings):
        first.force_login(ada)
        settings.AUTHENTICATION_BACKENDS = [f"{HERE}.OwnBackend"]
        asked = Asked(first)
        assert not asked.joined
        assert not asked.user.is_authenticated

    def test_a_middleware_that_finds_users_in_its_own_way(self, first, ada, bob, settings):
        first.sign_in()
        settings.MIDDLEWARE = [f"{HERE}.OwnMiddleware" if name == AUTH else name for name in settings.MIDDLEWARE]
        first.handler.load_middleware()
        asked = Asked(first)
        assert not asked.joined
        assert not asked.user.is_authenticated, "the session is not bob's"

    def test_a_copy_of_djangos_middleware_in_which_a_line_was_changed(self, first, ada, settings):
        first.sign_in()
        settings.MIDDLEWARE = [f"{HERE}.CopiedMiddleware" if name == AUTH else name for name in settings.MIDDLEWARE]
        first.handler.load_middleware()
        asked = Asked(first)
        assert not asked.joined
        assert not asked.user.is_authenticated

    @pytest.mark.parametrize("place", [auth, auth_middleware])
    def test_a_package_that_has_put_a_get_user_of_its_own_in_the_place_of_djangos(self, first, ada, monkeypatch, place):
        first.sign_in()
        monkeypatch.setattr(place, "get_user", lambda _: AnonymousUser())
        assert not Asked(first).user.is_authenticated

    def test_a_package_that_has_changed_djangos_backend(self, first, ada, monkeypatch):
        first.sign_in()
        monkeypatch.setattr(ModelBackend, "get_user", lambda *_: None)
        assert not Asked(first).user.is_authenticated

    def test_whoever_has_looked_already(self, first, ada, settings):
        first.sign_in()
        settings.MIDDLEWARE = [f"{HERE}.LookingMiddleware" if name == AUTH else name for name in settings.MIDDLEWARE]
        first.handler.load_middleware()
        asked = Asked(first)
        assert not asked.joined
        assert len(asked.queries) == 3
        assert asked.user.pk == ada.pk

    def test_users_that_a_router_reads_elsewhere(self, first, ada, settings, rf):
        from sojourn.contrib.django.internal.joined import user_along

        first.sign_in()
        request = rf.get("/")
        request.session = first.session
        AuthenticationMiddleware(lambda _: None).process_request(request)
        assert user_along(request, carrier.read(request.session)) is not None
        settings.DATABASE_ROUTERS = [f"{HERE}.Elsewhere"]
        assert user_along(request, carrier.read(request.session)) is None

    @pytest.mark.parametrize(("key", "joined"), [("99999999999999999999999", False), ("-1", True)])
    def test_a_key_that_nobody_has(self, first, ada, key, joined):
        first.sign_in()
        session = first.session
        session[SESSION_KEY], session[carrier.BINDING] = key, [session[carrier.BINDING][0], key]
        session.save()
        asked = Asked(first)
        assert asked.joined is joined
        assert not asked.user.is_authenticated
        assert open_sessions() == []

    @pytest.mark.parametrize("value", [None, 7, [], "", "é"])
    @pytest.mark.parametrize("name", [BACKEND_SESSION_KEY, HASH_SESSION_KEY])
    def test_a_session_without_what_django_wants(self, first, ada, name, value):
        first.sign_in()
        session = first.session
        session[name] = value
        session.save()
        assert first.who() == ""
        assert open_sessions() == []

    def test_a_user_who_is_not_there(self, first, ada):
        first.sign_in()
        mine = subject()
        User.objects.all()._raw_delete(connection.alias)  # without a signal
        assert first.who() == ""
        assert [str(each.end_reason) for each in control().store.history(mine, 9)] == ["deleted"]

    def test_an_inactive_user(self, first, ada):
        first.sign_in()
        User.objects.update(is_active=False)
        assert first.who() == ""
        assert [str(reason) for reason in reasons()] == ["deactivated"]

    def test_another_password(self, first, ada):
        first.sign_in()
        User.objects.update(password="!")
        assert first.who() == ""
        assert [str(reason) for reason in reasons()] == ["credential_changed"]
