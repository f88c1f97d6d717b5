"""System checks: each is made to fire, says what to write, and is silent once that is written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core import mail
from django.core.checks import CheckMessage, run_checks
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ConnectionHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import reverse_lazy

from sojourn.contrib.django import checks
from sojourn.contrib.django.adapter import Adapter
from sojourn.contrib.django.checks import databases, neighbours, servers
from sojourn.contrib.django.checks.site import PAGES
from sojourn.contrib.django.middleware import SessionControlMiddleware
from sojourn.contrib.django.webhooks import EXAMPLE_SECRET
from sojourn.core.policy import Policy
from sojourn.core.presets import PRESETS
from sojourn.core.records import Arrival
from sojourn.notify.notices import Kind
from sojourn.notify.signature import new_secret
from tests.django_site import settings as site

ROOT = Path(__file__).parents[2]
HERE = __name__
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "sojourn.contrib.django.middleware.SessionControlMiddleware"
REMOTE = "django.contrib.auth.middleware.RemoteUserMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
BOTH = "django.middleware.cache.CacheMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
COOKIES = "django.contrib.sessions.backends.signed_cookies"
ASK = [{"max_sessions": 1, "overflow": "ask"}]
LITTLE_APPS = ["django.contrib.contenttypes", "sojourn.contrib.django"]


def a_subject(user: object) -> str:
    return str(user)


def two_things(one: object, other: object) -> str:
    return ""


async def later(arrival: Arrival) -> Policy:
    return Policy()


def a_policy(arrival: Arrival) -> Policy:
    return Policy()


class OwnAdapter(Adapter):
    """An adapter of a site, which knows whose subject is whose."""

    def users_of(self, subjects: Any) -> Any:
        return {}


class NeedyAdapter(Adapter):
    """An adapter that nobody can make."""

    def __init__(self, more: object) -> None:
        """Ask for what nobody gives."""


class OwnControl(SessionControlMiddleware):
    """A middleware of a site, derived from ours."""


class Elsewhere:
    """Sends Sojourn's models to another database."""

    def db_for_write(self, model: Any, **_: object) -> str | None:
        return "other" if model._meta.app_label == "sojourn" else None


class Nowhere:
    """Lets Sojourn's tables be created in no database."""

    def allow_migrate(self, db: str, app_label: str, **_: object) -> bool | None:
        return False if app_label == "sojourn" else None


class Agreeing:
    """Has an opinion, and the same one as Sojourn."""

    def db_for_write(self, model: Any, **_: object) -> str | None:
        return "default"

    def allow_migrate(self, db: str, app_label: str, **_: object) -> bool | None:
        return True


class Replica:
    """Reads elsewhere, which Sojourn never asks about."""

    def db_for_read(self, model: Any, **_: object) -> str | None:
        return "replica"


def findings() -> list[CheckMessage]:
    return run_checks(tags=[checks.TAG], include_deployment_checks=True)


def ids() -> set[str]:
    return {str(finding.id).removeprefix("sojourn.") for finding in findings()}


BASE = {"W040", "W055"}
"""The test site is served over http, and messages of it lead nowhere."""


def sojourn(**keys: Any) -> dict[str, Any]:
    return {"SOJOURN": {**site.SOJOURN, **keys}}


def stack(*paths: str) -> dict[str, Any]:
    return {"MIDDLEWARE": list(paths)}


def webhooks(*named: tuple[str, str], **more: str) -> dict[str, Any]:
    found = [
        {"name": name, "url": "https://hooks.example/", "secrets": [secret], "events": ["*"], **more}
        for name, secret in named
    ]
    return {**sojourn(WEBHOOKS=found), "ADMINS": [("Ada", "ada@example.org")]}


SHARED = new_secret()
LATER = "2199-12-31"
BACKENDS = "django.core.mail.backends.{}.EmailBackend"
SENDS = {
    "EMAIL_BACKEND": BACKENDS.format("smtp"),
    "EMAIL_TIMEOUT": 10,
    "DEFAULT_FROM_EMAIL": "App <no-reply@app.example>",
}
SILENT_MAIL = {kind: ["page"] for kind in Kind}

