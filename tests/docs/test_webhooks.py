"""The page about webhooks: its receiver accepts what its settings send, and what it says is so."""

from __future__ import annotations

import json
import types
from typing import Any

import pytest
from django.core.cache import cache
from django.core.checks import run_checks
from django.test import Client
from django.urls import path
from jsonschema import Draft202012Validator

from sojourn.contrib.django.settings import read
from sojourn.contrib.django.webhooks import _PARSERS
from sojourn.control import system_clock
from sojourn.core.events import SessionEnded, SessionStarted, payload
from sojourn.core.records import EndReason
from sojourn.notify import posting, schema, webhook
from sojourn.notify.signature import new_secret
from sojourn.notify.sinks import DeliveryFailed, Message
from sojourn.notify.webhook import WebhookSink
from sojourn.testing.clock import START
from sojourn.testing.samples import ended, full_session
from tests.docs.markdown import DOCS, Page

PAGE = Page(DOCS / "howto" / "webhooks.md")
SECRET = new_secret()
STARTED = SessionStarted(subject="ann", at=START, session=full_session("a"))
MESSAGE = Message(STARTED.id, "ann", (payload(STARTED),))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page's settings and its receiver define."""
    monkeypatch.setenv("CRM_WEBHOOK_SECRET", SECRET)
    found: dict[str, Any] = {"__name__": "page"}
    for block in [block for block in PAGE.blocks if block.language == "python"][:2]:
        exec(compile(block.code, PAGE.name, "exec", dont_inherit=True), found)
    return found


@pytest.fixture
def receiver(names: dict[str, Any], settings: Any) -> Any:
    """The page's receiver, at the address in the page's settings."""
    urls = types.ModuleType("hooks_urls")
    urls.urlpatterns = [path("hooks/sessions/", names["sessions_hook"])]  # type: ignore[attr-defined]  # made here
    settings.ROOT_URLCONF = urls
    cache.clear()
    yield names
    cache.clear()


def sink(names: dict[str, Any], live_server: Any, **given: Any) -> WebhookSink:
    """The webhook of the page's settings, with its receiver on this machine."""
    url = f"{live_server.url}/hooks/sessions/"
    (entry,) = names["SOJOURN"]["WEBHOOKS"]
    entry = {**entry, "url": url, "allow_internal": "localhost"}
    found, problems = read({**names["SOJOURN"], "WEBHOOKS": [entry]})
    assert not problems
    return WebhookSink(found.WEBHOOKS[0], given.pop("clock", system_clock), **given)


@pytest.mark.django_db(transaction=True)
def test_the_receiver_accepts_what_the_settings_send_and_takes_a_copy_once(receiver: Any, live_server: Any) -> None:
    found = sink(receiver, live_server)
    found.deliver(MESSAGE)
    assert receiver["known_subjects"] == {"ann"}
    receiver["known_subjects"].clear()
    found.deliver(MESSAGE)
    assert receiver["known_subjects"] == set()


@pytest.mark.django_db(transaction=True)
def test_the_receiver_rejects_what_is_old_or_signed_by_somebody_else(receiver: Any, live_server: Any) -> None:
    old = sink(receiver, live_server, clock=lambda: START)
    (entry,) = receiver["SOJOURN"]["WEBHOOKS"]
    entry["secrets"] = [new_secret()]
    for wrong in (old, sink(receiver, live_server)):
        with pytest.raises(DeliveryFailed, match="401"):
            wrong.deliver(MESSAGE)
    assert receiver["known_subjects"] == set()


@pytest.mark.parametrize(
    "headers",
    [{}, {"webhook-id": "x", "webhook-timestamp": str(system_clock() // 1000), "webhook-signature": "nonsense"}],
)
def test_the_receiver_rejects_what_is_not_signed_at_all(receiver: Any, headers: dict[str, str]) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        "/hooks/sessions/", b"{}", content_type="application/json", headers=headers
    )
    assert answer.status_code == 401


def test_the_settings_pass_the_system_checks(names: dict[str, Any], settings: Any) -> None:
    settings.SOJOURN = names["SOJOURN"]
    assert not [found for found in run_checks(tags=["sojourn"]) if found.id in {"sojourn.E001", "sojourn.E060"}]


def test_every_key_is_described_and_no_other() -> None:
    table = PAGE.text.partition("| key | what it is |")[2].partition("\n\n")[0]
    assert [row.split("`")[1] for row in table.splitlines() if row.startswith("| `")] == list(_PARSERS)


def test_what_is_shown_as_sent_is_so() -> None:
    (shown,) = [json.loads(block.code) for block in PAGE.blocks if block.language == "json"]
    Draft202012Validator(schema.published()).validate(shown)
    over = ended(full_session("a"), START, EndReason.EVICTED, by="b")
    assert set(shown["data"]["session"]) == set(
        payload(SessionEnded(subject="ann", at=START, session=over))["session"]  # type: ignore[call-overload]  # a dict
    )


def test_the_bounds_that_it_names_are_those_there_are() -> None:
    assert "given up after three days" in PAGE.text
    assert WebhookSink.patience == 3 * 24 * 3_600_000
    assert "nothing but failures for five days" in PAGE.text
    assert WebhookSink.endurance == 5 * 24 * 3_600_000
    assert f"{webhook.SECONDS:.0f} seconds is all the time" in PAGE.text
    assert f"at most {posting.LONGEST_ANSWER // 1024} KB" in PAGE.text
