"""The databases and the browser that other tests rely on: they start, other processes can use them, and they end."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services import postgres
from tests.services.availability import NotInstalled, unavailable
from tests.services.database import DatabaseServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ANOTHER_PROCESS = """
import json, sys
from django.conf import settings
settings.configure(DATABASES={"default": json.loads(sys.argv[1])})
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
    print(connection.vendor, *cursor.fetchone())
"""


def answer_of(server: DatabaseServer) -> str:
    command = [sys.executable, "-c", ANOTHER_PROCESS, json.dumps(server.new_database())]
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


@pytest.mark.postgres
def test_django_in_another_process_reaches_a_fresh_postgresql_database(postgres_server: DatabaseServer) -> None:
    assert answer_of(postgres_server) == "postgresql 1\n"


@pytest.mark.mariadb
def test_django_in_another_process_reaches_a_fresh_mariadb_database(mariadb_server: DatabaseServer) -> None:
    assert answer_of(mariadb_server) == "mysql 1\n"


@pytest.mark.postgres
def test_a_stopped_server_listens_no_more_and_leaves_no_files() -> None:
    try:
        server = postgres.start(durable=True)
    except NotInstalled as missing:
        unavailable(str(missing))
    files = server.files
    assert files.is_dir()
    server.stop()
    server.stop()
    assert not files.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)


@pytest.mark.browser
def test_chromium_takes_a_picture(chromium_browser: Browser, tmp_path: Path) -> None:
    person = chromium_browser.new_context(viewport={"width": 390, "height": 700})
    page = person.new_page()
    page.set_content("<!doctype html><title>Sojourn</title><h1>Sojourn</h1>")
    page.screenshot(path=tmp_path / "page.png")
    person.close()
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_a_missing_server_skips_on_a_laptop_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOJOURN_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no server"):
        unavailable("no server")
    monkeypatch.setenv("SOJOURN_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="no server"):
        unavailable("no server")


@pytest.mark.postgres
def test_no_password_of_a_server_is_printed(postgres_server: DatabaseServer) -> None:
    assert postgres_server.password not in repr(postgres_server)