FIRES: list[tuple[set[str], dict[str, Any]]] = [
    # the settings
    ({"E001"}, sojourn(RETENTION="soon")),
    ({"E001"}, sojourn(COLOUR="red")),
    ({"E001", "W002"}, {"SOJOURN": None}),
    ({"E001"}, sojourn(LIMITS=[{"max_sessions": 1, "overflow": "refuse"}], INACTIVITY_TIMEOUT=None)),
    ({"E001"}, sojourn(HELP_URL="javascript:alert(1)")),
    *(
        ({"E002"}, sojourn(ADAPTER=path))
        for path in ("nowhere", "no.where", ".x", "..", "", "os.path", "os.path.nothing", f"{HERE}.a_subject")
    ),
    ({"E002"}, sojourn(ADAPTER="builtins.dict")),
    ({"E002"}, sojourn(METRICS=["prometheus"], METRICS_REGISTRY="nowhere.registry")),
    ({"E002"}, sojourn(METRICS=["prometheus"], METRICS_REGISTRY="builtins.dict")),
    ({"E001"}, sojourn(METRICS=["statsd"])),
    ({"E002"}, sojourn(ADAPTER=f"{HERE}.NeedyAdapter")),
    *(
        ({"E002", "W050"}, sojourn(SUBJECT=path))
        for path in ("nowhere", ".x", "builtins.str", "math.pi", f"{HERE}.later", f"{HERE}.two_things")
    ),
    *(
        ({"E002", "W001"}, sojourn(POLICY=path))
        for path in ("no.where", "sojourn.core.policy.Policy", f"{HERE}.later", f"{HERE}.two_things")
    ),
    ({"E003"}, sojourn(DEVICE_COOKIE="sessionid")),
    ({"E003"}, sojourn(TICKET_COOKIE="csrftoken")),
    ({"W001"}, sojourn(POLICY=f"{HERE}.a_policy")),
    ({"W002"}, {"SOJOURN": {}}),
    ({"W003"}, sojourn(CLEAR_SITE_DATA=["storage", "cookies"])),
    ({"W003"}, sojourn(CLEAR_SITE_DATA=["*"])),
    ({"W004"}, sojourn(ADOPT_EXISTING=True)),
    ({"W005"}, sojourn(ADOPT_EXISTING=True, ADOPT_UNTIL="2020-01-31")),
    ({"W006"}, sojourn(ADOPT_UNTIL=LATER)),
    ({"W007"}, sojourn(INACTIVITY_TIMEOUT="12h")),
    ({"W007"}, sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d")),
    ({"I001"}, sojourn(REPORT_ONLY=True)),
    # applications, addresses, templates
    ({"E010"}, {"INSTALLED_APPS": [name for name in site.INSTALLED_APPS if name != "django.contrib.sessions"]}),
    ({"E010", "W011"}, {"INSTALLED_APPS": ["django.contrib.sessions", *LITTLE_APPS]}),
    ({"E011"}, {**sojourn(LIMITS=ASK), "ROOT_URLCONF": "django.contrib.auth.urls"}),
    ({"E011"}, {"SOJOURN": {"PRESET": "fluid"}, "ROOT_URLCONF": "django.contrib.auth.urls"}),
    ({"W010"}, {"TEMPLATES": [{**site.TEMPLATES[0], "APP_DIRS": False}]}),
    ({"W010"}, {"TEMPLATES": []}),
    ({"E019"}, {"LOGIN_URL": "sign_in"}),
    *(({"W013"}, {"LOGIN_URL": path}) for path in ("/accounts/login/", "/login/here/?from=x")),
    ({"W013"}, {"LOGIN_URL": "/login", "APPEND_SLASH": False}),
    ({"W011"}, {"STATIC_URL": None}),
    # middleware
    ({"E012"}, stack(USERS, OURS)),
    ({"E013"}, stack(SESSIONS, OURS)),
    ({"E013"}, stack(USERS, SESSIONS, OURS)),
    ({"E012", "E013", "E014"}, stack()),
    ({"E014"}, stack(SESSIONS, USERS, MESSAGES)),
    ({"E014"}, stack(SESSIONS, USERS, "no.where")),
    ({"E015"}, stack(SESSIONS, USERS, OURS, OURS)),
    ({"E015"}, stack(SESSIONS, USERS, OURS, f"{HERE}.OwnControl")),
    ({"E016"}, stack(SESSIONS, OURS, USERS)),
    ({"E016"}, stack(OURS, SESSIONS, USERS)),
    ({"E017"}, stack(SESSIONS, USERS, REMOTE, OURS)),
    ({"E017"}, stack(SESSIONS, USERS, "django.contrib.auth.middleware.PersistentRemoteUserMiddleware", OURS)),
    ({"W012"}, stack(SESSIONS, USERS, GZIP, OURS)),
    ({"W012"}, stack(SESSIONS, USERS, f"{HERE}.a_function", OURS)),
    ({"E018"}, stack(UPDATE, SESSIONS, FETCH, USERS, OURS)),
    ({"E018"}, stack(SESSIONS, USERS, FETCH, OURS)),
    ({"E018"}, stack(BOTH, SESSIONS, USERS, OURS)),
    # the database
    ({"E020"}, sojourn(STORE="elsewhere")),
    ({"E020"}, sojourn(STORE="")),
    ({"E024"}, {**sojourn(STORE="default"), "DATABASE_ROUTERS": [f"{HERE}.Elsewhere"]}),
    # servers
    ({"E001"}, sojourn(STORE="redis+cluster://localhost/1")),
    ({"E020"}, sojourn(STORE="redis:/localhost")),
    ({"E027"}, sojourn(STORE="default", MOVE_TO="default")),
    ({"E028"}, sojourn(MOVE_TO="no such database")),
    ({"E026"}, sojourn(STORE="rediss://kv.example?ssl_ca_certs=/no/such.pem")),
    ({"W022"}, sojourn(STORE="rediss://kv.example?ssl_cert_reqs=none")),
    ({"W023"}, sojourn(STORE="redis://:hunter2@kv.example")),
    ({"W023"}, sojourn(STORE="redis+cluster://localhost,192.0.2.1")),
    ({"E026"}, sojourn(MOVE_TO="rediss://kv.example?ssl_ca_certs=/no/such.pem")),
    ({"W022"}, sojourn(MOVE_TO="rediss://kv.example?ssl_cert_reqs=none")),
    ({"W023"}, sojourn(MOVE_TO="redis://:hunter2@kv.example")),
    ({"E024"}, {**sojourn(STORE="default"), "DATABASE_ROUTERS": [f"{HERE}.Replica", f"{HERE}.Nowhere"]}),
    # session engines
    ({"E030", "W030"}, {**sojourn(ADOPT_EXISTING=True, ADOPT_UNTIL=LATER), "SESSION_ENGINE": COOKIES}),
    ({"W030"}, {"SESSION_ENGINE": COOKIES}),
    ({"W030"}, {"SESSION_ENGINE": "tests.django.own_cookies"}),
    # cookies and proxies
    ({"W041"}, sojourn(ENABLED=False)),
    # links in messages
    ({"E001"}, sojourn(SITE_URL="app.example")),
    ({"E001"}, sojourn(SITE_URL="https://app.example/below/")),
    ({"E001"}, sojourn(SITE_URL="https://app.example:no")),
    ({"E001"}, sojourn(SITE_URL="https://ada@app.example")),
    ({"E001"}, sojourn(SITE_URL="javascript://app.example")),
    ({"W056"}, sojourn(SITE_URL="http://app.example", PASSWORD_RESET_URL="/reset/")),
    ({"W057"}, {**sojourn(SITE_URL="https://app.example"), "ROOT_URLCONF": "django.contrib.auth.urls"}),
    ({"W058"}, sojourn(SITE_URL="https://app.example/")),
    (
        {"W059"},
        {**sojourn(SITE_URL="https://x.example", PASSWORD_RESET_URL="/r/"), "ALLOWED_HOSTS": ["y.example"]},
    ),
    ({"W042"}, {"SESSION_COOKIE_HTTPONLY": False}),
    ({"W043"}, {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}),
    ({"W043"}, {"USE_X_FORWARDED_HOST": True}),
    # mails
    ({"W050"}, sojourn(SUBJECT=f"{HERE}.a_subject")),
    ({"W052"}, {**SENDS, "DEFAULT_FROM_EMAIL": "webmaster@localhost"}),
    *(({"W053"}, {"EMAIL_BACKEND": BACKENDS.format(name)}) for name in ("console", "dummy", "filebased")),
    *(({"W054"}, {**SENDS, "EMAIL_TIMEOUT": seconds}) for seconds in (None, 60)),
    ({"W045"}, sojourn(GEOIP_DATABASES=["/no/such/database.mmdb"])),
    ({"W046"}, sojourn(ADDRESS_RETENTION="30d")),
    # webhooks
    ({"E060"}, webhooks(("crm", EXAMPLE_SECRET))),
    ({"W060"}, webhooks(("crm", new_secret()), ("erp", SHARED), ("log", SHARED))),
    ({"W061"}, webhooks(("crm", new_secret()), url="http://localhost/hooks", allow_internal="localhost")),
    ({"W062"}, {**webhooks(("crm", new_secret())), "ADMINS": []}),
    # delivery
    ({"E070"}, sojourn(DELIVERY="nowhere.at_all")),
    ({"E071"}, sojourn(SINKS=["nowhere.Sink"])),
    ({"W070"}, sojourn(OUTBOX_MAX_AGE="60d")),
]


def a_function(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A middleware that is a function, as Django allows."""
    return get_response


def named(case: Any) -> str:
    return "+".join(sorted(case)) if isinstance(case, set) else ascii(case)[:60]


@pytest.mark.parametrize(("expected", "overrides"), FIRES, ids=named)
def test_what_is_wrong_is_found_and_nothing_else(expected: set[str], overrides: dict[str, Any]) -> None:
    with override_settings(**overrides):
        assert ids() - BASE == expected


SILENT: list[dict[str, Any]] = [
    {},
    {"SESSION_COOKIE_SECURE": True},
    {"DEBUG": True},
    sojourn(ADAPTER=f"{HERE}.OwnAdapter", SUBJECT=f"{HERE}.a_subject"),
    SENDS,
    {**sojourn(NOTICES=SILENT_MAIL, SUBJECT=f"{HERE}.a_subject"), "EMAIL_BACKEND": BACKENDS.format("dummy")},
    {"SOJOURN": {"POLICY": f"{HERE}.a_policy"}},
    *({"SOJOURN": {"PRESET": name}} for name in PRESETS),
    sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d"),
    {**sojourn(LIMITS=ASK)},
    {**sojourn(ADOPT_EXISTING=True, ADOPT_UNTIL=LATER)},
    {"SOJOURN": {"POLICY": f"{HERE}.a_policy"}, "ROOT_URLCONF": "django.contrib.auth.urls"},
    {"ROOT_URLCONF": "django.contrib.auth.urls"},
    *({"LOGIN_URL": url} for url in ("login", "admin:login", "/login", "/login/?from=x", "https://sso.example/in")),
    {"LOGIN_URL": "/login/", "ROOT_URLCONF": "tests.django.by_language"},
    stack(SESSIONS, USERS, OURS),
    stack(SESSIONS, USERS, f"{HERE}.OwnControl"),
    stack(SESSIONS, USERS, OURS, REMOTE, GZIP),
    stack(SESSIONS, USERS, LOGIN_REQUIRED, OURS),
    stack(SESSIONS, USERS, OURS, LOGIN_REQUIRED),
    stack(UPDATE, SESSIONS, USERS, OURS, FETCH),
    stack(SESSIONS, USERS, OURS, BOTH),
    {"DATABASE_ROUTERS": [f"{HERE}.Agreeing"]},
    {**sojourn(STORE="rediss://kv.example"), "DATABASE_ROUTERS": [f"{HERE}.Elsewhere"]},
    sojourn(STORE="redis+cluster://127.0.0.1,[::1]:6380"),
    sojourn(STORE="redis+sentinel://localhost/primary"),
    sojourn(STORE="unix:///run/valkey/valkey.sock"),
    {"DATABASE_ROUTERS": [f"{HERE}.Replica"]},
    {"SESSION_ENGINE": "django.contrib.sessions.backends.cached_db"},
    {
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "INSTALLED_APPS": [name for name in site.INSTALLED_APPS if name != "django.contrib.sessions"],
    },
    {**sojourn(SITE_URL="https://app.example:8443", PASSWORD_RESET_URL="/r/"), "ALLOWED_HOSTS": [".example"]},
    {**sojourn(SITE_URL="https://[::1]", PASSWORD_RESET_URL="/r/"), "ALLOWED_HOSTS": ["[::1]"]},
    webhooks(("crm", SHARED), ("erp", new_secret())),
    {**sojourn(TRUSTED_PROXY_HOPS=1), "USE_X_FORWARDED_HOST": True},
    {**sojourn(ENABLED=False), "DEBUG": True, "MIDDLEWARE": [], "TEMPLATES": [], "SESSION_COOKIE_HTTPONLY": False},
]


@pytest.mark.parametrize("overrides", SILENT, ids=named)
def test_a_site_that_is_put_together_well_has_no_findings(overrides: dict[str, Any]) -> None:
    with override_settings(**overrides):
        assert ids() <= BASE


def test_a_backend_that_keeps_mails_in_memory_is_found_where_no_test_reads_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with override_settings(EMAIL_BACKEND=BACKENDS.format("locmem")):
        assert "W053" not in ids()
        monkeypatch.delattr(mail, "outbox")
        assert "W053" in ids()


def test_the_test_site_is_only_told_that_it_is_served_over_http() -> None:
    assert ids() == BASE
    assert run_checks(tags=[checks.TAG]) == []


def test_only_a_deployment_is_warned_of_what_development_needs() -> None:
    with override_settings(**sojourn(ENABLED=False)):
        assert run_checks(tags=[checks.TAG]) == []


SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
POSTGRES = {"ENGINE": "django.db.backends.postgresql", "NAME": "site"}
IMMEDIATE = {"OPTIONS": {"transaction_mode": "IMMEDIATE"}}
ATOMIC = {"ATOMIC_REQUESTS": True}
SERIALIZABLE = 4


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ({**SQLITE}, set()),
        ({**SQLITE, **IMMEDIATE}, set()),
        ({**SQLITE, **ATOMIC}, {"E023"}),
        ({**SQLITE, **ATOMIC, "OPTIONS": {"transaction_mode": None}}, {"E023"}),
        ({**SQLITE, **ATOMIC, "OPTIONS": {"transaction_mode": "deferred"}}, {"E023"}),
        ({**SQLITE, **ATOMIC, **IMMEDIATE}, {"W020"}),
        ({**SQLITE, **ATOMIC, "OPTIONS": {"transaction_mode": "exclusive"}}, {"W020"}),
        ({**SQLITE, "AUTOCOMMIT": False}, {"E022"}),
        ({"ENGINE": "django.db.backends.dummy"}, {"E021"}),
        ({**POSTGRES}, set()),
        ({**POSTGRES, **ATOMIC}, set()),
        ({**POSTGRES, "OPTIONS": {"isolation_level": 2}}, set()),
        ({**POSTGRES, "OPTIONS": {"isolation_level": 3}}, {"W021"}),
        ({**POSTGRES, "OPTIONS": {"isolation_level": SERIALIZABLE}}, {"W021"}),
        ({**POSTGRES, "OPTIONS": {"options": "-c default_transaction_isolation=serializable"}}, {"W021"}),
        ({**POSTGRES, "OPTIONS": {"options": "-c default_transaction_isolation='repeatable read'"}}, {"W021"}),
        ({**POSTGRES, "OPTIONS": {"options": "-c default_transaction_isolation='read committed'"}}, set()),
        ({**POSTGRES, "OPTIONS": {"options": "-c statement_timeout=5000"}}, set()),
    ],
    ids=named,
)
def test_the_database_is_judged_by_its_settings_alone(
    database: dict[str, Any], expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "connections", ConnectionHandler({"default": database}))
    with override_settings(**sojourn(STORE="default")):
        assert ids() - BASE == expected


def test_the_levels_that_are_tested_are_the_driver_s() -> None:
    from django.db.backends.postgresql.psycopg_any import IsolationLevel

    assert (IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE) == (2, 3, 4)


def test_only_the_database_of_the_store_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = ConnectionHandler({"default": {**SQLITE, **ATOMIC}, "sessions": {**SQLITE}})
    monkeypatch.setattr(databases, "connections", handler)
    with override_settings(**sojourn(STORE="default")):
        assert ids() - BASE == {"E023"}
    with override_settings(**sojourn(STORE="sessions")):
        assert ids() - BASE == set()


@pytest.mark.parametrize(
    "address",
    [
        "postgres://site:hunter2@db.example/site",
        "postgres:site:hunter2@db.example/site",
        "redis://site:hunter2@kv.example/site",
        "redis:/site:hunter2@kv.example/0",
        "redis://site:hunter2@kv.example/0",
        "rediss://site:hunter2@kv.example/0?ssl_ca_certs=/no/such.pem",
        "redis+sentinel://kv.example/primary?sentinel_password=hunter2",
    ],
)
def test_an_address_with_a_password_is_not_repeated(address: str) -> None:
    with override_settings(**sojourn(STORE=address)):
        said = " ".join(f"{finding.msg} {finding.hint}" for finding in findings())
    assert said
    assert "hunter2" not in said


def test_what_speaks_to_servers_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "installed", lambda: False)
    with override_settings(**sojourn(STORE="default")):
        assert ids() == BASE
    with override_settings(**sojourn(STORE="redis://localhost")):
        (finding,) = (each for each in findings() if each.id == "sojourn.E025")
    assert "pip install 'sojourn[redis]'" in str(finding.hint)


SITE = """
    from tests.django_site.settings import *
    SESSION_COOKIE_SECURE = True
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_TIMEOUT = 10
    DEFAULT_FROM_EMAIL = "App <no-reply@app.example>"
    SOJOURN = {**SOJOURN, "SITE_URL": "https://app.example", "PASSWORD_RESET_URL": "/reset/"}
"""


def ask_another_process(folder: Path, settings: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with a settings module of its own, so that what it installs stays there."""
    (folder / "own_settings.py").write_text(textwrap.dedent(SITE) + textwrap.dedent(settings))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "own_settings", "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


HEADLESS = "sojourn.contrib.django.allauth."
JWT = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"
STRATEGIES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["E031"]),
    ({"HEADLESS_TOKEN_STRATEGY": "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy"}, ["E031"]),
    ({"HEADLESS_TOKEN_STRATEGY": "no.where"}, ["E031"]),
    ({"HEADLESS_TOKEN_STRATEGY": JWT}, ["E031"]),
    ({"HEADLESS_CLIENTS": ("browser",)}, []),
    ({"HEADLESS_TOKEN_STRATEGY": f"{HEADLESS}SojournSessionTokenStrategy"}, []),
    ({"HEADLESS_TOKEN_STRATEGY": f"{HEADLESS}SojournJWTTokenStrategy"}, ["W031"]),
]
ASK_EACH = f"""
import json, django
django.setup()
from django.core.checks import run_checks
from django.test import override_settings
found = []
for overrides, _ in json.loads({json.dumps(json.dumps(STRATEGIES))}):
    with override_settings(**overrides):
        messages = run_checks(tags=["sojourn"], include_deployment_checks=True)
    found.append([[message.id.removeprefix("sojourn."), message.hint] for message in messages])
print(json.dumps(found))
"""


