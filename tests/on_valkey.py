"""The tests of the Django shell once more, with the site's sessions on a Valkey (or Redis) of this run's own.

`SOJOURN_TEST_STORE=valkey pytest tests/django tests/integrations/test_sites.py` (or `redis`): the packages beside us,
too. The server is emptied before each test. What is about the SQL store itself, or looks into its tables, is left out,
by name and with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services import valkey
from tests.services.availability import NotInstalled, unavailable

LEFT_OUT = {
    "tests/django/test_costs.py": "counts statements of SQL; tests/django/test_redis_costs.py counts commands",
    "tests/django/test_joined.py": "is about the user who is read along with the record, in one statement",
    "tests/django/test_outrun.py": "is about two transactions of one database",
    "tests/django/test_store_down.py": "lets statements fail; tests/django/test_redis_down.py stops the server",
    "tests/django/test_transactions.py": "is about the store's part in the transactions of the request",
    "tests/django/test_uninstall.py": "is about tables",
    "tests/django/test_admin_million.py": "fills the tables behind the store's back",
    "tests/django/test_endings.py::TestCrash::test_there_is_no_record_where_a_transaction_took_it_back": "SQL's alone",
    "tests/django/test_pausing.py::test_it_is_so_on_postgresql": "is about a database",
    "tests/django/test_pausing.py::test_it_is_so_on_mariadb": "is about a database",
    "tests/django/test_privileges.py::TestChanges::test_a_change_that_is_rolled_back_is_none": "SQL's alone: see docs",
    "tests/django/test_privileges.py::test_it_is_so_on_postgresql": "is about a database",
    "tests/django/test_privileges.py::test_it_is_so_on_mariadb": "is about a database",
    "tests/django/test_operations.py::test_so_is_one_without_its_tables": "is about tables",
    "tests/django/test_secrets.py::test_no_column_of_our_tables_holds_one": "is about tables",
    "tests/django/test_secrets.py::test_no_log_line_at_debug_holds_one": "is about the statements that are logged",
    "tests/django/test_delivering.py::test_it_is_given_it_after_the_commit": "SQL's alone: see docs",
    "tests/django/test_signals.py::test_what_a_transaction_takes_back_is_not_heard_of": "SQL's alone: see docs",
    "tests/django/test_telemetry.py::test_an_end_that_is_rolled_back_has_not_happened": "SQL's alone: see docs",
    "tests/django/test_telemetry.py::TestSignIns::test_one_that_the_view_takes_back_is_none": "SQL's alone: see docs",
    "tests/django/test_telemetry.py::TestGauges::test_collecting_in_an_event_loop_gives_the_others_and_says_why": (
        "Django forbids its databases there, and no servers"
    ),
    "tests/django/test_telemetry.py::TestGauges::test_the_connection_is_let_go_as_at_the_end_of_a_request": (
        "is about a connection of Django's"
    ),
    "tests/django/test_telemetry.py::test_each_is_told_once_on_postgresql": "is about a database",
    "tests/django/test_telemetry.py::test_each_is_told_once_on_mariadb": "is about a database",
    "tests/django/test_live.py::TestAsking::test_a_poll_makes_one_look_up_and_writes_nothing": (
        "counts statements of SQL; tests/django/test_redis_costs.py counts its commands"
    ),
    "tests/django/test_doctor.py": "examines a database; tests/django/test_doctor_servers.py examines servers",
    "tests/django/test_doctor_servers.py": "says by itself where the records are",
}
"""Files and tests (`path::Class::name`), and why they say nothing of a store on a server."""


def chosen(item: pytest.Item) -> bool:
    """Whether a test is about this store as well."""
    name = item.nodeid.partition("[")[0]
    return not any(name == each or name.startswith(f"{each}::") for each in LEFT_OUT)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is left out."""
    config.hook.pytest_deselected(items=[item for item in items if not chosen(item)])
    items[:] = [item for item in items if chosen(item)]


@pytest.fixture(scope="session")
def store_server() -> Iterator[valkey.ValkeyServer]:
    """The server that has the sessions of this run."""
    try:
        server = valkey.start(os.environ["SOJOURN_TEST_STORE"])
    except NotInstalled as missing:
        unavailable(str(missing))
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def _sessions_are_there(store_server: valkey.ValkeyServer) -> None:
    """Whatever a test writes into SOJOURN, this is the store, unless it names another one."""
    from django.conf import settings

    from sojourn.contrib.django import settings as ours

    patiently = f"{store_server.url()}?timeout=20&deadline=60"  # for a machine that has much else to do
    settings.SOJOURN["STORE"] = patiently  # in its place, so that who has read the dict already sees it
    read = ours.read
    ours.read = lambda raw: read({"STORE": patiently, **raw} if isinstance(raw, dict) else raw)


@pytest.fixture(autouse=True)
def _emptied(_sessions_are_there: None, store_server: valkey.ValkeyServer) -> Any:
    """No test finds what another one has left."""
    from sojourn.contrib.django.internal import wiring
    from sojourn.contrib.django.settings import current

    store_server.flush()
    current.cache_clear()
    wiring.control.cache_clear()
