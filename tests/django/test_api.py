"""Your sessions as JSON: the same facts and rules as the page, and every answer as it is described."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.signals import user_login_failed

from sojourn.core.records import EndReason
from sojourn.core.timeouts import MINUTE
from tests.django.browser import JSON, PASSWORD, AsgiBrowser, Browser, open_sessions, reasons, sids
from tests.django.description import ROOT, checked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plenty")]

LONG_AGO = 15 * MINUTE
CHANGES = ["end/", "end-others/", "name/", "confirm/", "disown/", "reauthenticate/", "sign-out/"]


@pytest.fixture
def later(both: Any, first: Any, second: Any, clock: Any) -> tuple[str, str]:
    """The same, longer after the sign-in than other sessions may be ended without proof."""
    for _ in range(3):
        clock.advance(LONG_AGO // 3)
        first.get("/plain/")
        second.get("/plain/")
    return both


def listed(browser: Any) -> Any:
    """The list, held to its description."""
    return checked(browser.get(f"{ROOT}/"))


def send(browser: Any, what: str, body: Any = None, **more: Any) -> Any:
    """The response to a change."""
    sent = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return browser.post(f"{ROOT}/{what}", sent if body is not None else None, content_type="application/json", **more)


def refused(response: Any, status: int, name: str) -> Any:
    """The body of a problem of this name, held to its description."""
    body = checked(response)
    assert (response.status_code, body["status"]) == (status, status)
    assert body["type"] == f"urn:sojourn:problem:{name}"
    return body


class TestList:
    """What is open, what ended lately, and how much of each limit is in use."""

    def test_it_says_of_each_session_what_the_page_says(self, first, both, clock):
        clock.advance(MINUTE)
        found = listed(first)
        assert [each["sid"] for each in found["open"]] == [both[0], both[1]]
        mine, other = found["open"]
        assert (mine["current"], other["current"]) == (True, False)
        assert (mine["device"], mine["browser"], mine["system"]) == ("Firefox on Windows", "Firefox", "Windows")
        assert (mine["device_class"], other["device_class"]) == ("computer", "phone")
        assert (mine["name"], mine["nameable"], mine["acting"], mine["persistent"]) == ("", True, False, False)
        assert mine["address"] == "127.0.0.1"
        assert mine["started_at"] == mine["authenticated_at"] < mine["last_seen_at"] < mine["expires_at"]
        assert found["ended"] == []

    def test_it_says_why_sessions_ended_and_by_which(self, first, second, both, clock):
        first.post(f"/sessions/end/{both[1]}/")
        clock.advance(1000)
        second.get("/private/")
        second.sign_in()
        second.post("/logout/")
        left, ended = listed(first)["ended"]
        assert (left["reason"], left["by"]) == ("logout", None)
        assert (ended["reason"], ended["sid"]) == ("revoked", both[1])
        assert (ended["by"]["sid"], ended["by"]["current"]) == (both[0], True)
        assert ended["by"]["device"] == "Firefox on Windows"

    def test_it_says_how_much_of_each_limit_is_in_use(self, first, both, sojourn):
        sojourn(LIMITS=[{"max_sessions": 5, "name": "for auditors"}, {"max_sessions": 1, "scope": ["device_class"]}])
        assert [(each["used"], each["max_sessions"], each["device_classes"]) for each in listed(first)["limits"]] == [
            (2, 5, []),
            (1, 1, ["computer"]),
            (1, 1, ["phone"]),
        ]

    def test_it_shows_nothing_of_anybody_else(self, first, both, bob):
        Browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36").sign_in("bob")
        assert len(listed(first)["open"]) == 2

    def test_it_tells_no_secret_and_no_note_of_an_operator(self, first, second, both):
        from sojourn.contrib.django.internal.wiring import control

        subject = open_sessions()[0].subject
        control().end(subject, [both[1]], EndReason.OPERATOR, by="root of the site", note="suspected of theft")
        text = first.get(f"{ROOT}/").content.decode()
        assert "operator" in text
        for secret in (
            "root of the site",
            "suspected",
            subject,
            first.session["_sojourn"][0],
            first.session_cookie(),
            first.cookies["sojourn_device"].value,
            *(each.device.digest for each in open_sessions()),
            *(each.digest.hex() for each in open_sessions()),
        ):
            assert secret not in text

    def test_its_queries_do_not_grow_with_the_sessions(self, first, sojourn, django_assert_max_num_queries):
        sojourn(LIMITS=[{"max_sessions": 50, "scope": ["device_class"]}])
        first.sign_in()
        for _ in range(9):
            Browser().sign_in()
        with django_assert_max_num_queries(10):
            assert len(listed(first)["open"]) == 10

    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    def test_it_is_there_under_wsgi_and_asgi(self, ada, kind):
        browser = kind()
        browser.sign_in()
        assert len(json.loads(browser.get(f"{ROOT}/").content)["open"]) == 1


class TestWho:
    """Who may ask, and what everybody else is told."""

    @pytest.mark.parametrize("path", ["", *CHANGES])
    def test_a_stranger_is_told_to_sign_in_whatever_they_ask(self, first, path):
        response = first.get(f"{ROOT}/") if not path else send(first, path, "{")
        refused(response, 401, "not-signed-in")

    @pytest.mark.parametrize("path", ["", *CHANGES])
    def test_a_session_that_is_over_is_told_why_once_and_in_json_whatever_it_accepts(self, first, second, both, path):
        second.post(f"/sessions/end/{both[0]}/")
        page = {"accept": "text/html"}
        response = first.get(f"{ROOT}/", headers=page) if not path else send(first, path, {}, headers=page)
        body = refused(response, 401, "session-ended")
        assert (body["reason"], body["by"]["device"]) == ("revoked", "Mobile Safari on iOS")
        refused(first.get(f"{ROOT}/"), 401, "not-signed-in")

    def test_it_says_no_under_a_middleware_that_sends_everybody_to_sign_in(self, settings, first):
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
        refused(first.get(f"{ROOT}/"), 401, "not-signed-in")
        assert first.get(f"{ROOT}/openapi.json").status_code == 200

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("path", ["", *CHANGES])
    def test_without_its_store_it_says_when_to_try_again(self, first, both, away, path):
        with away():
            response = first.get(f"{ROOT}/") if not path else send(first, path, {})
        refused(response, 503, "store-unavailable")
        assert int(response["Retry-After"]) > 0
        signed_out = path == "sign-out/"
        assert (first.who() == "") is signed_out

    @pytest.mark.parametrize("path", CHANGES)
    def test_nothing_changes_by_following_a_link(self, first, both, path):
        response = first.get(f"{ROOT}/{path}")
        assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")
        assert json.loads(response.content)["type"] == "urn:sojourn:problem:method-not-allowed"
        assert len(sids()) == 2


class TestCsrf:
    """A cookie alone is no proof that a page of this site asks."""

    @pytest.fixture
    def browser(self, ada: Any) -> Any:
        """A browser at a site that checks, signed in."""
        browser = Browser(enforce_csrf_checks=True)
        browser.sign_in(url="/custom-login/")
        assert len(sids()) == 1
        return browser

    @pytest.mark.parametrize("path", CHANGES)
    @pytest.mark.parametrize("headers", [{}, {"x-csrftoken": "A" * 32}, {"x-csrftoken": ""}])
    def test_without_the_token_nothing_changes(self, browser, second, path, headers):
        second.sign_in()
        browser.get(f"{ROOT}/")
        body = refused(send(browser, path, {}, headers=headers), 403, "csrf-failed")
        assert "X-CSRFTOKEN" in body["detail"]
        assert len(sids()) == 2

    def test_with_the_token_of_the_list_it_does(self, browser, second):
        second.sign_in()
        token = listed(browser)["csrf_token"]
        assert len(checked(send(browser, "end-others/", headers={"x-csrftoken": token}))["ended"]) == 1

    def test_so_it_does_with_the_cookie_that_django_keeps_it_in(self, browser, second):
        second.sign_in()
        listed(browser)
        token = browser.cookies["csrftoken"].value
        assert send(browser, "end-others/", headers={"x-csrftoken": token}).status_code == 200

    def test_it_is_asked_for_where_the_site_has_no_middleware_that_would(self, settings, browser):
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
        token = listed(browser)["csrf_token"]
        refused(send(browser, "sign-out/"), 403, "csrf-failed")
        assert send(browser, "sign-out/", headers={"x-csrftoken": token}).status_code == 200


class TestEnding:
    """Ending some, or all others."""

    def test_it_ends_those_and_says_which(self, first, second, both):
        (ended,) = checked(send(first, "end/", {"sids": [both[1]]}))["ended"]
        assert (ended["sid"], ended["reason"], ended["by"]["current"]) == (both[1], "revoked", True)
        assert (first.who(), second.who()) == ("ada", "")

    def test_ending_what_is_over_does_no_harm(self, first, both):
        send(first, "end/", {"sids": [both[1]]})
        assert checked(send(first, "end/", {"sids": [both[1]]})) == {"ended": []}

    def test_all_others_end_and_this_one_stays(self, first, second, both):
        assert len(checked(send(first, "end-others/"))["ended"]) == 1
        assert sids() == [both[0]]

    def test_those_of_others_are_not_there_and_then_nothing_ends(self, first, both, bob):
        Browser().sign_in("bob")
        (theirs,) = sids("bob")
        refused(send(first, "end/", {"sids": [both[1], theirs]}), 404, "not-found")
        assert (len(sids()), len(sids("bob"))) == (2, 1)

    @pytest.mark.parametrize(
        "body", [{}, [], {"sids": "x"}, {"sids": []}, {"sids": ["x"] * 101}, {"sids": None}, {"sid": ["x"]}, 1, None]
    )
    def test_what_is_no_list_of_sids_ends_nothing(self, first, both, body):
        refused(send(first, "end/", json.dumps(body)), 400, "invalid-request")
        assert len(sids()) == 2

    @pytest.mark.parametrize("sid", ["", "x", None, 1, {}, [], "\ud800", "A" * 10_000])
    def test_what_is_no_sid_is_not_found(self, first, both, sid):
        refused(send(first, "end/", {"sids": [both[1], sid]}), 404, "not-found")
        assert len(sids()) == 2

    @pytest.mark.parametrize("text", ["{", "\x00", "[" * 100_000, b"\xff\xfe", '{"sids": [}'])
    def test_what_is_no_json_ends_nothing(self, first, both, text):
        refused(send(first, "end/", text), 400, "invalid-request")
        assert len(sids()) == 2

    def test_a_mistake_is_pointed_at(self, first, both):
        body = refused(send(first, "end/", {"sids": [both[1]], "a/b~": 1}), 400, "invalid-request")
        assert body["errors"] == [{"pointer": "#/a~1b~0", "detail": "There is no such field."}]
        assert len(sids()) == 2

    def test_a_form_is_not_json(self, first, both):
        refused(first.post(f"{ROOT}/end/", {"sids": both[1]}), 415, "media-type")
        assert len(sids()) == 2

    def test_what_is_larger_than_the_site_reads_ends_nothing(self, first, both, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        refused(send(first, "end/", {"sids": [both[1]], "more": "A" * 2000}), 413, "too-large")
        assert len(sids()) == 2


class TestAnswering:
    """It was me, or it was not: said by an older session of a newer one, without proof."""

    def test_the_list_says_what_is_to_be_asked(self, first, second, both):
        assert listed(first)["unanswered"] == [both[1]]
        assert listed(second)["unanswered"] == []

    def test_what_is_confirmed_is_not_asked_again(self, first, later):
        assert checked(send(first, "confirm/", {"sid": later[1]})) == {"outcome": "confirmed", "sid": later[1]}
        assert listed(first)["unanswered"] == []
        assert len(sids()) == 2

    def test_what_is_disowned_ends(self, first, second, later):
        (ended,) = checked(send(first, "disown/", {"sid": later[1]}))["ended"]
        assert (ended["sid"], ended["reason"], ended["by"]["current"]) == (later[1], "disowned", True)
        assert (first.who(), second.who()) == ("ada", "")

    @pytest.mark.parametrize("path", ["confirm/", "disown/"])
    def test_who_came_later_has_no_say(self, second, both, path):
        refused(send(second, path, {"sid": both[0]}), 409, "not-answerable")
        assert len(sids()) == 2

    @pytest.mark.parametrize("path", ["confirm/", "disown/"])
    @pytest.mark.parametrize("sid", ["", "x", None, 1, {}, "A" * 10_000])
    def test_what_is_no_sid_is_not_found(self, first, both, path, sid):
        refused(send(first, path, {"sid": sid}), 404, "not-found")


class TestProof:
    """Ending other sessions asks for proof when the last one is too old (ASVS 7.5.2)."""

    @pytest.mark.parametrize("path", ["end/", "end-others/"])
    def test_without_it_nothing_ends_and_the_answer_says_what_to_do(self, first, later, path):
        body = refused(send(first, path, {"sids": [later[1]]}), 403, "reauthentication-required")
        assert (body["window"], body["method"], body["url"]) == (900, "password", f"{ROOT}/reauthenticate/")
        assert len(sids()) == 2
        assert listed(first)["reauthentication"]["recent"] is False

    def test_the_password_is_proof_and_holds_for_a_while(self, first, later):
        assert checked(send(first, "reauthenticate/", {"password": PASSWORD}))["recent"] is True
        assert listed(first)["reauthentication"]["recent"] is True
        assert send(first, "end/", {"sids": [later[1]]}).status_code == 200
        assert sids() == [later[0]]

    def test_it_renews_the_token_and_the_session_cookie(self, first, later):
        before, token = first.session_cookie(), first.session["_sojourn"][0]
        send(first, "reauthenticate/", {"password": PASSWORD})
        assert first.session_cookie() not in {"", before}
        assert first.session["_sojourn"][0] != token
        assert first.who() == "ada"

    def test_a_wrong_password_is_none_and_counts_as_a_failed_sign_in(self, first, later):
        heard: list[str] = []

        def receiver(credentials: Any, **_: Any) -> None:
            heard.append(credentials["username"])

        user_login_failed.connect(receiver)
        try:
            refused(send(first, "reauthenticate/", {"password": "wrong"}), 403, "wrong-password")
        finally:
            user_login_failed.disconnect(receiver)
        assert heard == ["ada"]
        assert listed(first)["reauthentication"]["recent"] is False

    def test_somebody_elses_password_is_none(self, first, later, bob):
        bob.set_password("bob's own 1")
        bob.save()
        refused(send(first, "reauthenticate/", {"password": "bob's own 1"}), 403, "wrong-password")

    @pytest.mark.parametrize(
        "body",
        [{}, {"password": ""}, {"password": 1}, {"password": "A" * 4097}, {"password": "\x00"}, {"password": "\ud800"}],
    )
    def test_what_is_no_password_is_not_even_tried(self, first, later, body):
        refused(send(first, "reauthenticate/", body), 400, "invalid-request")

    def test_who_has_no_password_here_is_told_to_sign_in_again(self, first, later, ada):
        type(ada)._base_manager.filter(pk=ada.pk).update(password="!none")
        first.post("/logout/")
        first.force_login(ada.__class__.objects.get(pk=ada.pk))
        body = listed(first)["reauthentication"]
        assert (body["method"], body["url"]) == ("sign-in", "/login/?next=%2Fsessions%2F")
        refused(send(first, "reauthenticate/", {"password": PASSWORD}), 403, "reauthentication-required")

    def test_whose_site_has_a_page_for_it_is_sent_there(self, first, later, sojourn):
        sojourn(LIMITS=[], ADAPTER="tests.django.test_reauthentication.WithPage")
        body = refused(send(first, "end-others/"), 403, "reauthentication-required")
        assert (body["method"], body["url"]) == ("page", "/prove/?next=/sessions/")
        refused(send(first, "reauthenticate/", {"password": PASSWORD}), 403, "reauthentication-required")

    def test_naming_and_signing_out_ask_for_none(self, first, later):
        assert send(first, "name/", {"sid": later[1], "name": "Phone"}).status_code == 200
        assert send(first, "sign-out/").status_code == 200


class TestName:
    """Naming a device."""

    def test_the_name_is_on_all_its_sessions(self, first, second, both):
        session = checked(send(first, "name/", {"sid": both[1], "name": "  My \n phone "}))["session"]
        assert (session["sid"], session["name"]) == (both[1], "My phone")
        assert {each["name"]: each["device"] for each in listed(second)["open"]} == {
            "My phone": "Mobile Safari on iOS",
            "": "Firefox on Windows",
        }
        second.post("/logout/")
        assert listed(first)["ended"][0]["name"] == "My phone"

    def test_an_empty_one_takes_it_away(self, first, both):
        send(first, "name/", {"sid": both[1], "name": "My phone"})
        assert checked(send(first, "name/", {"sid": both[1], "name": ""}))["session"]["name"] == ""

    def test_whoever_is_told_of_an_ending_reads_it(self, first, second, both):
        send(first, "name/", {"sid": both[0], "name": "Desk"})
        send(first, "end/", {"sids": [both[1]]})
        assert json.loads(second.get("/private/", headers=JSON).content)["by"]["name"] == "Desk"

    @pytest.mark.parametrize("name", [None, 1, [], {}, "A" * 65])
    def test_what_is_no_name_changes_nothing(self, first, both, name):
        body = refused(send(first, "name/", {"sid": both[1], "name": name}), 400, "invalid-request")
        assert body["errors"][0]["pointer"] == "#/name"

    @pytest.mark.parametrize("name", ["\x00", "\ud800", "\u202e evil", "<script>alert(1)</script>", "🐈" * 64])
    def test_an_odd_one_is_cleaned_and_kept(self, first, both, name):
        kept = checked(send(first, "name/", {"sid": both[1], "name": name}))["session"]["name"]
        assert kept == "".join(c if c.isprintable() else " " for c in name).strip()

    def test_those_of_others_are_not_there(self, first, both, bob):
        other = Browser()
        other.sign_in("bob")
        (theirs,) = sids("bob")
        refused(send(first, "name/", {"sid": theirs, "name": "Mine"}), 404, "not-found")
        assert listed(other)["open"][0]["name"] == ""

    @pytest.mark.parametrize("sid", ["", "x", None, 1, [], "\ud800"])
    def test_what_is_no_sid_is_not_found(self, first, both, sid):
        refused(send(first, "name/", {"sid": sid, "name": "Mine"}), 404, "not-found")

    def test_one_that_is_over_cannot_be_named(self, first, second, both):
        second.post("/logout/")
        refused(send(first, "name/", {"sid": both[1], "name": "Phone"}), 409, "not-nameable")


class TestSignOut:
    """Signing out."""

    def test_it_ends_this_one_and_says_so(self, first, second, both):
        body = checked(send(first, "sign-out/"))
        assert body == {"outcome": "signed-out", "detail": "You are signed out."}
        assert (first.who(), second.who()) == ("", "ada")
        assert reasons() == [EndReason.LOGOUT]
        refused(first.get(f"{ROOT}/"), 401, "not-signed-in")

    def test_it_asks_the_browser_to_clear_what_pages_stored(self, first, both):
        response = send(first, "sign-out/", secure=True)
        assert response["Clear-Site-Data"] == '"storage"'