def test_allauth_s_headless_clients_must_ask_sojourn_about_their_tokens(tmp_path: Path) -> None:
    installed = """
        INSTALLED_APPS += ["allauth", "allauth.account", "allauth.headless"]
        MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
        HEADLESS_ONLY = True
    """
    done = ask_another_process(tmp_path, installed, "-c", ASK_EACH)
    found = json.loads(done.stdout or f'"{done.stderr[-300:]}"')
    assert [[finding[0] for finding in each] for each in found] == [expected for _, expected in STRATEGIES]
    hints = [hint for each in found for _, hint in each]
    assert f"{HEADLESS}SojournSessionTokenStrategy" in hints[0]
    assert f"{HEADLESS}SojournJWTTokenStrategy" in hints[3]


def test_an_allauth_whose_tokens_cannot_be_checked_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: name == "allauth.headless")
    monkeypatch.setitem(sys.modules, "allauth.headless", None)
    assert [finding.id for finding in neighbours.check_headless()] == ["sojourn.E032"]


SOCKETS = """
    from channels.auth import AuthMiddlewareStack
    from channels.routing import ProtocolTypeRouter, URLRouter
    from channels.security.websocket import AllowedHostsOriginValidator
    from django.urls import path

    async def consumer(scope, receive, send): ...

    class Ours:
        def __init__(self, inner): self.inner = inner

    Ours.__module__ = "sojourn.contrib.django.channels"
    routes = URLRouter([path("", consumer)])
"""


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        ('ProtocolTypeRouter({"websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(routes))})', ["W032"]),
        ("URLRouter([path('chat/', AuthMiddlewareStack(routes))])", ["W032"]),
        ('ProtocolTypeRouter({"websocket": AuthMiddlewareStack(Ours(routes))})', []),
        ('ProtocolTypeRouter({"websocket": routes})', []),
        ("consumer", []),
    ],
)
def test_channels_sockets_are_judged_where_they_can_be(tmp_path: Path, application: str, expected: list[str]) -> None:
    (tmp_path / "own_asgi.py").write_text(textwrap.dedent(SOCKETS) + f"application = {application}\n")
    settings = 'INSTALLED_APPS += ["channels"]\nASGI_APPLICATION = "own_asgi.application"\n'
    done = ask_another_process(
        tmp_path, settings, "-m", "django", "check", "--deploy", "--tag", "sojourn", "--fail-level", "WARNING"
    )
    assert re.findall(r"\(sojourn\.(\w+)\)", done.stdout + done.stderr) == expected, done.stderr
    assert done.returncode == bool(expected)


