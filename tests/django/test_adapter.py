"""Who a user is to Sojourn: one subject for one account, and never that of another."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models

from sojourn.contrib.django.adapter import Adapter, _keys, adapter
from tests.django.browser import open_sessions

KEY = uuid.UUID("0190d0c4-7f60-7a3e-9a70-3b6f0b0f8a11")
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


class TestReadingSubjectsBackwards:
    """For operators, who look for people and not for subjects."""

    def test_a_user_is_found_by_the_subject_that_they_have(self, ada, bob):
        site = adapter()
        assert site.users_of([site.subject(ada), site.subject(bob)]) == {
            site.subject(ada): ada,
            site.subject(bob): bob,
        }

    def test_a_whole_page_takes_one_query(self, ada, bob, django_assert_num_queries):
        subjects = [adapter().subject(ada), adapter().subject(bob), *(f"auth.user|{key}|1" for key in range(200))]
        with django_assert_num_queries(1):
            adapter().users_of(subjects)

    @pytest.mark.parametrize("text", [str(KEY), KEY.hex, f"{KEY}|1700000000"])
    def test_a_key_that_is_a_uuid_is_one(self, text):
        assert keys_of(models.UUIDField(), text) == {KEY}

    @pytest.mark.parametrize("text", ["a|b", "a|b|1700000000"])
    def test_a_key_that_is_a_text_may_have_any_character_in_it(self, text):
        assert "a|b" in keys_of(models.CharField(max_length=99), text)

    @pytest.mark.parametrize("text", ["", "x", "1e3", "-", "9" * 40])
    def test_what_no_column_of_keys_can_hold_is_not_asked_for(self, text):
        assert keys_of(models.BigIntegerField(), text) == set()


KEY_MODEL = "people.member"


def keys_of(field: models.Field[Any, Any], text: str) -> set[Any]:
    """The keys that a subject of a model with such a primary key may stand for."""
    itself = SimpleNamespace(pk=field, label_lower=KEY_MODEL)
    itself.concrete_model = SimpleNamespace(_meta=itself)
    return _keys([f"{KEY_MODEL}|{text}"], itself)
