"""Asks for every page of the admin over a database full of sessions, and prints what each cost, as JSON.

`SOJOURN_TEST_DATABASE=... python -m tests.django.million SESSIONS`
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any
from urllib.parse import urlencode


def main(sessions: int) -> dict[str, Any]:
    """Fill the database; then the queries and the seconds of each page, by its name."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.django_site.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext, setup_test_environment

    from sojourn.contrib.django.database import DjangoDatabase
    from sojourn.contrib.django.internal.wiring import clock
    from sojourn.testing.populate import Crowd, populate
    from tests.django.administrators import ALL, again, session, staff, url
    from tests.django.browser import PASSWORD

    setup_test_environment()
    call_command("migrate", verbosity=0)
    populate(DjangoDatabase("default"), Crowd(sessions, max(sessions // 3, 1)), now=clock())
    people = User.objects.bulk_create(User(username=f"person-{number}") for number in range(300))
    staff("root", *ALL)
    User.objects.create_user("ada", "ada@example.org", PASSWORD)
    mine = [session(user) for user in people[:60]]
    browser = again("root")

    def page(name: str, key: str = "", **asked: str) -> Any:
        query = f"?{urlencode(asked)}" if asked else ""
        return lambda: browser.get(url(name, key) + query)

    def post(name: str, key: str = "", query: str = "", **answers: Any) -> Any:
        return lambda: browser.post(url(name, key) + query, {"confirmed": "1", "note": "why", **answers})

    first = browser.get(url("changelist"), {"standing": "any"})
    deep = first
    for _ in range(3):
        deep = browser.get(url("changelist") + deep.context["older"])
    crowded = next(row for row in deep.context["rows"] if row.session.subject.startswith("person "))
    pages = {
        "the list": page("changelist"),
        "the list, ended ones too": page("changelist", standing="any"),
        "the list, ended ones": page("changelist", standing="over"),
        "a page further down": lambda: browser.get(url("changelist") + first.context["older"]),
        "and up again": lambda: browser.get(url("changelist") + deep.context["newer"]),
        "by many users": page("changelist", user="person-"),
        "by one user": page("changelist", user="person-7", standing="any"),
        "by nobody": page("changelist", user="nobody at all"),
        "by device": page("changelist", device="linux"),
        "by a device that nobody has": page("changelist", device="lynx"),
        "by kind of device": page("changelist", device_class="tablet", standing="any"),
        "by address": page("changelist", address="10.17."),
        "by application": page("changelist", client="app"),
        "by reason": page("changelist", reason="operator"),
        "by time": page("changelist", since="2001-01-01T00:00", before="2001-01-02T00:00"),
        "by everything": page("changelist", user="person-", device="fire", address="10.", client="web", standing="any"),
        "one session": page("change", crowded.sid),
        "one user": page("subject", mine[0].subject),
        "the dashboard": page("dashboard"),
        "ending one, asked": page("end", mine[0].sid),
        "ending one": post("end", mine[0].sid),
        "ending all of a user": post("end_subject", mine[1].subject),
        "ending fifty, asked": lambda: browser.post(url("end_selected"), {"sid": [each.sid for each in mine[2:52]]}),
        "ending what a search finds, asked": page("end_matching", device="linux"),
        "pausing": post("pause", mine[1].subject),
        "resuming": post("resume", mine[1].subject),
        "ending all, asked": page("end_all"),
    }
    cost = {}
    for name, ask in pages.items():
        begun = time.perf_counter()
        with CaptureQueriesContext(connection) as queries:
            response = ask()
        assert response.status_code in {200, 302}, (name, response.status_code)
        cost[name] = {"queries": len(queries), "seconds": round(time.perf_counter() - begun, 2)}
    return cost


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
