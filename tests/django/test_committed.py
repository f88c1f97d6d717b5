"""Where transactions do not reach the sessions, what a change of the user ends is ended once it is committed, too."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from sojourn import Admitted, Arrival
from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from sojourn.stores.redis.sync import RedisStore
from tests.django.browser import PASSWORD, Browser, sids

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.redis, pytest.mark.usefixtures("no_limit")]


@pytest.fixture(autouse=True)
def _sessions_are_there(valkey_server: Any, no_limit: None, sojourn: Any) -> None:
    valkey_server.flush()
    sojourn(STORE=valkey_server.url())


def before_the_change(username: str = "ada") -> Arrival:
    """A sign-in of somebody who has proved who they are, by what is committed now."""
    user = User.objects.get(username=username)
    return Arrival(adapter().subject(user), credentials=adapter().credentials(user))


def carried_out(arrival: Arrival) -> str:
    """The session of that sign-in; its id."""
    outcome = control().start(arrival)
    assert isinstance(outcome, Admitted)
    return outcome.session.sid


def why(sid: str) -> EndReason | None:
    found = control().store.find(sid)
    assert found is not None
    return found.end_reason


def changed(user: User, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda user: (user.set_password("another 1"), user.save()), EndReason.CREDENTIAL_CHANGED),
        (lambda user: changed(user, is_active=False), EndReason.DEACTIVATED),
        (lambda user: user.delete(), EndReason.DELETED),
    ],
    ids=["another password", "deactivated", "deleted"],
)
def test_a_sign_in_between_a_change_and_its_commit_ends_with_the_commit(ada, first, change, reason):
    first.sign_in()
    (earlier,) = sids()
    arrival = before_the_change()
    with transaction.atomic():
        change(ada)
        assert why(earlier) is reason  # at once
        between = carried_out(arrival)
        assert why(between) is None
    assert why(between) is reason


def test_a_change_that_is_rolled_back_ends_nothing_more(ada, first):
    arrival = before_the_change()
    with transaction.atomic():
        ada.set_password("another 1")
        ada.save()
        between = carried_out(arrival)
        transaction.set_rollback(True)
    assert why(between) is None
    first.sign_in()
    assert first.who() == "ada"


def test_a_part_that_is_rolled_back_ends_nothing_more_either(ada):
    arrival = before_the_change()
    with transaction.atomic():
        with transaction.atomic():
            ada.set_password("another 1")
            ada.save()
            transaction.set_rollback(True)
        between = carried_out(arrival)
    assert why(between) is None


def test_what_counts_is_how_the_user_is_in_the_end(ada):
    with transaction.atomic():
        changed(ada, is_active=False)
        changed(ada, is_active=True)
        ada.set_password("another 1")
        ada.save()
        ada.set_password("another 2")
        ada.save()
        with_the_last = carried_out(before_the_change())
    assert why(with_the_last) is None


@pytest.mark.usefixtures("atomic_requests")
def test_who_changes_their_own_password_goes_on_and_everybody_else_is_out(first, second):
    first.sign_in()
    second.sign_in()
    form = {"old_password": PASSWORD, "new_password1": "Coffee at noon.", "new_password2": "Coffee at noon."}
    assert first.post("/password/", form).status_code == 302
    assert (first.who(), second.who()) == ("ada", "")
    newcomer = Browser()
    newcomer.sign_in(password="Coffee at noon.")
    assert newcomer.who() == "ada"


def test_a_store_that_is_gone_by_then_fails_nobody_and_is_logged(ada, monkeypatch, caplog):
    def gone(*_: Any, **__: Any) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as later, transaction.atomic():
        ada.set_password("another 1")
        ada.save()
        later.setattr(RedisStore, "transact", gone)
    assert User.objects.get(username="ada").check_password("another 1")
    assert "StoreUnavailable" in caplog.text


def test_a_change_outside_of_a_transaction_is_looked_at_once(ada, first, valkey_server):
    first.sign_in()
    valkey_server.reset_stats()
    ada.set_password("another 1")
    ada.save()
    assert valkey_server.command_stats()["evalsha"] == 2  # read the roster, commit the ends


def test_in_the_database_of_the_users_nothing_is_done_twice(ada, first, sojourn):
    sojourn(STORE="default")
    first.sign_in()
    with transaction.atomic():
        ada.set_password("another 1")
        ada.save()
        ada.delete()
        assert not [call for _, call, robust in connection.run_on_commit if robust]


def test_while_a_site_moves_to_servers_it_is_looked_at_again(ada, sojourn, valkey_server):
    sojourn(STORE="default", MOVE_TO=valkey_server.url())
    with transaction.atomic():
        ada.set_password("another 1")
        ada.save()
        assert [call for _, call, robust in connection.run_on_commit if robust]
