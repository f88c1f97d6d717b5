"""Our own pages: your sessions, ending them, and what all pages have in common."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.signals import user_login_failed
from django.core import checks
from django.test import override_settings
from django.urls import reverse
from django.utils import translation

from sojourn.core.records import EndReason
from sojourn.core.timeouts import MINUTE
from tests.django.browser import JSON, PASSWORD, AsgiBrowser, Browser, open_sessions, reasons, sids

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plenty")]

LONG_AGO = 15 * MINUTE


class TestYourSessions:
    """The list."""

    def test_it_shows_what_is_open_and_which_is_this_one(self, first, both):
        page = first.get("/sessions/").content.decode()
        assert "Firefox on Windows" in page
        assert "Mobile Safari on iOS" in page
        assert page.count("This browser") == 2, "once among the sessions, once among the devices"
        assert "2 of 5 allowed sessions are in use." in page

    def test_it_shows_nothing_of_anybody_else(self, first, both, bob):
        odd = Browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")
        odd.sign_in("bob")
        page = first.get("/sessions/").content.decode()
        assert "Chrome" not in page
        assert sids("bob")[0] not in page

    def test_it_shows_what_ended_lately_and_why(self, first, second, both):
        second.post("/logout/")
        page = first.get("/sessions/").content.decode()
        assert "Ended recently" in page
        assert "Mobile Safari on iOS" in page

    def test_one_session_has_no_button_to_end_itself_or_others(self, first):
        first.sign_in()
        page = first.get("/sessions/").content.decode()
        assert reverse("sojourn:end", args=sids()) not in page
        assert reverse("sojourn:end_others") not in page

    def test_a_limit_that_does_not_hold_this_user_is_not_shown(self, sojourn, first):
        sojourn(LIMITS=[{"max_sessions": 3, "exempt": ["staff"]}])
        first.sign_in()
        assert "allowed session" not in first.get("/sessions/").content.decode()

    def test_without_a_limit_none_is_shown(self, sojourn, first):
        sojourn(LIMITS=[])
        first.sign_in()
        assert "allowed session" not in first.get("/sessions/").content.decode()

    @pytest.mark.parametrize("path", ["/sessions/", "/sessions/end-others/", "/sessions/end/x/"])
    def test_a_stranger_is_sent_to_sign_in(self, first, path):
        response = first.get(path)
        assert response.status_code == 302
        assert response["Location"] == "/login/?next=%2Fsessions%2F"

    def test_it_is_there_under_asgi(self, ada):
        browser = AsgiBrowser()
        browser.sign_in()
        assert "Your sessions" in browser.get("/sessions/").content.decode()


class TestEndOne:
    """The button beside a session."""

    def test_it_ends_that_one_and_says_so(self, first, second, both):
        response = first.post(f"/sessions/end/{both[1]}/")
        assert response["Location"] == "/sessions/"
        assert "1 session was ended." in first.get("/sessions/").content.decode()
        assert "1 session was ended." not in first.get("/sessions/").content.decode()
        told = second.get("/private/")
        assert told.status_code == 401
        assert "ended from another session of your account" in told.content.decode()
        assert "Firefox on Windows" in told.content.decode()
        assert reasons() == [EndReason.REVOKED]

    def test_ending_it_twice_ends_nothing_more(self, first, both):
        for expected in ("1 session was ended.", "0 sessions were ended."):
            first.post(f"/sessions/end/{both[1]}/")
            assert expected in first.get("/sessions/").content.decode()
        assert first.who() == "ada"

    def test_following_a_link_only_asks(self, first, both):
        page = first.get(f"/sessions/end/{both[1]}/")
        assert page.status_code == 200
        assert "Your session on Mobile Safari on iOS will be ended." in page.content.decode()
        assert len(sids()) == 2

    def test_ones_own_may_be_ended_as_well(self, first, second, both):
        first.post(f"/sessions/end/{both[0]}/")
        assert first.who() == ""
        assert second.who() == "ada"


class TestEndOthers:
    """The button below the list."""

    def test_it_ends_all_but_this_one(self, first, second, both):
        third = Browser()
        third.sign_in()
        first.post("/sessions/end-others/")
        assert sids() == [both[0]]
        assert "2 sessions were ended." in first.get("/sessions/").content.decode()
        assert (first.who(), second.who(), third.who()) == ("ada", "", "")

    def test_following_a_link_only_asks(self, first, both):
        assert "This one stays." in first.get("/sessions/end-others/").content.decode()
        assert len(sids()) == 2

    def test_those_of_others_stay(self, first, both, bob):
        odd = Browser()
        odd.sign_in("bob")
        first.post("/sessions/end-others/")
        assert odd.who() == "bob"


@pytest.mark.parametrize("kind", ["end-others/", "end/{sid}/"])
class TestPasswordAgain:
    """When the password was given long ago, it is asked for once more (ASVS 7.5.2)."""

    @pytest.fixture(autouse=True)
    def _later(self, first, second, both, clock, kind):
        for _ in range(3):
            clock.advance(LONG_AGO // 3)
            first.get("/plain/")
            second.get("/plain/")
        self.path = "/sessions/" + kind.format(sid=both[1])
        self.mine, self.other = both

    def test_without_it_nothing_ends(self, first):
        page = first.post(self.path)
        assert page.status_code == 200
        assert 'type="password"' in page.content.decode()
        assert len(sids()) == 2

    def test_with_it_the_session_ends(self, first):
        assert first.post(self.path, {"password": PASSWORD}).status_code == 302
        assert sids() == [self.mine]

    @pytest.mark.parametrize("wrong", ["", "wrong", " ", "A" * 5000, "x\x00y"])
    def test_with_a_wrong_one_nothing_ends(self, first, wrong):
        page = first.post(self.path, {"password": wrong})
        assert page.status_code == 200
        assert len(sids()) == 2
        assert 'role="alert"' in page.content.decode()
        if len(wrong) > 3:
            assert wrong not in page.content.decode()

    def test_a_wrong_one_is_a_failed_login_for_whoever_counts_them(self, first):
        heard: list[Any] = []

        def receiver(credentials: Any, request: Any, **_: Any) -> None:
            heard.append((credentials["username"], request.path))

        user_login_failed.connect(receiver)
        try:
            first.post(self.path, {"password": "wrong"})
        finally:
            user_login_failed.disconnect(receiver)
        assert heard == [("ada", self.path)]

    def test_somebody_elses_password_is_wrong(self, first, bob):
        bob.set_password("bob's own 1")
        bob.save()
        first.post(self.path, {"password": "bob's own 1"})
        assert len(sids()) == 2

    def test_given_once_it_need_not_be_given_again(self, first, second):
        first.post(self.path, {"password": PASSWORD})
        second.sign_in()
        assert first.post("/sessions/end-others/").status_code == 302
        assert sids() == [self.mine]

    def test_given_again_it_renews_the_session_cookie_and_the_token(self, first):
        before, token = first.session_cookie(), first.session["_sojourn"][0]
        first.post(self.path, {"password": PASSWORD})
        assert first.session_cookie() not in {"", before}
        assert first.session["_sojourn"][0] != token
        assert first.who() == "ada"
        assert open_sessions()[0].generation == 1


class TestAllPages:
    """What our pages have in common."""

    @pytest.fixture
    def pages(self, limit: Any, first: Any, second: Any) -> dict[str, Any]:
        """Each of our pages, as somebody would come to it."""
        pages = {"over": first.get("/sessions/choose/")}
        first.sign_in()
        pages["sessions"] = first.get("/sessions/")
        pages["confirm"] = first.get("/sessions/end-others/")
        limit("refuse")
        pages["refused"] = second.sign_in()
        limit("ask")
        pages["sent to choose"] = second.sign_in()
        pages["choose"] = second.get("/sessions/choose/")
        second.choose(*sids())
        pages["ended"] = first.get("/private/")
        return pages

    def test_no_cache_keeps_them(self, pages):
        for name, page in pages.items():
            assert "no-store" in page["Cache-Control"], name
            assert "private" in page["Cache-Control"], name

    def test_no_site_frames_them_and_no_address_leaves_them(self, pages):
        del pages["sent to choose"]
        for name, page in pages.items():
            assert page["X-Frame-Options"] == "DENY", name
            assert page["Referrer-Policy"] == "same-origin", name

    def test_they_have_no_inline_script_or_style(self, pages):
        for name, page in pages.items():
            assert not re.search(r"<script(?![^>]* src=)|\son\w+=", page.content.decode()), name
            assert "style=" not in page.content.decode(), name
            assert "<style" not in page.content.decode(), name

    def test_none_is_left_untranslated_in_german(self, settings, limit, first, second):
        place = settings.MIDDLEWARE.index("django.middleware.common.CommonMiddleware")
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE[:place],
            "django.middleware.locale.LocaleMiddleware",
            *settings.MIDDLEWARE[place:],
        ]
        with translation.override("en"):  # LocaleMiddleware leaves its language on this thread
            german = {"accept-language": "de"}
            shown = [first.get("/sessions/choose/", headers=german)]
            first.sign_in()
            shown += [first.get(path, headers=german) for path in ("/sessions/", "/sessions/end-others/")]
            limit("refuse")
            shown.append(second.sign_in(headers=german))
            limit("ask")
            second.sign_in()
            shown.append(second.get("/sessions/choose/", headers=german))
            second.choose(*sids())
            shown.append(first.get("/private/", headers=german))
        for page in shown:
            text = page.content.decode()
            assert '<html class="sj sj-auto" lang="de"' in text
            assert not any(word in text for word in ("Sign in", "sign in", "session ", "You are", "Please"))

    def test_the_sites_own_sign_in_page_is_where_they_lead(self, settings, first, second, limit):
        settings.LOGIN_URL = "/admin/login/"
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        assert "/admin/login/?next=%2Fprivate%2F" in first.get("/private/").content.decode()


class TestWithoutOurAddresses:
    """A site that has not included our URLs."""

    @pytest.fixture(autouse=True)
    def _site(self, settings):
        settings.ROOT_URLCONF = "tests.django_site.urls_without_ours"

    @pytest.mark.parametrize("headers", [{}, JSON])
    def test_who_would_be_asked_is_refused(self, limit, first, second, headers):
        limit("ask")
        first.sign_in()
        response = second.sign_in(headers=headers)
        assert response.status_code == 409
        assert second.who() == ""
        assert first.who() == "ada"

    def test_the_other_outcomes_need_none(self, limit, first, second):
        limit("end_existing")
        first.sign_in()
        assert second.sign_in().status_code == 302
        assert first.get("/private/").status_code == 401


@override_settings(DEBUG=False)
def test_the_test_site_has_nothing_for_the_system_checks_to_say(db):
    assert [message for message in checks.run_checks() if message.id.startswith("sojourn.E")] == []
