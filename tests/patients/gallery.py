"""The gallery: real applications, each with what is really wrong with it, so that what the probe says can be judged.

`weak` is what its source shows to be there, however little or much it matters: a check that says anything else of the
application is a miss or a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from tests.patients.django_logins import COPIED, LOGINS, django_logins
from tests.patients.express_form import express_form
from tests.patients.flask_form import flask_form
from tests.patients.limited import Limited
from tests.patients.plain import PASSWORD, USER, Plain
from tests.patients.serving import Site, serving
from tests.patients.sojourn_demo import sojourn_demo
from tests.patients.starlette_form import starlette_form


@dataclass(frozen=True)
class Patient:
    """One application, as an operator would have it audited."""

    profile: Callable[[], AbstractContextManager[Profile]]
    """Serves it; what the operator says of it: where it is and who signs in, and nothing that can be found."""
    weak: frozenset[str]
    """The checks whose weakness it has."""
    limit: str = ""
    """What the probe must say of its limit."""
    either: frozenset[str] = frozenset()
    """Checks whose answer depends on the moment: they are not counted."""


@contextmanager
def _served(serve: Callable[[], AbstractContextManager[Site]], login: str = "") -> Iterator[Profile]:
    with serve() as site:
        hosts, beside = frozenset({"localhost"}), {"transport": {"http": site.http}}
        yield Profile(site.url, Account(USER, Secret(PASSWORD)), login=login, hosts=hosts, ca=site.ca, extra=beside)


@contextmanager
def _demo(overflow: str) -> Iterator[Profile]:
    with sojourn_demo(overflow) as (site, account):
        yield Profile(site.url, account)


def _django(login: str) -> Callable[[], AbstractContextManager[Profile]]:
    return partial(_served, django_logins, login)


def _plain(illness: str = "", *, jwt: bool = False) -> Callable[[], AbstractContextManager[Profile]]:
    return partial(_served, partial(serving, Plain(illness, jwt=jwt)))


NO_TLS = {"plain-http", "cookie-secure", "hsts"}
"""A matter of where an application is put: it answers without TLS as it does with it."""
NO_LIMIT = {"session-limit", "session-list"}
KEEPS = {"cookie-lifetime"}
"""A cookie that is kept for two weeks, as Django's is unless a setting says otherwise."""
DJANGO = {*NO_TLS, *NO_LIMIT, *KEEPS, "caches", "clear-site-data", "cookie-prefix"}
LINK = {"logout-by-get", "logout-message", "login-csrf"}
"""A way out that is a link and says nothing, and a form to sign in with that has no token, as in many a tutorial."""
IN_THE_COOKIE = {"logout-replay", "token-content", "sign-in-again-renews"}
"""A session that is the cookie: it cannot be ended, and says who one is."""
BY_THE_SECOND = frozenset({"token-unpredictable"})
"""Such a session is the same for all who begin in one second: an audit on a slow machine may see no two of them."""
UNLIMITED = "all of them stayed signed in"

GALLERY = {
    "a dict of sessions": Patient(_plain(), frozenset(NO_LIMIT), UNLIMITED),
    "a dict of sessions, with a limit": Patient(
        partial(_served, partial(serving, Limited("end_existing"))),
        frozenset({"hsts", "plain-http", "clear-site-data"}),
        "2 at once",
    ),
    "Django's LoginView": Patient(
        _django(LOGINS["LoginView"]), frozenset({*DJANGO, "sign-in-again-renews"}), UNLIMITED
    ),
    "Django's admin": Patient(_django(LOGINS["admin"]), frozenset(DJANGO), UNLIMITED),
    "allauth": Patient(_django(LOGINS["allauth"]), frozenset(DJANGO - KEEPS), UNLIMITED),
    "Django with the copied check": Patient(_django(COPIED), frozenset({*DJANGO, "sign-in-again-renews"}), UNLIMITED),
    "Sojourn, refuse": Patient(partial(_demo, "refuse"), frozenset(KEEPS), "1 at once; one more is refused"),
    "Sojourn, end_existing": Patient(
        partial(_demo, "end_existing"), frozenset(KEEPS), "1 at once; one more ends the only other one"
    ),
    "Sojourn, ask": Patient(partial(_demo, "ask"), frozenset(KEEPS), "1 at once; whoever signs in then is asked"),
    "Flask": Patient(
        partial(_served, flask_form),
        frozenset(
            {*NO_TLS, *NO_LIMIT, *LINK, *IN_THE_COOKIE, "caches", "clear-site-data", "cookie-prefix", "cookie-samesite"}
        ),
        UNLIMITED,
        BY_THE_SECOND,
    ),
    "Flask, sessions on the server": Patient(
        partial(_served, partial(flask_form, on_the_server=True)),
        frozenset({*NO_TLS, *NO_LIMIT, *LINK, "caches", "clear-site-data", "cookie-prefix", "cookie-samesite"}),
        UNLIMITED,
    ),
    "Starlette": Patient(
        partial(_served, starlette_form),
        frozenset({*NO_LIMIT, *KEEPS, *IN_THE_COOKIE, "caches", "login-csrf", "logout-csrf"}),
        UNLIMITED,
        BY_THE_SECOND,
    ),
    "Starlette, sessions on the server": Patient(
        partial(_served, partial(starlette_form, on_the_server=True)),
        frozenset({*NO_LIMIT, *KEEPS, "caches", "login-csrf", "logout-csrf"}),
        UNLIMITED,
    ),
    "Express": Patient(
        partial(_served, express_form),
        frozenset({*NO_LIMIT, *LINK, "caches", "cookie-samesite", "logout-cookie"}),
        UNLIMITED,
    ),
    "JSON Web Tokens": Patient(_plain(jwt=True), frozenset(NO_LIMIT), UNLIMITED),
    "JSON Web Tokens, alg none": Patient(_plain("jwt-none"), frozenset({*NO_LIMIT, "token-signature"}), UNLIMITED),
    "JSON Web Tokens, a weak key": Patient(
        _plain("jwt-weak-key"), frozenset({*NO_LIMIT, "token-signature"}), UNLIMITED
    ),
}
