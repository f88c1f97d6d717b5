"""The shop's tests, as they were before Sojourn was installed. They know nothing of it."""

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user, login
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client, TestCase
from urls import orders

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def ann(db):
    return User.objects.create_user("ann", password="pw")


def test_force_login(client, ann):
    client.force_login(ann)
    assert b"orders of ann" in client.get("/orders/").content


def test_force_login_twice(client, ann):
    client.force_login(ann)
    client.force_login(ann)
    assert client.get("/orders/").status_code == 200


def test_login_and_logout(client, ann):
    assert client.login(username="ann", password="pw")
    assert client.get("/orders/").status_code == 200
    client.logout()
    assert client.get("/orders/").status_code == 302


def test_wrong_password(client, ann):
    assert not client.login(username="ann", password="no")


def test_two_clients_of_one_user(ann):
    phone, computer = Client(), Client()
    phone.force_login(ann)
    computer.force_login(ann)
    assert phone.get("/orders/").status_code == 200
    assert computer.get("/orders/").status_code == 200


def test_queries_of_the_public_page(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/")


def test_queries_of_the_orders(client, ann, django_assert_num_queries):
    client.force_login(ann)
    with django_assert_num_queries(2):  # the session, the user
        client.get("/orders/")


def test_a_session_made_by_hand(client, ann):
    session = SessionStore()
    session[SESSION_KEY] = str(ann.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = ann.get_session_auth_hash()
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert b"orders of ann" in client.get("/orders/").content


def test_what_is_put_into_the_session(client, ann):
    client.force_login(ann)
    session = client.session
    session["cart"] = "a book"
    session.save()
    assert b"a book in the cart" in client.get("/orders/").content


def test_a_view_alone(rf, ann):
    request = rf.get("/orders/")
    request.user, request.session = ann, {}
    assert orders(request).status_code == 200


def test_login_alone(rf, ann):
    request = rf.post("/")
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    login(request, ann, BACKEND)
    assert get_user(request) == ann
    assert set(request.session.keys()) == {SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY}


def test_the_admin(admin_client):
    assert admin_client.get("/admin/").status_code == 200


def test_a_user_is_deactivated(client, ann):
    client.force_login(ann)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert client.get("/orders/").status_code == 302
    User.objects.filter(pk=ann.pk).update(is_active=True)
    assert client.get("/orders/").status_code == 200


async def test_async(async_client, transactional_db):
    ann = await User.objects.acreate_user("ann")
    await async_client.aforce_login(ann)
    assert (await async_client.get("/orders/")).status_code == 200


class JoinTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.bob = User.objects.create_user("bob")

    def setUp(self):
        self.client.force_login(self.bob)

    def test_joining_signs_in(self):
        self.client.post("/join/", {"name": "carl"})
        self.assertContains(self.client.get("/orders/"), "orders of carl")

    def test_queries_of_joining(self):
        client = Client()
        with self.assertNumQueries(9):
            client.post("/join/", {"name": "carl"})
