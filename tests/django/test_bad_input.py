"""Whatever is sent: a clear answer, no error of ours, nothing changed, and nothing of it shown as it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.django.browser import AsgiBrowser, Browser, open_sessions, recorded, sids

pytestmark = pytest.mark.django_db

EVIL = "Mozilla/5.0 <script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
LONG = "Mozilla/5.0 " + "A" * 10_000
TOKEN = "soj_00" + "A" * 43


def state() -> list[Any]:
    """Everything in our tables."""
    rows = []
    with connection.cursor() as cursor:
        for table in ("subject", "session", "ticket", "event"):
            cursor.execute(f"SELECT * FROM sojourn_{table}")
            rows += cursor.fetchall()
    return rows


class TestCookies:
    """What a browser may send in the place of a cookie of ours."""

    VALUES = ("", "x", "é", "\x7f", TOKEN, "a" * 32, "../../etc/passwd", "A" * 100_000, '"', "%00", "sessionid=a")

    @pytest.mark.parametrize("engine", ["db", "cache", "cached_db", "file", "signed_cookies"], indirect=True)
    @pytest.mark.parametrize("value", VALUES)
    def test_no_session_cookie_whatever_signs_anybody_in(self, engine, ada, value):
        browser = Browser()
        browser.cookies["sessionid"] = value
        assert browser.get("/whoami/").json()["user"] == ""
        assert state() == []

    @pytest.mark.parametrize("value", VALUES)
    @pytest.mark.parametrize("kind", [Browser, AsgiBrowser])
    def test_a_device_cookie_that_is_none_is_replaced(self, ada, kind, value):
        browser = kind()
        browser.cookies["sojourn_device"] = value
        assert browser.sign_in().status_code == 302
        assert len(browser.cookies["sojourn_device"].value) == 43
        assert browser.who() == "ada"

    def test_a_header_of_many_cookies_is_read_as_usual(self, first):
        first.sign_in()
        for number in range(500):
            first.cookies[f"c{number}"] = "x" * 200
        assert first.who() == "ada"


class TestBinding:
    """What may stand in Django's session in the place of our token, if somebody can write there."""

    VALUES = (
        None,
        "",
        TOKEN,
        [],
        [TOKEN],
        [TOKEN, "1", "2"],
        [1, 2],
        [None, None],
        [TOKEN, None],
        [TOKEN, "1"],
        ["soj_" + "é" * 45, "1"],
        ["A" * 100_000, "1"],
        [{"a": []}, "1"],
        {"token": TOKEN},
        1,
        True,
    )

    @pytest.mark.parametrize("value", VALUES)
    def test_it_signs_nobody_in(self, first, value):
        first.sign_in()
        session = first.session
        session["_sojourn"] = value
        session.save()
        before = state()
        assert first.get("/whoami/").json()["user"] == ""
        assert state() == before

    def test_somebody_elses_token_signs_nobody_in(self, first, second, bob):
        first.sign_in()
        second.sign_in("bob")
        session = first.session
        session["_sojourn"] = second.session["_sojourn"]
        session.save()
        assert first.who() == ""

    def test_somebody_elses_token_with_ones_own_name_on_it_signs_nobody_in(self, first, second, bob):
        first.sign_in()
        second.sign_in("bob")
        session = first.session
        session["_sojourn"] = [second.session["_sojourn"][0], session["_auth_user_id"]]
        session.save()
        assert first.who() == ""

    @pytest.mark.parametrize("value", [None, 1, "x", ["x"], {"a": "b"}, [{}], [{"device": 1}], "A" * 10_000])
    def test_a_damaged_notice_is_no_error(self, first, value):
        first.sign_in()
        session = first.session
        session["_sojourn_ended"] = value
        session.save()
        assert first.get("/sessions/").status_code == 200


class TestHeaders:
    """What a request says of itself."""

    @pytest.mark.parametrize("agent", [EVIL, LONG, "", "\x00\x01\x1b[31m\u202e", "é" * 3000, EVIL * 200])
    def test_no_user_agent_whatever_is_an_error_or_comes_back_as_it_was(self, limit, first, agent):
        limit("refuse")
        odd = Browser(agent)
        assert odd.sign_in().status_code == 302
        (session,) = open_sessions()
        assert len(session.device.label) < 150
        assert session.device.label.isprintable()
        page = first.sign_in()
        assert page.status_code == 409
        for text in (page.content.decode(), odd.get("/sessions/").content.decode()):
            assert "<script>alert" not in text
            assert "<img src=x" not in text
            assert "\x1b" not in text
        for event in recorded():
            texts = json.dumps(event, ensure_ascii=False)
            assert "<script>" not in texts
            assert "\\u001b" not in texts

    @pytest.mark.parametrize(
        "forwarded",
        ["203.0.113.9", "<script>", "A" * 10_000, ",,,,", "\x00", "203.0.113.9, evil, 198.51.100.1", "::1%eth0"],
    )
    def test_forwarded_addresses_count_for_nothing_without_trusted_proxies(self, first, forwarded):
        first.sign_in(headers={"x-forwarded-for": forwarded})
        assert open_sessions()[0].address == "127.0.0.1"

    def test_with_one_trusted_proxy_only_what_it_wrote_counts(self, sojourn, first):
        sojourn(TRUSTED_PROXY_HOPS=1)
        first.sign_in(headers={"x-forwarded-for": "203.0.113.9, 198.51.100.7"})
        assert open_sessions()[0].address == "198.51.100.7"

    @pytest.mark.parametrize("forwarded", ["", "evil", "203.0.113.9, <script>"])
    def test_what_is_no_address_is_not_known(self, sojourn, first, forwarded):
        sojourn(TRUSTED_PROXY_HOPS=1)
        first.sign_in(headers={"x-forwarded-for": forwarded})
        assert open_sessions()[0].address == ""

    @pytest.mark.parametrize("accept", ["", "*/*", "x", "text/html;q=x", "application/json;q=0", "A" * 10_000, "\x00"])
    def test_no_accept_header_whatever_is_an_error(self, limit, first, second, accept):
        limit("refuse")
        first.sign_in()
        assert second.sign_in(headers={"accept": accept}).status_code == 409

    @pytest.mark.parametrize("where", ["image", "script", "empty", "document", "A" * 1000, "\x00"])
    def test_no_fetch_metadata_whatever_is_an_error(self, limit, first, second, where):
        limit("end_existing")
        first.sign_in()
        second.sign_in()
        assert first.get("/private/", headers={"sec-fetch-dest": where}).status_code in {302, 401}


