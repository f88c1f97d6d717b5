"""Devices that a user knows, notices they may silence, and their last sign-in: on the page and as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.template import Context, Template

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.wording import MUTABLE_NOTICES
from sojourn.core.records import Profile, SignIn
from sojourn.core.timeouts import DAY, MINUTE
from sojourn.core.wishes import MUTABLE, reference
from tests.django.browser import PASSWORD, Browser, open_sessions
from tests.django.commands import run
from tests.django.description import ROOT, checked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plenty")]


def profile() -> Profile:
    return control().store.roster(open_sessions()[0].subject).profile


def devices() -> list[str]:
    """The references of the known devices, the one used last first."""
    return [reference(digest) for digest in reversed(list(profile().devices))]


def page(browser: Any) -> str:
    return " ".join(browser.get("/sessions/").content.decode().split())


def send(browser: Any, what: str, **body: Any) -> Any:
    return browser.post(f"{ROOT}/{what}/", json.dumps(body), content_type="application/json")


@pytest.fixture
def later(both: Any, first: Any, clock: Any) -> None:
    """It is some time ago that anybody proved who they are."""
    for _ in range(4):
        clock.advance(5 * MINUTE)
        first.get("/plain/")


class TestPage:
    """The section below the sessions."""

    def test_it_lists_what_the_user_has_signed_in_on_without_an_open_session_too(self, first, second, both):
        second.post("/logout/")
        shown = page(first)
        assert "Devices that you have signed in on" in shown
        assert shown.count('action="/sessions/devices/') == 6, "three forms for each of two devices"
        assert all(f"/sessions/devices/{device}/forget/" in shown for device in devices())

    def test_no_page_has_a_digest_in_it(self, first, both):
        assert not [digest for digest in profile().devices if digest in page(first)]

    def test_a_device_is_named(self, first, second, both):
        second.post("/logout/")
        phone = devices()[0]
        assert first.post(f"/sessions/devices/{phone}/name/", {"name": " My\tphone "})["Location"] == "/sessions/"
        shown = page(first)
        assert "The device is called “My phone” from now on." in shown
        assert "<bdi>My phone</bdi>" in shown
        first.post(f"/sessions/devices/{phone}/name/", {"name": ""})
        assert "<bdi>My phone</bdi>" not in page(first)
        first.post(f"/sessions/devices/{phone}/name/", {"name": "x" * 65})
        assert "64" in page(first)
        assert dict(profile().device_names) == {}

    def test_a_device_is_trusted_and_no_longer(self, first, both):
        device = devices()[0]
        first.post(f"/sessions/devices/{device}/trust/")
        assert [known.trusted for known in profile().devices.values()] == [False, True]
        assert ">Trusted</span>" in page(first)
        first.post(f"/sessions/devices/{device}/distrust/")
        assert not any(known.trusted for known in profile().devices.values())

    def test_to_trust_one_asks_for_the_password_when_it_was_given_long_ago(self, first, later):
        url = f"/sessions/devices/{devices()[0]}/trust/"
        asked = first.post(url)
        assert "Confirm that it is you" in asked.content.decode()
        assert not any(known.trusted for known in profile().devices.values())
        first.post(url, {"password": PASSWORD})
        assert any(known.trusted for known in profile().devices.values())

    def test_a_forgotten_device_is_a_new_one_at_its_next_sign_in(self, first, second, both):
        first.post(f"/sessions/devices/{devices()[0]}/forget/")
        assert len(profile().devices) == 1
        assert "was forgotten" in page(first)
        assert second.who() == "ada", "its session goes on"
        second.post("/logout/")
        second.sign_in()
        assert len(profile().devices) == 2

    @pytest.mark.parametrize("act", ["trust", "distrust", "forget", "name"])
    def test_nothing_is_done_by_following_a_link_and_nothing_to_an_unknown_device(self, first, both, act):
        before, device = profile(), devices()[0]
        assert first.get(f"/sessions/devices/{device}/{act}/").status_code in (200, 302)
        assert first.post(f"/sessions/devices/{'0' * 24}/{act}/", {"name": "x"}).status_code == 404
        assert Browser().post(f"/sessions/devices/{device}/{act}/").status_code == 302
        assert profile() == before

    def test_somebody_elses_device_is_not_there(self, first, both, bob):
        other = Browser()
        other.sign_in("bob")
        assert other.post(f"/sessions/devices/{devices()[0]}/forget/").status_code == 404

    def test_what_is_no_security_matter_is_silenced_and_wanted_again(self, first, both):
        first.post("/sessions/notices/evicted/mute/")
        assert profile().muted == {"evicted"}
        assert "You are not told." in page(first)
        first.post("/sessions/notices/evicted/unmute/")
        assert profile().muted == frozenset()

    def test_to_silence_asks_for_the_password_when_it_was_given_long_ago(self, first, later):
        assert "Confirm that it is you" in first.post("/sessions/notices/evicted/mute/").content.decode()
        assert profile().muted == frozenset()

    @pytest.mark.parametrize("act", ["mute", "unmute"])
    def test_a_security_matter_cannot_be_silenced(self, first, both, act):
        assert first.post(f"/sessions/notices/new_device/{act}/").status_code == 404
        assert profile().muted == frozenset()

    def test_every_kind_that_can_be_silenced_has_words(self):
        assert set(MUTABLE_NOTICES) == MUTABLE


class TestLastSignIn:
    """NIST SP 800-53 AC-9."""

    def test_it_is_shown_after_a_sign_in_and_stays_for_the_session(self, first, second, both):
        assert "you last signed in" not in page(first), "it was the first one ever"
        for _ in range(2):
            shown = page(second)
            assert "Before this, you last signed in:" in shown
            assert re.search(r"<time [^>]+>[^<]+</time>, <bdi>Firefox on Windows</bdi> \(<bdi>127.0.0.1</bdi>\)", shown)

    def test_refusals_since_are_counted(self, first, second, sojourn, clock):
        sojourn(LIMITS=[{"max_sessions": 1, "overflow": "refuse"}])
        first.sign_in()
        for _ in range(2):
            assert second.sign_in().status_code == 409
        first.post("/logout/")
        (message,) = get_messages(first.sign_in().wsgi_request)
        assert "2 sign-ins to your account were refused" in str(message)
        assert "Since then, 2 sign-ins were refused because too many sessions were open." in page(first)

    def test_any_page_can_show_it(self, first, second, both):
        template = "{% load sojourn %}{% sojourn_last_sign_in as previous %}{% include 'sojourn/_last_sign_in.html' %}"
        shown = Template(template).render(Context({"request": second.get("/sessions/").wsgi_request}))
        assert "Firefox on Windows" in shown
        assert Template(template).render(Context({"request": first.get("/sessions/").wsgi_request})).strip() == ""
        assert Template(template).render(Context()).strip() == ""

    def test_what_somebody_else_wrote_there_is_no_error(self, first, both):
        for wrong in (5, {}, {"at": "soon", "device": "", "place": "", "address": "", "refused": 0}, {"at": 10**30}):
            session = first.session
            session["_sojourn_previous"] = wrong
            session.save()
            assert "you last signed in" not in page(first)


class TestJson:
    """The same for applications in the browser."""

    def test_the_list_has_devices_the_last_sign_in_and_what_is_muted(self, first, second, both):
        found = checked(second.get(f"{ROOT}/"))
        assert [(each["label"], each["current"], each["trusted"]) for each in found["devices"]] == [
            ("Mobile Safari on iOS", True, False),
            ("Firefox on Windows", False, False),
        ]
        assert found["previous_sign_in"]["device"] == "Firefox on Windows"
        assert found["previous_sign_in"]["refused_since"] == 0
        assert found["muted"] == []
        assert checked(first.get(f"{ROOT}/"))["previous_sign_in"] is None

    def test_a_device_is_named_trusted_and_forgotten(self, first, both):
        device = devices()[1]
        assert checked(send(first, "devices/name", device=device, name="Desk"))["devices"][1]["name"] == "Desk"
        assert checked(send(first, "devices/trust", device=device, trusted=True))["devices"][1]["trusted"] is True
        assert checked(send(first, "devices/trust", device=device, trusted=False))["devices"][1]["trusted"] is False
        assert len(checked(send(first, "devices/forget", device=device))["devices"]) == 1

    def test_notices_are_silenced(self, first, both):
        assert checked(send(first, "notices/mute", muted=["evicted"]))["muted"] == ["evicted"]
        assert checked(send(first, "notices/mute", muted=[]))["muted"] == []

    @pytest.mark.parametrize(
        ("what", "body", "status"),
        [
            ("devices/name", {"device": "0" * 24, "name": "x"}, 404),
            ("devices/name", {"device": 5, "name": "x"}, 404),
            ("devices/name", {"device": "", "name": "x" * 65}, 400),
            ("devices/trust", {"device": "0" * 24, "trusted": True}, 404),
            ("devices/trust", {"device": "", "trusted": "yes"}, 400),
            ("devices/forget", {"device": None}, 404),
            ("devices/forget", {}, 400),
            ("notices/mute", {"muted": ["new_device"]}, 400),
            ("notices/mute", {"muted": "evicted"}, 400),
            ("notices/mute", {"muted": [["evicted"]]}, 400),
        ],
    )
    def test_what_cannot_be_meant_is_a_problem_and_changes_nothing(self, first, both, what, body, status):
        before = profile()
        response = send(first, what, **body)
        checked(response)
        assert response.status_code == status
        assert profile() == before

    def test_to_lower_a_guard_asks_for_a_recent_proof_and_to_raise_one_does_not(self, first, later):
        device = devices()[0]
        for what, body in (
            ("devices/trust", {"trusted": True, "device": device}),
            ("notices/mute", {"muted": ["evicted"]}),
        ):
            response = send(first, what, **body)
            assert checked(response)["type"] == "urn:sojourn:problem:reauthentication-required"
        assert send(first, "devices/trust", device=device, trusted=False).status_code == 200
        assert send(first, "notices/mute", muted=[]).status_code == 200

    @pytest.mark.parametrize("what", ["devices/name", "devices/trust", "devices/forget", "notices/mute"])
    def test_nobody_else_is_answered(self, first, both, what):
        assert send(Browser(), what).status_code == 401
        strict = Browser(enforce_csrf_checks=True)
        strict.take_session(first.session_cookie())
        assert send(strict, what).status_code == 403


class TestForgetting:
    """`manage.py sojourn purge` and `export`."""

    def test_an_export_has_what_is_known_and_no_digest(self, first, both):
        text = run("export", "ada", "--json")
        known = json.loads(text)["profile"]
        assert [each["device"] for each in known["devices"]] == ["Firefox on Windows", "Mobile Safari on iOS"]
        assert known["last_sign_in"]["device"] == "Mobile Safari on iOS"
        assert not [digest for digest in profile().devices if digest in text]

    def test_a_purge_forgets_addresses_and_devices_of_who_does_not_come_back(self, first, second, both, sojourn, clock):
        sojourn(LIMITS=[{"max_sessions": 5}], ADDRESS_RETENTION="7d", DEVICE_COOKIE_AGE="20d", RETENTION="30d")
        subject = open_sessions()[0].subject
        second.post("/logout/")
        clock.advance(8 * DAY)
        assert json.loads(run("purge", "--json"))["addresses"] == 2, "the other has run out meanwhile"
        assert control().store.find(both[1]).address == ""
        assert control().store.roster(subject).profile.last_sign_in.address == ""
        assert len(control().store.roster(subject).profile.devices) == 2
        clock.advance(13 * DAY)
        assert json.loads(run("purge", "--json"))["subjects"] == 1
        at = control().store.roster(subject).profile.last_sign_in.at
        # That there was one stays, so that whoever takes the account over is no first sign-in.
        assert control().store.roster(subject).profile == Profile(last_sign_in=SignIn(at))
