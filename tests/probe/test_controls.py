"""A weakness is seen only where it is one: what happens to everybody, whatever they bring, is none."""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.examining.examination import Attempt
from tests.probe.staged import OPEN, SHUT, TOKEN, URL, Browser, gone, limit, page, staged, tour, turns


def test_a_page_that_opens_whatever_is_brought_does_not_open_by_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = {"visitor": lambda: Browser(OPEN)}
    assert staged("token_from_elsewhere", monkeypatch, **everybody)().answer is Answer.PASS


def test_a_page_for_everybody_is_no_copy_of_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    public = page("News for all", ("Cache-Control", "no-store"))
    known = {"toured": tour(visitor=Browser(public), pages=(public,), inside=(public,)), "opens": True}
    assert staged("caches", monkeypatch, known=known, visitor=lambda: Browser(public))().answer is Answer.PASS


def test_a_stranger_who_gets_no_copy_is_no_sign_of_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    private = page("Mine", ("Cache-Control", "no-store"))
    known = {"toured": tour(visitor=Browser(private), pages=(private,), inside=(private,))}
    monkeypatch.setattr("sojourn.probe.checks.caches.opens", lambda seen, _: seen is private)
    assert staged("caches", monkeypatch, known=known)().answer is Answer.PASS


def test_a_refusal_without_tls_is_one_only_if_the_login_page_itself_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = page("no", status=403, url="http://app.example/login").exchange
    refuses, opens = (page(status=status, url="https://app.example/login") for status in (403, 200))
    known = {"_without_tls": refusal.url, "_follow": [refusal]}
    for seen, answer in ((opens, Answer.PASS), (refuses, Answer.WARN)):
        look = staged("plain_http", monkeypatch, known=known, visitor=lambda seen=seen: Browser(seen))
        assert look().answer is answer


def test_a_login_page_that_gives_no_id_has_nothing_but_a_made_up_one_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    said = staged(
        "session_fixation", monkeypatch, look=lambda *_, **__: (False, SHUT), visitor=lambda: Browser(SHUT, token="")
    )()
    assert said.answer is Answer.PASS
    assert "made up" in said.summary
    assert "gave out" not in said.summary


def test_one_kind_of_id_that_nobody_is_admitted_with_does_not_spoil_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"_prepared": [("one", Browser(OPEN)), ("other", Browser(OPEN))]}
    admitted = turns(Attempt(Browser(SHUT), (SHUT,), admitted=False), Attempt(Browser(OPEN), (OPEN,), admitted=True))
    said = staged("session_fixation", monkeypatch, known=known, look=lambda *_: (False, SHUT), attempt=admitted)()
    assert (said.answer, said.summary) == (Answer.PASS, "After a sign-in in the same browser, other opens nothing")


def test_a_cookie_that_is_replaced_at_the_sign_out_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = tuple(replace(each, value="another") for each in Browser(OPEN).jar)
    look = staged("logout_cookie", monkeypatch, known={"departure": gone(left=fresh)})
    assert look().answer is Answer.PASS
    look = staged("logout_cookie", monkeypatch, known={"departure": gone(left=tuple(Browser(OPEN).jar))})
    assert look().answer is Answer.WARN


def test_a_password_that_was_asked_for_counts_though_the_session_did_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    done = SimpleNamespace(asked_password=True, ended=False, before=None, pressed=[])
    assert staged("revoke_asks", monkeypatch, known={"pressed": done})().answer is Answer.PASS


