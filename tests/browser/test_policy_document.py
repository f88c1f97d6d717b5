"""What `manage.py sojourn policy` says of the people's site is what people meet there, in Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.browser.conftest import People
from tests.browser.person import IPHONE, LINUX
from tests.browser.server import ROOT, Site


@pytest.fixture(scope="module")
def document(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of the site, from the command line."""
    database = tmp_path_factory.mktemp("policy") / "unused.sqlite3"
    printed = subprocess.run(
        [sys.executable, "-m", "django", "sojourn", "policy", "--json"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.browser.site.settings",
            "SOJOURN_BROWSER_DATABASE": os.fspath(database),
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found: dict[str, Any] = json.loads(printed)
    return found


def limits_of(document: dict[str, Any], group: str) -> list[dict[str, Any]]:
    """The limits that the document says hold this group."""
    return [each for each in document["limits"] if group in each["only_groups"]]


@pytest.mark.parametrize("group", ["refuse", "end_existing", "ask", "ask_of_two", "roomy"])
def test_each_limit_of_the_document_is_met(document: dict[str, Any], site: Site, person: People, group: str) -> None:
    (limit,) = limits_of(document, group)
    user, inside = site.account(group), []
    for _ in range(limit["max_sessions"]):
        inside.append(person(user_agent=LINUX))
        assert inside[-1].sign_in(user).status == 200
    assert all(each.signed_in_as() == user for each in inside)

    newcomer = person(user_agent=IPHONE)
    answer = newcomer.sign_in(user)
    if limit["overflow"] == "refuse":
        assert answer.status == 409
        assert [each.signed_in_as() for each in inside] == [user] * len(inside)
    elif limit["overflow"] == "ask":
        assert newcomer.path == "/sessions/choose/"
        assert [each.signed_in_as() for each in inside] == [user] * len(inside)
    else:
        assert newcomer.signed_in_as() == user
        out = [each.go("/report/").status == 401 for each in inside]
        assert (limit["order"], out) == ("least_recently_used", [True, *[False] * (len(inside) - 1)])


def test_limits_of_one_group_hold_together(document: dict[str, Any], site: Site, person: People) -> None:
    both = {each["overflow"]: each for each in limits_of(document, "one_each")}
    assert both["end_existing"]["counted_apart_by"] == ["device_class"]
    user, computer, phone, another = site.account("one_each"), person(), person(user_agent=IPHONE), person()
    computer.sign_in(user)
    assert phone.sign_in(user).status == 200
    assert computer.signed_in_as() == user, "a phone and a computer are counted apart"
    assert another.sign_in(user).status == 409, "but there is another limit, which refuses"


@pytest.mark.parametrize("kind", ["ordinary", "persistent"])
@pytest.mark.parametrize(("timeout", "column"), [("inactivity_seconds", "last_seen"), ("absolute_seconds", "expires")])
def test_each_timeout_of_the_document_is_met(
    document: dict[str, Any], site: Site, person: People, kind: str, timeout: str, column: str
) -> None:
    minutes = int(document["timeouts"][kind][timeout]) // 60
    for passed, inside in ((minutes - 2, True), (minutes, False)):
        user, somebody = site.account("roomy"), person()
        somebody.sign_in(user, remember=kind == "persistent")
        site.age(user, column, minutes=passed)
        assert (somebody.go("/report/").status == 200) is inside


def test_the_cookie_is_as_the_document_says(document: dict[str, Any], site: Site, person: People) -> None:
    said, somebody = document["django_session"], person()
    somebody.sign_in(site.account("roomy"))
    (cookie,) = [each for each in somebody.context.cookies() if each["name"] == "sessionid"]
    assert cookie["httpOnly"] is said["cookie_httponly"]
    assert cookie["secure"] is said["cookie_secure"]
    assert cookie["sameSite"] == said["cookie_samesite"]
    assert (cookie["expires"] == -1) is said["until_browser_closes"]
