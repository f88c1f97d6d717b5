"""What a check cannot tell is never a pass and never a failure: it says why, and that is all it says."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from sojourn.probe.errors import NotRestored, NotTestable, ProbeError
from sojourn.probe.examining.demands import Span
from sojourn.probe.examining.examination import Attempt
from sojourn.probe.profiles.declared import Overflow
from sojourn.probe.wire.visitor import Page
from tests.probe.staged import (
    BROKEN,
    OPEN,
    QUIET,
    SHUT,
    TOKEN,
    URL,
    Browser,
    gone,
    limit,
    page,
    refused,
    staged,
    tour,
    turns,
)


def said(module: str, monkeypatch: pytest.MonkeyPatch, *, error: type[ProbeError] = NotTestable, **what: Any) -> str:
    """Why a check could not be made of what is staged."""
    look = staged(module, monkeypatch, **what)
    with pytest.raises(error) as told:
        look()
    return str(told.value)


@pytest.mark.parametrize("module", ["session_fixation", "logout_cookie", "cookie_secure", "cookie_lifetime"])
def test_without_a_cookie_that_carries_the_session(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No single cookie" in said(module, monkeypatch, survey={"carriers": ()})


@pytest.mark.parametrize("module", ["tampered_token", "token_from_elsewhere", "token_content", "token_signature"])
def test_without_any_value_that_carries_the_session(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = Browser(OPEN, token="")
    told = said(module, monkeypatch, survey={"visitor": nobody}, sign_in=lambda *_, **__: nobody)
    assert "No single value" in told


@pytest.mark.parametrize("module", ["logout_csrf", "logout_get"])
def test_without_a_way_to_sign_out(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No way to sign out" in said(module, monkeypatch, survey={"logout": None})


@pytest.mark.parametrize("module", ["logout_csrf", "sign_in_again"])
def test_where_a_bearer_token_carries_the_session(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "bearer token" in said(module, monkeypatch, sign_in=lambda: Browser(OPEN, bearer=TOKEN))


@pytest.mark.parametrize("module", ["logout_csrf", "logout_get"])
def test_where_the_way_out_leads_nowhere_a_forged_one_proves_nothing(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "does not sign out" in said(module, monkeypatch)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("absolute_lifetime", "did not open right after"),
        ("sign_in_again", "did not open right after"),
        ("tampered_token", "not enough to be signed in"),
        ("token_from_elsewhere", "ended before"),
        ("token_signature", "ended before"),
    ],
)
def test_where_the_session_itself_does_not_open(module: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    jwt = Browser(OPEN, token="eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.aaaabbbbccccdddd1111")
    told = said(
        module,
        monkeypatch,
        known={"_step": 1.0} if module == "absolute_lifetime" else {},
        profile={"wait": 60.0},
        sign_in=lambda *_, **__: jwt,
        look=lambda *_, **__: (False, SHUT),
    )
    assert why in told


@pytest.mark.parametrize("module", ["tampered_token", "token_from_elsewhere", "token_signature"])
def test_where_it_ended_meanwhile_what_was_refused_proves_nothing(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    jwt = Browser(SHUT, token="eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.aaaabbbbccccdddd1111")
    look = turns((True, OPEN), (False, SHUT))
    assert "ended while" in said(module, monkeypatch, sign_in=lambda *_, **__: jwt, look=look)


def test_where_the_token_is_too_short_to_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "too short" in said("tampered_token", monkeypatch, sign_in=lambda: Browser(OPEN, token="1007"))


def test_where_a_used_session_is_answered_with_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    told = said(
        "absolute_lifetime",
        monkeypatch,
        known={"_step": 1.0},
        profile={"wait": 60.0},
        sign_in=lambda: Browser(BROKEN),
    )
    assert "answered 503" in told


def test_where_what_is_planted_opens_before_anybody_has_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = [("what was planted", Browser(OPEN))]
    told = said("session_fixation", monkeypatch, known={"_prepared": planted})
    assert "opens with what was planted, before anybody has signed in" in told


def test_where_nobody_is_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = [("what was planted", Browser(OPEN))]
    shut = {"look": lambda *_, **__: (False, SHUT), "attempt": refused}
    assert "No sign-in was admitted" in said("session_fixation", monkeypatch, known={"_prepared": planted}, **shut)
    assert "was not admitted" in said("sign_in_again", monkeypatch, attempt=refused)
    told = said("token_unpredictable", monkeypatch, attempt=refused, attempts=lambda visitors: [refused()] * 4)
    assert "Only 0 of 8" in told


def test_where_a_second_sign_in_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"_again": (Attempt(Browser(OPEN), (OPEN,), admitted=True), False)}
    assert "led past the login page" in said("sign_in_again", monkeypatch, known=known)


@pytest.mark.parametrize(
    ("answer_", "why"),
    [
        ({"inside": True}, "did not sign out the browser"),
        ({"answer": page("", status=404)}, "answered 404"),
        ({"answer": QUIET}, "scripts fill"),
        ({"answer": page('{"bye": "now"}', ("Content-Type", "application/json"))}, "with data"),
    ],
)
def test_where_the_answer_to_a_sign_out_says_nothing_by_itself(
    answer_: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert why in said("logout_message", monkeypatch, known={"departure": gone(**answer_)})


def test_where_signing_out_goes_over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = page(url="http://app.example/")
    assert "over https only" in said("clear_site_data", monkeypatch, known={"departure": gone(answer=plain)})


def test_where_one_browser_cannot_sign_out_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"pair": (Browser(OPEN), Browser(OPEN))}
    assert "does not sign out the browser" in said("logout_of_one", monkeypatch, known=both)


@pytest.mark.parametrize(
    ("known", "does", "why"),
    [
        ({"departure": gone(opened=(OPEN,))}, {}, "ends nothing here"),
        ({"_slowest": [URL]}, {"sign_in": lambda: Browser(BROKEN)}, "answered 503"),
        ({"_slowest": [URL], "_race": (BROKEN, [])}, {}, "it may have failed"),
        ({"_slowest": [URL], "_race": (SHUT, [])}, {}, "No request was under way"),
    ],
)
def test_where_no_request_is_under_way_during_a_sign_out(
    known: dict[str, Any], does: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert why in said("logout_race", monkeypatch, known={"departure": gone(), **known}, **does)


@pytest.mark.parametrize(
    ("module", "changes", "why"),
    [
        ("caches", {"inside": ()}, "No page that needs a session"),
        ("forwarded_address", {}, "No page that was seen shows an address"),
        ("forwarded_address", {"inside": (page("from 192.0.2.7"),)}, "shows none any more"),
        ("sign_out_everywhere", {"inside": ()}, "No page for people"),
        (
            "sign_out_everywhere",
            {"inside": (page("<p>Hello<script>menu()</script>", ("Content-Type", "text/html")),)},
            "their scripts may make one",
        ),
        ("token_in_page", {"tokens": ()}, "long enough"),
        ("token_in_url", {"tokens": ()}, "long enough"),
    ],
)
def test_where_the_pages_that_were_seen_show_nothing(
    module: str, changes: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert why in said(module, monkeypatch, known={"toured": tour(**changes)})


@pytest.mark.parametrize(
    ("module", "changes", "why"),
    [
        ("newcomer_told", {"overflow": None}, "No limit was observed"),
        ("newcomer_told", {"last": Attempt(Browser(OPEN), (QUIET,), admitted=False)}, "nothing that can be read"),
        ("ended_told", {}, "nobody to tell"),
        (
            "ended_told",
            {"ended": (SimpleNamespace(before=OPEN, after=QUIET, stranger=SHUT),)},
            "nothing that can be read",
        ),
        ("pending_opens_nothing", {"overflow": None}, "No limit was observed"),
        ("pending_opens_nothing", {"overflow": Overflow.ENDS}, "an older session ends"),
        ("pending_opens_nothing", {"prying": SimpleNamespace(tried=0)}, "a stranger does not"),
        ("session_limit_race", {"overflow": None}, "none to break"),
    ],
)
def test_where_the_limit_does_nothing_of_the_kind(
    module: str, changes: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert why in said(module, monkeypatch, known={"limit": limit(**changes)})


def test_where_a_burst_would_fill_the_limit_or_leaves_nobody_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"limit": limit(), "browser": Browser(SHUT), "_more": 1}
    told = said("session_limit_race", monkeypatch, known=known, survey={"logout": None})
    assert "one burst would fill the limit" in told
    nobody = {"attempts": lambda visitors: [refused()] * len(visitors), "look": lambda *_: (False, SHUT)}
    assert "is signed in afterwards" in said("session_limit_race", monkeypatch, known=known, **nobody)


@pytest.mark.parametrize(
    ("module", "changes", "why"),
    [
        ("revoke_asks", {}, "was not ended"),
        ("revoke_forged", {}, "was not ended by the form itself"),
    ],
)
def test_where_the_other_session_was_not_ended(
    module: str, changes: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = {"asked_password": False, "ended": False, "by_get": None, "by_forgery": None, "before": None, "pressed": []}
    assert why in said(module, monkeypatch, known={"pressed": SimpleNamespace(**{**usual, **changes})})


@pytest.mark.parametrize("listing", [None, SimpleNamespace(shows_other=False)])
def test_where_there_is_no_list_of_sessions(listing: object, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"revocation": SimpleNamespace(listing=listing, secrets=["something"])}
    assert "No list of sessions" in said("session_list_secrets", monkeypatch, known=known)


def test_where_scripts_may_add_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = SimpleNamespace(shows_other=False, alone=QUIET, both=QUIET, url=URL)
    known = {"revocation": SimpleNamespace(listing=listing)}
    assert "scripts may add to it" in said("session_list", monkeypatch, known=known)


@pytest.mark.parametrize(
    ("target", "why"), [("http://app.example", "plain http"), ("https://192.0.2.1", "an IP address")]
)
def test_where_browsers_ignore_the_header(target: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why in said("hsts", monkeypatch, profile={"target": target})


@pytest.mark.parametrize(
    ("target", "why"), [("http://localhost:8000", "on this machine"), ("https://app.example:8443", "is not known")]
)
def test_where_it_is_not_known_what_answers_without_tls(target: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why in said("plain_http", monkeypatch, profile={"target": target})


def test_where_a_script_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "A real browser" in said("login_csrf", monkeypatch, profile={"browser": True})
    assert "A script signs in" in said("login_csrf", monkeypatch)
    sent = replace(OPEN.exchange, method="POST", request_headers=(("Content-Type", "application/json"),))
    assert "as JSON" in said("login_csrf", monkeypatch, survey={"signed_in": (Page((sent,)),)})


def test_where_headers_of_proxies_are_answered_with_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "answered 503" in said("forwarded_host", monkeypatch, visitor=lambda: Browser(BROKEN))


def test_where_malformed_ids_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"_instead": Browser(page("", status=423))}
    monkeypatch.setattr("sojourn.probe.checks.malformed_ids.ODD", {"empty": ""})
    busy = SimpleNamespace(url=URL, shows=lambda seen: None if seen.status == 423 else seen is OPEN)
    told = said("malformed_ids", monkeypatch, known={**known, "as_stranger": SHUT}, survey={"marks": (busy,)})
    assert "No request with a malformed id was answered" in told
    monkeypatch.setattr("sojourn.probe.checks.malformed_ids.as_stranger", turns(SHUT, page("", status=403)))
    told = said("malformed_ids", monkeypatch, known=known, survey={"marks": (busy,)})
    assert "took offence" in told


def test_where_nothing_is_asked_for_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    still = SimpleNamespace(span=Span(60.0, None))
    assert "was still open" in said("passive_traffic", monkeypatch, known={"idle": still})
    over = SimpleNamespace(span=Span(60.0, 120.0))
    assert "No page was seen" in said("passive_traffic", monkeypatch, known={"idle": over, "_found": []})
    same = {"_found": [URL]}  # answered to everybody alike
    told = said("passive_traffic", monkeypatch, known={"idle": over, **same}, visitor=lambda: Browser(OPEN))
    assert "No page was seen" in told


def test_an_account_that_cannot_sign_in_any_more_is_told_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    class Disabled:
        def __enter__(self) -> Page:
            return SHUT

        def __exit__(self, *_: object) -> None: ...

    known = {"administrator": (Browser(OPEN), None), "browser": Browser(SHUT), "disabled": Disabled(), "leave": True}
    told = said(
        "disabled_stays_out",
        monkeypatch,
        known=known,
        error=NotRestored,
        look=turns((True, OPEN), (False, SHUT)),
        attempt=refused,
    )
    assert "MAY BE DISABLED STILL" in told
