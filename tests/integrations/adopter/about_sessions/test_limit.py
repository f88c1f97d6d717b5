"""The shop's tests of its limit, written when Sojourn was installed."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client

from sojourn.contrib.django.testing import MINUTE, session_control


@pytest.fixture
def ann(db):
    return User.objects.create_user("ann", password="pw")


def sign_in():
    client = Client()
    return client, client.post("/admin/login/", {"username": "boss", "password": "pw"})


def test_one_session_at_a_time(db):
    User.objects.create_superuser("boss", password="pw")
    with session_control():
        first, answer = sign_in()
        assert answer.status_code == 302
        second, answer = sign_in()
        assert answer.status_code == 409
        assert first.get("/orders/").status_code == 200
        assert second.get("/orders/").status_code == 302


def test_idle_for_half_an_hour(client, ann):
    with session_control() as clock:
        client.force_login(ann)
        clock.advance(29 * MINUTE)
        assert client.get("/orders/").status_code == 200
        clock.advance(30 * MINUTE)
        assert client.get("/orders/").status_code == 401


@session_control(LIMITS=[{"max_sessions": 1, "overflow": "end_existing"}])
def test_another_limit(ann):
    phone, computer = Client(), Client()
    phone.force_login(ann)
    computer.force_login(ann)
    assert phone.get("/orders/").status_code == 401
    assert computer.get("/orders/").status_code == 200


def test_force_login_is_a_sign_in_like_any_other(ann):
    with session_control():
        Client().force_login(ann)
        with pytest.raises(PermissionDenied):
            Client().force_login(ann)


def test_after_that_it_is_off_again(client, ann):
    with session_control():
        Client().force_login(ann)
    client.force_login(ann)
    assert client.get("/orders/").status_code == 200
