"""The store has done it, and its replicas have not confirmed it: who signs in is in, who ends something is told."""

from __future__ import annotations

import pytest

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason
from sojourn.stores.wrappers import FaultyStore
from tests.django.browser import JSON, reasons, sids

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def faulty(ada, monkeypatch: pytest.MonkeyPatch) -> FaultyStore:
    """The site's store, which confirms nothing when it is told so."""
    watched = control().store
    made = FaultyStore(watched.store)
    monkeypatch.setattr(watched, "store", made)
    return made


def test_who_signs_in_is_signed_in(first, faulty):
    faulty.fail_to_confirm("transact")
    assert first.sign_in().status_code == 302
    assert first.who() == "ada"


def test_who_signs_out_is_out_and_told_that_it_may_be_undone(first, faulty):
    first.sign_in()
    faulty.fail_to_confirm("transact")
    response = first.post("/logout/")
    assert response.status_code == 503
    assert "<h1>This browser is signed out</h1>" in response.content.decode()
    assert "may be listed as open again" in response.content.decode()
    assert response.wsgi_request.sojourn is None
    assert first.who() == ""
    assert reasons() == [EndReason.LOGOUT]


def test_who_ends_another_session_is_told_and_may_do_it_again(first, second, faulty):
    second.sign_in()
    (other,) = sids()
    first.sign_in()
    faulty.fail_to_confirm("transact")
    response = first.post(f"/sessions/end/{other}/")
    assert response.status_code == 503
    assert "<h1>Done, but not confirmed yet</h1>" in response.content.decode()
    assert "doing it twice harms nothing" in response.content.decode()
    assert 'href="/sessions/">Your sessions</a>' in response.content.decode()
    assert first.post(f"/sessions/end/{other}/").status_code == 302
    assert second.who() == ""


def test_a_program_is_told_in_problem_details(first, faulty):
    first.sign_in()
    faulty.fail_to_confirm("transact")
    response = first.post("/logout/", headers=JSON)
    assert response.status_code == 503
    assert response.json()["type"] == "urn:sojourn:problem:not-confirmed"
    assert response.json()["code"] == "store-unconfirmed"
