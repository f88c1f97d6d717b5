"""Who a user is to Sojourn: one subject for one account, and never that of another."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models

from sojourn.contrib.django.adapter import Adapter, adapter
from tests.django.browser import open_sessions

pytestmark = pytest.mark.django_db


class Polite(Adapter):
    """An adapter of a site's own."""

    def place(self, address: str) -> str:
        return "by the sea"

    def client(self, request: Any) -> str:
        return "the shop"


def by_mail(user: Any) -> str:
    """A subject of a site's own."""
    return f"mail:{user.email}"


def stand_in(key: Any, field: models.Field[Any, Any]) -> Any:
    """As much of a user with another kind of key as a subject is made from."""
    meta = SimpleNamespace(pk=field, label_lower="accounts.user")
    meta.concrete_model = SimpleNamespace(_meta=meta)
    return SimpleNamespace(pk=key, _meta=meta)


def test_however_a_key_is_written_the_subject_is_one():
    key = uuid.uuid4()
    found = {adapter().subject(stand_in(written, models.UUIDField())) for written in (key, str(key), key.hex)}
    assert found == {f"accounts.user|{key}"}


def test_a_number_as_text_is_the_same_number():
    found = {adapter().subject(stand_in(written, models.BigAutoField())) for written in (7, "7", "07")}
    assert found == {"accounts.user|7"}


def test_a_subject_that_would_be_too_long_is_a_digest_and_no_other_users():
    field = models.CharField(max_length=500)
    one, other = (adapter().subject(stand_in("é" * 200 + end, field)) for end in "ab")
    assert len(one) == len(other) == 64
    assert one != other


def test_a_user_loaded_again_is_the_same_subject(ada):
    assert adapter().subject(ada) == adapter().subject(User.objects.get())


def test_the_next_user_with_the_same_key_is_another_subject(ada):
    before = adapter().subject(ada)
    ada.date_joined = ada.date_joined.replace(year=ada.date_joined.year + 1)
    assert adapter().subject(ada) != before


def test_a_site_may_name_subjects_itself(sojourn, first):
    sojourn(SUBJECT="tests.django.test_adapter.by_mail")
    first.sign_in()
    assert first.who() == "ada"
    assert open_sessions()[0].subject == "mail:ada@example.org"


def test_a_site_may_answer_our_questions_itself(sojourn, first):
    sojourn(ADAPTER="tests.django.test_adapter.Polite")
    first.sign_in()
    (session,) = open_sessions()
    assert (session.place, session.client) == ("by the sea", "the shop")
    assert "by the sea" in first.get("/sessions/").content.decode()


def test_limits_can_count_each_application_apart(sojourn, first, second):
    sojourn(CLIENT="shop", LIMITS=[{"max_sessions": 1, "overflow": "refuse", "scope": ["client"]}])
    first.sign_in()
    assert second.sign_in().status_code == 409
    sojourn(CLIENT="library", LIMITS=[{"max_sessions": 1, "overflow": "refuse", "scope": ["client"]}])
    assert second.sign_in().status_code == 302
    assert len(open_sessions()) == 2
