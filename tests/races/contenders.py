"""What one process of a race does: it is a whole worker of the site, with the browser of one person in front of it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from sojourn.testing.races import Contend
from tests.races import site, without
from tests.races.browser import Application, Browser, Page

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/{number}.0"


class Failures:
    """The exceptions behind a site's answers with status 500."""

    def __init__(self) -> None:
        from django.core.signals import got_request_exception

        self._seen: list[str] = []
        got_request_exception.connect(self._note, weak=False)

    def _note(self, **_: object) -> None:
        error = sys.exc_info()[1]
        self._seen.append(f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"[:160])

    def take(self) -> list[str]:
        """Those since the last call."""
        seen, self._seen = self._seen, []
        return seen


def sign_in_page(application: Application, number: int) -> tuple[Browser, Page]:
    """A browser that has never been here, in front of the sign-in page."""
    browser = Browser(application, AGENT.format(number=100 + number))
    return browser, browser.get("/login/")


def send_password(browser: Browser, page: Page, user: str) -> Page:
    """Send the sign-in form."""
    return browser.post(
        "/login/", {"username": user, "password": site.PASSWORD, "csrfmiddlewaretoken": page.form_token}
    )


def sign_in(
    number: int,
    database: Mapping[str, Any],
    store: str,
    plan: Sequence[Mapping[str, Any]],
    taken_out: Sequence[str] = (),
) -> tuple[Contend, ...]:
    """Sign in at the real login view; if asked, choose the one open session; then look who is signed in.

    The phases of a burst: the sign-in page, the sign-in, the page with the choice, the choice, the public page that
    says who is signed in. Each returns its status (None if there was nothing to do); the last adds who it was, and
    the exceptions behind any status of 500.
    """
    application = site.serve(database, store)
    without.take_out(taken_out)
    failures = Failures()
    browser, page = sign_in_page(application, number)
    chosen = ""

    def open_page(burst: int) -> int:
        nonlocal browser, page
        site.configure(plan[burst]["overflow"], atomic=plan[burst]["atomic"])
        browser, page = sign_in_page(application, number)
        return page.status

    def send(burst: int) -> int:
        nonlocal page
        page = send_password(browser, page, plan[burst]["user"])
        return page.status

    def open_choice(burst: int) -> int | None:
        nonlocal page, chosen
        chosen = ""
        if page.status != 303:
            return None
        page = browser.get(page.headers["location"])
        chosen = page.choices[0] if page.choices else ""
        return page.status

    def choose(burst: int) -> int | None:
        nonlocal page
        if not chosen:
            return None
        page = browser.post("/sessions/choose/", {"end": chosen, "csrfmiddlewaretoken": page.form_token})
        return page.status

    def look(burst: int) -> tuple[int, str, list[str]]:
        found = browser.get("/whoami/")
        return found.status, json.loads(found.text)["user"] if found.status == 200 else "", failures.take()

    return open_page, send, open_choice, choose, look


def storm(
    number: int, database: Mapping[str, Any], store: str, users: Sequence[str], taken_out: Sequence[str] = ()
) -> tuple[Contend, ...]:
    """Even numbers sign users in; odd ones save the same users, with a new password's hash or as they are.

    All under ATOMIC_REQUESTS, or in a transaction like it. Returns a status, or the name of what was raised.
    """
    application = site.serve(database, store)
    without.take_out(taken_out)
    site.configure("end_existing", atomic=True)
    failures = Failures()
    browser, page = sign_in_page(application, number)

    def open_page(burst: int) -> None:
        nonlocal browser, page
        if number % 2 == 0:
            browser, page = sign_in_page(application, number)

    def act(burst: int) -> tuple[str, list[str]]:
        user = users[burst % len(users)]
        if number % 2 == 0:
            return str(send_password(browser, page, user).status), failures.take()
        return _save(user, new_password=number % 4 == 1), []

    return open_page, act


def _save(name: str, *, new_password: bool) -> str:
    from django.contrib.auth.models import User
    from django.db import transaction

    try:
        with transaction.atomic():
            user = User.objects.get(username=name)
            if new_password:
                user.set_password(site.PASSWORD)  # the same one under another salt: another hash, as after a change
            user.save()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:120]}"
    return "saved"


def die(
    number: int, database: Mapping[str, Any], store: str, user: str, overflow: str, after: str, atomic: bool
) -> Contend:
    """Sign in, and be killed (SIGKILL) inside the transaction, as soon as a statement that begins with `after` is done.

    Whoever is killed cannot clean up: no rollback is sent, no connection is closed by this process.
    """
    application = site.serve(database, store)
    site.configure(overflow, atomic=atomic)
    from sojourn.contrib.django.database import DjangoDatabase

    execute = DjangoDatabase.execute

    def execute_and_die(self: DjangoDatabase, sql: str, params: Sequence[Any] = ()) -> int:
        matched = execute(self, sql, params)
        if sql.startswith(after):
            assert self.in_transaction
            os.kill(os.getpid(), signal.SIGKILL)
        return matched

    DjangoDatabase.execute = execute_and_die  # type: ignore[method-assign]
    browser, page = sign_in_page(application, number)
    return lambda burst: send_password(browser, page, user).status
