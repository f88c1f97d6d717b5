"""Names for devices on the pages, and how much of each limit is in use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.decisions import Decision
from sojourn.core.records import EndReason
from tests.django.browser import Browser, open_sessions, sids

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plenty")]


def name(browser: Any, sid: str, text: str) -> Any:
    """Send the form."""
    return browser.post(f"/sessions/name/{sid}/", {"name": text})


def page(browser: Any, path: str = "/sessions/", **more: Any) -> str:
    return browser.get(path, **more).content.decode()


class TestNaming:
    """The form beside each session."""

    def test_each_session_has_one(self, first, both):
        shown = page(first)
        assert all(reverse("sojourn:name", args=[sid]) in shown for sid in both)
        assert shown.count("Name this device") == 2

    def test_the_name_is_shown_with_the_browser_beside_it_and_said_once(self, first, both):
        assert name(first, both[1], " The\tphone ")["Location"] == "/sessions/"
        shown = page(first)
        assert "The device is called “The phone” from now on." in shown
        assert '<h3 class="sj-name"><bdi>The phone</bdi>' in shown
        assert "<bdi>Mobile Safari on iOS</bdi>" in shown
        assert "from now on" not in page(first)

    def test_it_is_shown_on_every_session_of_the_device_the_later_ones_too(self, first, second, both):
        name(first, both[1], "The phone")
        second.post("/logout/")
        second.sign_in()
        shown = page(first)
        assert shown.count('<h3 class="sj-name"><bdi>The phone</bdi>') == 3, "and in the list of devices"

    def test_an_empty_one_takes_it_away(self, first, both):
        name(first, both[1], "The phone")
        name(first, both[1], "  ")
        shown = page(first)
        assert "The name of the device was taken away." in shown
        assert "The phone" not in shown

    def test_whoever_is_ended_reads_by_which(self, first, second, both):
        name(first, both[0], "Desk")
        first.post(f"/sessions/end/{both[1]}/")
        assert "Desk" in page(second, "/private/")

    def test_the_list_of_what_ended_says_by_which_and_this_browser_where_it_is_that(self, first, second, both):
        name(first, both[0], "Desk")
        first.post(f"/sessions/end/{both[1]}/")
        assert "<dt>Ended by</dt><dd>This browser</dd>" in page(first)
        second.get("/private/")
        second.sign_in()
        assert "<dt>Ended by</dt><dd><bdi>Desk</bdi></dd>" in page(second)

    def test_an_operator_who_ended_one_is_not_named(self, first, both):
        control().end(open_sessions()[0].subject, [both[1]], EndReason.OPERATOR, by="Grace of support", note="stolen")
        shown = page(first)
        assert "Ended by an administrator" in shown
        assert not any(text in shown for text in ("Grace", "stolen", "<dt>Ended by</dt>"))

    def test_nobody_reads_of_an_operators_own_session_in_which_they_ended_one(self, first, second, both, bob):
        operator = Browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")
        operator.sign_in("bob")
        control().end(open_sessions()[0].subject, [both[1]], EndReason.OPERATOR, by=sids("bob")[0])
        assert "Chrome" not in page(first)
        assert "Chrome" not in page(second, "/private/")

    def test_who_is_asked_what_to_end_reads_it(self, first, second, sojourn, both):
        name(first, both[0], "Desk")
        second.post("/logout/")
        sojourn(LIMITS=[{"max_sessions": 1, "overflow": "ask"}])
        second.sign_in()
        assert '<label class="sj-name" for="sj-end-1"><bdi>Desk</bdi></label>' in page(second, "/sessions/choose/")

    def test_who_is_refused_reads_it(self, first, second, sojourn, both):
        name(first, both[0], "Desk")
        second.post("/logout/")
        sojourn(LIMITS=[{"max_sessions": 1, "overflow": "refuse"}])
        assert "Desk" in second.sign_in().content.decode()

    def test_whoever_took_its_place_reads_it(self, first, second, sojourn, both):
        name(first, both[0], "Desk")
        second.post("/logout/")
        sojourn(LIMITS=[{"max_sessions": 1}])
        second.sign_in()
        assert "<bdi>Desk</bdi> (<bdi>Firefox on Windows</bdi>)" in page(second)

    def test_those_of_others_are_not_there(self, first, both, bob):
        other = Browser()
        other.sign_in("bob")
        assert name(first, sids("bob")[0], "Mine").status_code == 404
        assert "Mine" not in page(other)

    @pytest.mark.parametrize("sid", ["x", "0" * 24, "soj_00" + "A" * 43])
    def test_what_is_no_session_is_not_there(self, first, both, sid):
        assert name(first, sid, "Mine").status_code == 404

    @pytest.mark.parametrize("text", ["A" * 65, "A" * 100_000, "a\x00b", '"><script>alert(1)</script>' + "A" * 60])
    def test_what_is_no_name_changes_nothing_and_is_shown_again_with_what_is_wrong(self, first, both, text):
        shown = name(first, both[1], text)
        assert shown.status_code == 200
        assert 'role="alert"' in shown.content.decode()
        assert "<title>Error: " in shown.content.decode()
        assert f'value="{escape(text[:60])}' in shown.content.decode()
        assert "<script>alert" not in shown.content.decode()
        assert control().store.roster(open_sessions()[0].subject).profile.device_names == {}

    def test_markup_in_a_name_is_text(self, first, both):
        name(first, both[1], "<b onclick=x>&amp;")
        assert "&lt;b onclick=x&gt;&amp;amp;" in page(first)
        assert "<b onclick" not in page(first)

    def test_one_that_is_over_says_so(self, first, second, both):
        second.post("/logout/")
        name(first, both[1], "The phone")
        assert "cannot be named" in page(first)

    def test_a_device_that_is_not_recognised_has_no_form(self, first, both):
        store = control().store
        (known,) = (each for each in open_sessions() if each.sid == both[1])
        unknown = replace(known, device=replace(known.device, digest=""))
        store.transact(known.subject, lambda _: Decision(None, update=(unknown,)))
        shown = page(first)
        assert reverse("sojourn:name", args=[both[1]]) not in shown
        assert reverse("sojourn:name", args=[both[0]]) in shown

    def test_nothing_is_named_by_following_a_link(self, first, both):
        assert first.get(f"/sessions/name/{both[1]}/?name=Mine").status_code == 200
        assert "Mine" not in page(first)

    def test_another_site_cannot_send_the_form(self, ada, second):
        browser = Browser(enforce_csrf_checks=True)
        browser.sign_in(url="/custom-login/")
        assert name(browser, sids()[0], "Mine").status_code == 403
        assert "Mine" not in page(browser)

    def test_a_stranger_is_sent_to_sign_in(self, first, both):
        assert name(Browser(), both[0], "Mine")["Location"] == "/login/?next=%2Fsessions%2F"


class TestLimits:
    """How much is in use."""

    @pytest.mark.parametrize(
        ("limits", "said"),
        [
            ([{"max_sessions": 5}], ["2 of 5 allowed sessions are in use."]),
            ([{"max_sessions": 5, "counts": "devices"}], ["2 of 5 allowed devices are in use."]),
            (
                [{"max_sessions": 2}],
                ["2 of 2 allowed sessions are in use. A sign-in on another device ends what was used least recently."],
            ),
            (
                [{"max_sessions": 2, "order": "oldest"}],
                ["2 of 2 allowed sessions are in use. A sign-in on another device ends what was signed in first."],
            ),
            (
                [{"max_sessions": 2, "overflow": "ask"}],
                ["2 of 2 allowed sessions are in use. At a sign-in on another device you choose what to end for it."],
            ),
            (
                [{"max_sessions": 2, "overflow": "refuse"}, {"max_sessions": 1, "scope": ["device_class"]}],
                [
                    "2 of 2 allowed sessions are in use. A sign-in on another device will be refused.",
                    "Computers: 1 of 1 allowed session is in use.",
                    "Phones: 1 of 1 allowed session is in use.",
                ],
            ),
            (
                [{"max_sessions": 2, "device_classes": ["phone", "tablet"]}, {"max_sessions": 9, "clients": ["shop"]}],
                [
                    "Phones and Tablets: 1 of 2 allowed sessions are in use.",
                    "shop: 0 of 9 allowed sessions are in use.",
                ],
            ),
            ([{"max_sessions": 5, "exempt": ["staff"]}], []),
            ([], []),
        ],
    )
    def test_each_limit_is_told_in_the_readers_words(self, first, both, sojourn, limits, said):
        sojourn(LIMITS=limits)
        response = first.get("/sessions/")
        items = response.context["limits"]
        told = [" ".join(f"{item.label}: {item.text} {item.consequence}".split()).removeprefix(": ") for item in items]
        assert told == said
        assert all(item.text in response.content.decode() for item in items)
        assert ("How much is in use" in response.content.decode()) is bool(said)

    def test_a_policy_that_only_reports_shows_none(self, first, both, sojourn):
        sojourn(LIMITS=[{"max_sessions": 1}], REPORT_ONLY=True)
        assert "How much is in use" not in page(first)
