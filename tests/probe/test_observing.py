"""What an operator declares of the limit, and what the words of a page tell of it."""

from __future__ import annotations

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks.session_limit import CHECK
from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles.declared import Overflow, declared
from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.reading.news import likeness, news, quiet, secrets_in, speaks_of_sessions
from sojourn.probe.running import audit
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page
from tests.patients.limited import Limited
from tests.patients.serving import serving


def profile(**table: object) -> Profile:
    return Profile("https://app.example", Account("ann", Secret("-")), extra={"limit": table})


def page(body: str, url: str = "https://app.example/") -> Page:
    return Page((Exchange("GET", url, (), "", 200, (), body, 1),))


def test_six_sign_ins_are_made_unless_the_declared_limit_needs_more() -> None:
    assert declared(profile()).at_most == 6
    assert declared(profile(max_sessions=9)).at_most == 10
    assert declared(profile(max_sessions=9, at_most=3)).at_most == 3
    assert declared(profile(overflow="ask")).overflow is Overflow.ASKS


@pytest.mark.parametrize(
    "wrong",
    [{"max_sessions": 0}, {"max_sessions": True}, {"overflow": "end"}, {"at_most": 1}, {"at_most": "6"}, {"most": 6}],
)
def test_a_wrong_declaration_is_told(wrong: dict) -> None:
    with pytest.raises(WrongProfile, match="limit"):
        declared(profile(**wrong))


@pytest.mark.parametrize(
    ("said", "answer", "words"),
    [
        ({"max_sessions": 2, "overflow": "refuse"}, Answer.PASS, "2 at once; one more is refused"),
        ({"max_sessions": 3}, Answer.FAIL, "Declared is a limit of 3"),
        ({"overflow": "ask"}, Answer.FAIL, "Declared is `ask`"),
        ({"max_sessions": 2, "at_most": 2}, Answer.NOT_TESTABLE, "`at_most`"),
    ],
)
def test_a_limit_that_is_not_the_declared_one_fails(said: dict, answer: Answer, words: str) -> None:
    with serving(Limited("refuse")) as site:
        (finding,) = audit(site.profile(extra={"limit": said}), [CHECK]).findings
    assert finding.answer is answer, finding
    assert words in finding.summary


def test_what_both_pages_say_is_no_news_and_neither_are_clocks() -> None:
    ordinary = page("<h1>Report</h1><p>It is 10:41</p><script>session</script>")
    assert news(page("<h1>Report</h1><p>It is 10:42</p><script>other</script>"), ordinary) == ""
    assert news(page("<h1>Report</h1><p>It is 10:42</p><p>Hello again</p>"), ordinary) == "Hello again"


def test_json_has_news_too() -> None:
    assert (
        news(page('{"user": "ann", "problem": "limit-reached"}'), page('{"user": "ann"}')) == "problem: limit-reached"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Your session was ended",
        "You are signed in elsewhere",
        "Sie sind bereits in einem anderen Browser angemeldet",
        "Vous êtes déjà connecté",
        "La sesión se cerró",
        "Ваш сеанс завершён",
        "別のデバイスでログインしています",
        "code: SESSION_EVICTED",
    ],
)
def test_many_languages_speak_of_sessions(text: str) -> None:
    assert speaks_of_sessions(text)


@pytest.mark.parametrize("text", ["", "Please try that again.", "Das geht gerade nicht.", "Wrong name or password"])
def test_not_every_message_does(text: str) -> None:
    assert not speaks_of_sessions(text)


def test_pages_are_alike_by_what_they_say() -> None:
    one = page("<p>a</p><p>b</p><p>c</p>")
    assert likeness(one, page("<div>a</div><div>b</div>")) == pytest.approx(2 / 3)
    assert likeness(one, page("<p>x</p>")) == 0
    assert likeness(page(""), page("<p></p>")) == 1


def test_what_an_answer_hands_out_is_tried_wherever_it_is() -> None:
    ticket = "t" * 16
    assert list(secrets_in(page(f'<input type="hidden" value="{ticket}"><input value="{ticket}2">'))) == [ticket]
    assert list(secrets_in(page(f'{{"choice": {{"ticket": "{ticket}", "n": 3}}}}'))) == [ticket]
    assert list(secrets_in(page("", f"https://app.example/choose/{ticket}?x=short"))) == [ticket]


def test_a_page_that_scripts_fill_is_quiet() -> None:
    assert quiet(page("<div id='root'></div><script>render()</script>"))
    assert not quiet(page("<p>Hello</p>"))
