"""Uninstalling, as docs/howto/uninstall.md says: the tables go, the application goes, and people still sign in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SITE = """
import json, sys
from django.conf import settings
if {without}:
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if "sojourn" not in name]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "sojourn" not in name]
    settings.ROOT_URLCONF = "addresses"
    del settings.SOJOURN
import django
django.setup()
if {without}:
    import types
    from django.contrib.auth.views import LoginView
    from django.urls import path
    from django.http import JsonResponse
    addresses = sys.modules["addresses"] = types.ModuleType("addresses")
    whoami = lambda request: JsonResponse({{"user": request.user.get_username()}})
    addresses.urlpatterns = [path("login/", LoginView.as_view()), path("whoami/", whoami)]
from django.core.management import call_command
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
said = {{}}
{story}
said["sojourn"] = sorted(name for name in sys.modules if name.startswith("sojourn"))
said["tables"] = [name for name in connection.introspection.table_names() if name.startswith("sojourn")]
print(json.dumps(said))
"""


def tell(database: Path, story: str, *, without: bool = False) -> dict[str, Any]:
    """Run a story on the test site in a process of its own, with Sojourn or without; what it said."""
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}
    done = subprocess.run(
        [sys.executable, "-c", SITE.format(without=without, story=story)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.django_site.settings",
            "SOJOURN_TEST_DATABASE": json.dumps(entry),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


SIGN_IN = """
browser = Client()
said["status"] = browser.post("/login/", {"username": "ada", "password": "correct horse"}).status_code
said["cookie"] = browser.cookies["sessionid"].value
said["who"] = browser.get("/whoami/").json()["user"]
"""


@pytest.fixture
def installed(tmp_path: Path) -> tuple[Path, str]:
    """A site with Sojourn on which Ada is signed in: its database, and her session cookie."""
    story = (
        'call_command("migrate", verbosity=0)\nUser.objects.create_user("ada", password="correct horse")\n' + SIGN_IN
    )
    said = tell(tmp_path / "site.sqlite3", story)
    assert said["who"] == "ada"
    assert "sojourn_session" in said["tables"]
    return tmp_path / "site.sqlite3", said["cookie"]


def test_its_tables_go_and_leave_nothing(installed: tuple[Path, str]) -> None:
    said = tell(
        installed[0],
        'call_command("migrate", "sojourn", "zero", verbosity=0)\n'
        "from django.db.migrations.recorder import MigrationRecorder\n"
        'said["recorded"] = MigrationRecorder.Migration.objects.filter(app="sojourn").count()\n',
    )
    assert (said["tables"], said["recorded"]) == ([], 0)


@pytest.mark.parametrize("tables", ["kept", "dropped"])
def test_without_it_people_sign_in_and_stay_signed_in(installed: tuple[Path, str], tables: str) -> None:
    database, cookie = installed
    if tables == "dropped":
        tell(database, 'call_command("migrate", "sojourn", "zero", verbosity=0)\n')
    still = f'before = Client()\nbefore.cookies["sessionid"] = "{cookie}"\n'
    said = tell(
        database,
        SIGN_IN + still + 'said["still"] = before.get("/whoami/").json()["user"]\n'
        'said["problems"] = call_command("check") or ""\n',
        without=True,
    )
    assert (said["status"], said["who"], said["still"]) == (302, "ada", "ada")
    assert said["sojourn"] == []


def test_it_can_be_installed_again(installed: tuple[Path, str]) -> None:
    database, _ = installed
    again = 'call_command("migrate", "sojourn", "zero", verbosity=0)\ncall_command("migrate", verbosity=0)\n' + SIGN_IN
    assert tell(database, again)["who"] == "ada"