class TestSids:
    """Ids of sessions in addresses and answers."""

    VALUES = ("x", "0" * 24, "a" * 10_000, "%00", "..%2f..", "é", "' OR 1=1 --", "🫖")

    @pytest.mark.parametrize("sid", VALUES)
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_one_that_is_none_is_not_found_and_ends_nothing(self, first, sid, method):
        first.sign_in()
        before = state()
        response = getattr(first, method)(f"/sessions/end/{sid}/")
        assert response.status_code == 404
        assert state() == before

    @pytest.mark.parametrize("old", [False, True], ids=["lately", "long ago"])
    def test_somebody_elses_is_not_found_and_does_not_end(self, first, second, bob, clock, old):
        first.sign_in()
        second.sign_in("bob")
        if old:
            clock.advance(20 * 60_000)
        first.get("/plain/")
        second.get("/plain/")
        before = state()
        for data in ({}, {"password": "wrong"}, {"password": "Tea at half past four."}):
            assert first.post(f"/sessions/end/{sids('bob')[0]}/", data).status_code == 404
        assert first.get(f"/sessions/end/{sids('bob')[0]}/").status_code == 404
        assert state() == before
        assert second.who() == "bob"

    @pytest.mark.parametrize("sid", VALUES)
    def test_one_that_is_none_is_no_answer_to_the_question(self, limit, first, second, sid):
        limit("ask")
        first.sign_in()
        second.sign_in()
        assert second.choose(sid).status_code == 409
        assert first.who() == "ada"
        assert second.who() == ""

    def test_thousands_of_them_are_no_answer_either(self, limit, first, second):
        limit("ask")
        first.sign_in()
        second.sign_in()
        assert second.choose(*(["0" * 24] * 900)).status_code == 409

    @pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000, "\x00", "1e999", '{"end": [1]}', '"' * 3])
    def test_json_of_any_kind_is_no_error(self, limit, first, second, body):
        limit("ask")
        first.sign_in()
        second.sign_in()
        assert second.post("/sessions/choose/", body, content_type="application/json").status_code == 410


class TestMethods:
    """GET changes nothing, and a form must come from the site itself."""

    ENDING = ("/sessions/end-others/", "/sessions/sign-out/", "/sessions/choose/", "/sessions/end/{sid}/", "/logout/")

    @pytest.mark.parametrize("path", ENDING)
    @pytest.mark.parametrize("method", ["get", "head", "options"])
    def test_safe_methods_end_nothing(self, sojourn, first, second, path, method):
        sojourn(LIMITS=[])
        first.sign_in()
        second.sign_in()
        before = state()
        getattr(first, method)(path.format(sid=next(sid for sid in sids())))
        assert state() == before

    @pytest.mark.parametrize(
        "path", ["/sessions/", "/sessions/choose/", "/sessions/end-others/", "/sessions/end/{sid}/"]
    )
    @pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
    def test_other_methods_are_not_allowed(self, first, path, method):
        first.sign_in()
        before = state()
        assert getattr(first, method)(path.format(sid=sids()[0])).status_code == 405
        assert state() == before

    @pytest.mark.parametrize("path", ["/sessions/end-others/", "/sessions/sign-out/", "/sessions/end/{sid}/"])
    @pytest.mark.parametrize("guarded_by", ["middleware", "our own views"])
    def test_a_form_without_its_csrf_token_ends_nothing(self, settings, sojourn, first, second, path, guarded_by):
        sojourn(LIMITS=[])
        first.sign_in()
        second.sign_in()
        if guarded_by == "our own views":
            settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
        forged = Browser(enforce_csrf_checks=True)
        forged.cookies = first.cookies
        before = state()
        assert forged.post(path.format(sid=sids()[0])).status_code == 403
        assert state() == before


_TEXT = st.text(max_size=200)
_HEADER = st.text(st.characters(max_codepoint=255), max_size=200)  # as a server hands them on


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(agent=_HEADER, accept=_HEADER, device=_HEADER, ticket=_HEADER, username=_TEXT, following=_TEXT)
def test_no_text_whatever_makes_a_sign_in_fail_with_an_error(db, agent, accept, device, ticket, username, following):
    if not User.objects.filter(username="ada").exists():
        User.objects.create_user("ada", password="x")
    browser = Browser()
    headers = {"user-agent": agent, "accept": accept, "cookie": f"sojourn_device={device}; sojourn_ticket={ticket}"}
    for name in ("ada", username):
        data = {"username": name, "password": "x", "next": following}
        assert browser.post("/login/", data, headers=headers).status_code in {200, 302}
    assert browser.post("/sessions/choose/", {"end": [username]}, headers=headers).status_code in {302, 409, 410}
