"""Where the site is loaded before its workers are forked, none of them has a connection of another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.running import GUNICORN, prepared, running
from tests.services.database import DatabaseServer


@pytest.mark.postgres
def test_no_worker_reads_on_the_connection_by_which_the_loading_site_began_a_session(
    postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    database = prepared({**postgres_server.new_database(), "CONN_MAX_AGE": None})
    one_request_each = f"{GUNICORN} --preload --max-requests 1 tests.servers.site:wsgi"
    with running(one_request_each, tmp_path, database, SOJOURN_TEST_EARLY="1") as server:
        first, second = server.here(), server.here()
    assert first["process"] != second["process"]
    assert first["backend"] != second["backend"]