WITHOUT = [name for name in site.INSTALLED_APPS if name != "sojourn.contrib.django"]


@pytest.mark.parametrize("installed", [WITHOUT, [*WITHOUT, "sojourn"]], ids=["left out", "by another name"])
def test_where_the_application_is_not_installed_the_middleware_says_so_before_any_request(installed: list[str]) -> None:
    with override_settings(INSTALLED_APPS=installed), pytest.raises(ImproperlyConfigured) as raised:
        SessionControlMiddleware(lambda request: HttpResponse())
    assert 'Add "sojourn.contrib.django" to INSTALLED_APPS.' in str(raised.value)


def test_where_the_application_is_not_installed_manage_py_check_says_so(tmp_path: Path) -> None:
    done = ask_another_process(tmp_path, f"INSTALLED_APPS = {WITHOUT}", "-m", "django", "check")
    assert done.returncode != 0
    assert done.stderr.rstrip().endswith('Add "sojourn.contrib.django" to INSTALLED_APPS.')


def test_manage_py_refuses_to_go_on_and_says_what_to_write(tmp_path: Path) -> None:
    wrong = """
        SOJOURN = {"INACTIVITY_TIMEOUT": "soon", "limits": []}
        MIDDLEWARE.remove("sojourn.contrib.django.middleware.SessionControlMiddleware")
    """
    for command in (["check"], ["migrate", "--plan"]):
        done = ask_another_process(tmp_path, wrong, "-m", "django", *command)
        assert done.returncode == 1
        assert "SOJOURN['INACTIVITY_TIMEOUT']: 'soon' is not a duration" in done.stderr
        assert 'HINT: Write SOJOURN["INACTIVITY_TIMEOUT"] = "30m"' in done.stderr
        assert "SOJOURN['limits']: There is no such setting." in done.stderr
        assert "HINT: Write LIMITS." in done.stderr
        assert f'HINT: Write "{OURS}" directly after "{USERS}" in MIDDLEWARE.' in done.stderr
        assert "Traceback" not in done.stderr