@pytest.mark.parametrize(("said", "answer"), [("Lax", Answer.WARN), ("None", Answer.FAIL), ("", Answer.FAIL)])
def test_samesite_makes_a_forged_request_less_bad_and_no_less_wrong(
    said: str, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = SimpleNamespace(by_get=None, by_forgery=OPEN.exchange, ended=True, before=None, pressed=[])
    cookie = page("", ("Set-Cookie", f"sid={TOKEN}; SameSite={said}"))
    survey = {"signed_in": (cookie,)}
    assert staged("revoke_forged", monkeypatch, known={"pressed": done}, survey=survey)().answer is answer
    known = {"same_site": said.lower(), "guessable": {}}
    look = staged("logout_csrf", monkeypatch, known=known, look=turns((True, OPEN), (False, SHUT)))
    assert look().answer is answer


def test_a_way_out_by_get_is_found_in_either_kind_of_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for method, words in (("GET", "Signing out is a link"), ("POST", "signs out by GET as well")):
        out = SimpleNamespace(method=method, url="https://app.example/logout", describe=lambda: "")
        look = staged("logout_get", monkeypatch, survey={"logout": out}, look=turns((True, OPEN), (False, SHUT)))
        verdict = look()
        assert (verdict.answer, words in verdict.summary) == (Answer.FAIL, True)


def test_a_token_that_only_an_address_holds_is_another_checks_business(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = page(f'<a href="/x?s={TOKEN}">x</a>', ("Content-Type", "text/html"))
    written = page(f'<a href="/x?s={TOKEN}">{TOKEN}</a>', ("Content-Type", "text/html"))
    for seen, answer in ((linked, Answer.PASS), (written, Answer.FAIL)):
        look = staged("token_in_page", monkeypatch, known={"toured": tour(pages=(seen,), signing_in=())})
        assert look().answer is answer


def test_where_a_bearer_token_signs_in_the_answer_that_gave_it_may_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gave = page(f'{{"token": "{TOKEN}"}}')
    seen = tour(visitor=Browser(OPEN, bearer=TOKEN), signing_in=(gave,))
    assert staged("token_in_page", monkeypatch, known={"toured": seen})().answer is Answer.PASS
    assert staged("token_in_page", monkeypatch, known={"toured": tour(signing_in=(gave,))})().answer is Answer.FAIL


def test_an_id_that_stays_is_worse_where_something_is_remembered_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(*values: str) -> Browser:
        form = '<form method="post"><input type="hidden" name="csrf" value="{}"></form>'
        return Browser(*(page(form.format(value)) for value in values))

    for found, answer in ((["same"], Answer.FAIL), (["this", "that"], Answer.WARN), ([""], Answer.WARN)):
        known = {"bringing": shown(*found), "as_stranger": SHUT}
        strangers = turns(shown("one"), shown("other"))
        look = staged("unknown_ids", monkeypatch, known=known, visitor=strangers, survey={"marks": (closed(),)})
        assert look().answer is answer


@pytest.mark.parametrize(
    ("digits", "answer"), [(32, Answer.PASS), (31, Answer.WARN), (16, Answer.WARN), (15, Answer.FAIL)]
)
def test_tokens_of_128_bits_are_enough_and_those_of_less_than_64_can_be_searched(
    digits: int, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(6)
    issued = [Browser(OPEN, token=f"{chance.getrandbits(4 * digits):0{digits}x}") for _ in range(5)]
    attempts = [Attempt(each, (OPEN,), admitted=True) for each in issued]
    look = staged("token_unpredictable", monkeypatch, attempts=lambda _: attempts[:1], attempt=turns(*attempts[1:]))
    assert look().answer is answer


@pytest.mark.parametrize(
    ("sessions", "said"), [(2, ""), (3, "privileged accounts only"), (4, "privileged accounts and 2 to others")]
)
def test_a_limit_is_compared_with_what_fedramp_allows(
    sessions: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = limit(sessions=sessions, which="")
    verdict = staged("session_limit", monkeypatch, known={"limit": seen}, profile={"extra": {"limit": {}}})()
    assert (verdict.answer, bool(verdict.details)) == (Answer.PASS, bool(said))
    assert said in " ".join(verdict.details)


def closed() -> SimpleNamespace:
    return SimpleNamespace(url=URL, shows=lambda _: False)
