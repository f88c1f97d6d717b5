"""What is said of a cookie, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.probe.answers import Answer, Verdict
from sojourn.probe.checks import all_checks
from sojourn.probe.checks.cookie_prefix import framework_of
from sojourn.probe.checks.hsts import seconds_of
from sojourn.probe.errors import NotTestable
from tests.probe.seen import answer, examined

CHECKS = {check.id: check for check in all_checks()}
URL = "https://app.example/login"


def judged(check: str, cookie: str, *, url: str = URL, **more: Any) -> Verdict:
    date = ("Date", "Sun, 22 Nov 2026 10:00:00 GMT")
    return CHECKS[check].look(examined(answer(url, ("Set-Cookie", cookie), date), **more))


@pytest.mark.parametrize(
    ("check", "cookie", "expected"),
    [
        ("cookie-secure", "sid=1; SECURE", Answer.PASS),
        ("cookie-secure", "sid=1; Path=/secure", Answer.FAIL),
        ("cookie-httponly", "sid=1; httponly=whatever", Answer.PASS),
        ("cookie-samesite", "sid=1; SameSite=strict", Answer.PASS),
        ("cookie-samesite", "sid=1; SameSite=Sometimes", Answer.WARN),
        ("cookie-scope", "sid=1; Domain=", Answer.PASS),
        ("cookie-scope", "sid=1; Domain=.app.example", Answer.WARN),
        ("cookie-lifetime", "sid=1; Max-Age=43200", Answer.PASS),
        ("cookie-lifetime", "sid=1; Max-Age=43200; Expires=Fri, 31 Dec 2100 23:59:59 GMT", Answer.PASS),
        ("cookie-lifetime", "sid=1; Expires=Mon, 23 Nov 2026 10:00:30 GMT", Answer.PASS),
        ("cookie-lifetime", "sid=1; Expires=Tue, 24 Nov 2026 10:00:00 GMT", Answer.WARN),
        ("cookie-lifetime", "sid=1; Expires=as long as you like", Answer.PASS),
        ("cookie-lifetime", "sid=1; Max-Age=2592061", Answer.FAIL),
        ("cookie-size", f"sid={'a' * 4093}", Answer.PASS),
        ("cookie-size", f"sid={'a' * 4094}", Answer.FAIL),
    ],
)
def test_each_attribute_is_read_as_a_browser_reads_it(check: str, cookie: str, expected: Answer) -> None:
    assert judged(check, cookie).answer is expected


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (frozenset(), Answer.FAIL),
        (frozenset({"elsewhere.example"}), Answer.FAIL),
        (frozenset({"shop.app.example"}), Answer.WARN),
    ],
)
def test_a_cookie_of_the_domain_above_is_shared_on_purpose_only_with_hosts_that_are_named(
    hosts: frozenset[str], expected: Answer
) -> None:
    at = "https://www.app.example/login"
    assert judged("cookie-scope", "sid=1; Domain=app.example", url=at, hosts=hosts).answer is expected


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("__Host-sid=1; Secure; Path=/", Answer.PASS),
        ("__Host-sid=1; Secure; Path=/app", Answer.WARN),
        ("__Host-sid=1; Secure; Path=/; Domain=app.example", Answer.WARN),
        ("__Secure-sid=1; Secure; Path=/; Domain=app.example", Answer.PASS),
        ("__Secure-sid=1; Secure; Path=/", Answer.WARN),
        ("sid=1; Secure; Path=/", Answer.WARN),
    ],
)
def test_a_prefix_has_to_keep_its_promise(cookie: str, expected: Answer) -> None:
    assert judged("cookie-prefix", cookie, carriers=(cookie.partition("=")[0],)).answer is expected


def test_names_that_frameworks_give_are_known_with_any_prefix() -> None:
    assert framework_of("PHPSESSID") == "PHP"
    assert framework_of("__Host-connect.sid") == "Express"
    assert framework_of("__Host-session") == ""
    assert "Django" in judged("cookie-prefix", "sessionid=1; Secure", carriers=("sessionid",)).details[0]


def test_the_cookie_counts_as_it_was_set_last() -> None:
    first, second = ("Set-Cookie", "sid=1"), ("Set-Cookie", "sid=2; HttpOnly")
    assert CHECKS["cookie-httponly"].look(examined(answer(URL, first), answer(URL, second))).answer is Answer.PASS
    assert CHECKS["cookie-httponly"].look(examined(answer(URL, second), answer(URL, first))).answer is Answer.FAIL


def test_other_cookies_than_the_sessions_own_may_be_as_they_like() -> None:
    answered = answer(URL, ("Set-Cookie", "language=en"), ("Set-Cookie", "sid=1; HttpOnly"))
    assert CHECKS["cookie-httponly"].look(examined(answered)).answer is Answer.PASS


@pytest.mark.parametrize("check", sorted(each for each in CHECKS if each.startswith("cookie-")))
def test_where_no_cookie_carries_the_session_nothing_is_passed(check: str) -> None:
    with pytest.raises(NotTestable):
        CHECKS[check].look(examined(answer(URL), carriers=()))


@pytest.mark.parametrize("check", ["cookie-secure", "cookie-prefix"])
def test_what_needs_tls_is_not_judged_without(check: str) -> None:
    with pytest.raises(NotTestable, match="https"):
        judged(check, "sid=1", url="http://app.example/login", target="http://app.example")


def test_a_year_is_read_from_the_header_as_browsers_do() -> None:
    assert seconds_of('includeSubDomains ; MAX-AGE="31536000"') == 31_536_000
    assert seconds_of("max-age=1 year") == 0
    assert seconds_of("x-max-age=5") == 0


@pytest.mark.parametrize("target", ["http://app.example", "https://192.0.2.7", "https://[2001:db8::7]"])
def test_hsts_is_not_judged_where_browsers_ignore_it(target: str) -> None:
    with pytest.raises(NotTestable):
        CHECKS["hsts"].look(examined(answer(f"{target}/login"), target=target))


def test_hsts_is_wanted_on_every_answer() -> None:
    said = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    assert CHECKS["hsts"].look(examined(answer(URL, said))).answer is Answer.PASS
    assert CHECKS["hsts"].look(examined(answer(URL), answer(URL, said))).answer is Answer.WARN


def test_a_port_without_tls_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(NotTestable, match=r"\[transport\]"):
        CHECKS["plain-http"].look(examined(answer(URL), target="https://app.example:8443"))
    with pytest.raises(NotTestable, match="this machine"):
        CHECKS["plain-http"].look(examined(answer(URL), target="http://localhost:8000"))


def test_of_several_cookies_the_one_that_stays_longest_is_judged() -> None:
    both = (("Set-Cookie", "sid=1"), ("Set-Cookie", "again=2; Max-Age=2592061"))
    verdict = CHECKS["cookie-lifetime"].look(examined(answer(URL, *both), carriers=("sid", "again")))
    assert (verdict.answer, verdict.summary.split()[0]) == (Answer.FAIL, "again")