def test_a_user_model_without_an_address_is_told_that_nobody_will_be_written_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.contrib.auth import get_user_model

    monkeypatch.setattr(get_user_model(), "get_email_field_name", classmethod(lambda _: "fax"))
    assert ids() - BASE == {"W051"}
    with override_settings(**sojourn(NOTICES=SILENT_MAIL)):
        assert ids() <= BASE


class TestTheAdmin:
    """What an admin site lacks; not a fault, so the default site is as it is and the others are told."""

    def test_a_site_without_our_pages_is_told_how_to_have_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from django.contrib import admin

        from sojourn.contrib.django.models import Session

        monkeypatch.delitem(admin.site._registry, Session)
        assert ids() - BASE == {"I050"}
        with override_settings(INSTALLED_APPS=[name for name in site.INSTALLED_APPS if "admin" not in name]):
            assert ids() <= BASE

    def test_a_user_model_of_one_s_own_is_told_how_to_have_the_link(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from django.contrib import admin
        from django.contrib.auth.admin import UserAdmin
        from django.contrib.auth.models import Group

        from sojourn.contrib.django.administration import UserSessionsMixin
        from sojourn.contrib.django.checks import administration

        class OwnAdmin(UserSessionsMixin, UserAdmin):
            """As a site writes it."""

        monkeypatch.setattr(administration, "get_user_model", lambda: Group)  # any model of another name
        assert ids() - BASE == {"I051"}
        monkeypatch.setitem(admin.site._registry, Group, OwnAdmin(Group, admin.site))
        assert ids() <= BASE


def source() -> str:
    return "".join(path.read_text() for path in Path(checks.__file__).parent.glob("*.py"))


def test_every_check_has_a_test_that_makes_it_fire() -> None:
    known = set(re.findall(r'id="sojourn\.(\w+)"', source()))
    tested = set(re.findall(r'"(?:sojourn\.)?([EWI]\d{3})"', Path(__file__).read_text()))
    assert known == tested


@pytest.mark.parametrize("check", [*checks.ALWAYS, *checks.AT_DEPLOYMENT], ids=lambda check: check.__name__)
def test_every_check_is_registered_described_and_may_be_asked_as_django_asks(check: Any) -> None:
    registered = registry.deployment_checks if check in checks.AT_DEPLOYMENT else registry.registered_checks
    assert check in registered
    assert check.tags == (checks.TAG,)
    assert check.__doc__.strip().endswith(".")
    assert isinstance(check(app_configs=apps.get_app_configs(), databases=None), list)


def test_a_sign_in_page_that_is_named_before_there_are_addresses_is_looked_for_too() -> None:
    with override_settings(LOGIN_URL=reverse_lazy("sign_in")):
        assert ids() - BASE == {"E019"}
    with override_settings(LOGIN_URL=reverse_lazy("login")):
        assert ids() == BASE


def test_every_page_is_among_those_whose_template_is_looked_for() -> None:
    templates = Path(checks.__file__).parent.parent / "templates" / "sojourn"
    assert {*PAGES, "base"} == {path.stem for path in templates.glob("[!_]*.html")}


def test_connecting_twice_reports_nothing_twice() -> None:
    checks.connect()
    checks.connect()
    assert sorted(str(finding.id) for finding in findings()) == sorted(f"sojourn.{name}" for name in BASE)


def test_every_finding_says_in_sentences_what_is_wrong_and_what_to_write() -> None:
    for _, overrides in FIRES:
        with override_settings(**overrides):
            for finding in findings():
                assert finding.msg.endswith(".")
                assert finding.hint
                assert finding.hint.endswith(".")
                assert re.match(r"(Write|Add|Set|Leave|Keep|Let|Install|Put) ", finding.hint), finding.hint
                assert "  " not in f"{finding.msg} {finding.hint}"


def test_a_wrong_setting_does_not_keep_the_other_checks_from_being_made() -> None:
    overrides = {**sojourn(RETENTION="soon"), **stack(SESSIONS, USERS), "SESSION_COOKIE_HTTPONLY": False}
    with override_settings(**overrides):
        assert ids() - BASE == {"E001", "E014", "W042"}


def test_the_checks_ask_nothing_of_the_database(django_assert_num_queries: Any, db: None) -> None:
    assert django_settings.SOJOURN == site.SOJOURN
    with django_assert_num_queries(0):
        findings()
