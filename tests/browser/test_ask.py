"""At the limit, ask: nobody is signed in until they have chosen, and then they are where they wanted to be."""

from __future__ import annotations

import time

import pytest

from tests.browser.conftest import People
from tests.browser.person import IPHONE, LINUX, Person
from tests.browser.server import Site

DEEP = "/report/?year=2026&part=2"
END_AND_SIGN_IN = "End the selected session and sign in"


def session_cookie(person: Person) -> dict[str, object] | None:
    return next((dict(each) for each in person.context.cookies() if each["name"] == "sessionid"), None)


def test_the_second_browser_is_asked_which_session_to_end(site: Site, person: People) -> None:
    user, first, second = site.account("ask"), person(user_agent=LINUX), person(user_agent=IPHONE)
    first.sign_in(user)
    answer = second.sign_in(user)
    assert (answer.status, second.path) == (200, "/sessions/choose/")
    assert second.heading == "You are signed in elsewhere"
    assert "You are not signed in here yet" in second.text
    assert "Firefox on Linux" in second.page.get_by_role("group", name="Session to end").inner_text()
    assert second.page.get_by_role("radio", name="Firefox on Linux").is_checked()


def test_while_the_question_is_open_no_page_treats_the_browser_as_signed_in(site: Site, person: People) -> None:
    user, first, second = site.account("ask"), person(), person()
    first.sign_in(user)
    second.sign_in(user)
    assert second.signed_in_as() == ""
    for private in ("/report/", "/sessions/", "/sessions/end-others/"):
        second.go(private)
        assert second.path.startswith("/login/?next=")
    second.go("/admin/")
    assert second.path == "/admin/login/?next=/admin/"
    assert first.signed_in_as() == user
    assert second.go("/sessions/choose/").status == 200
    assert second.heading == "You are signed in elsewhere"


def test_choosing_ends_the_other_session_and_goes_on_to_where_the_user_was_going(site: Site, person: People) -> None:
    user, first, second = site.account("ask"), person(), person(user_agent=IPHONE)
    first.sign_in(user)
    second.sign_in(user, DEEP)
    assert second.path == "/sessions/choose/"
    assert second.press(END_AND_SIGN_IN).status == 200
    assert second.path == DEEP
    assert f"Private to {user}: year=2026&part=2" in second.text
    assert first.go("/").status == 401
    assert "Mobile Safari on iOS" in first.page.get_by_role("region", name="The new session").inner_text()
    assert len(site.open_sessions(user)) == 1


@pytest.mark.parametrize("remember", [True, False])
def test_remember_me_is_kept_over_the_question(site: Site, person: People, remember: bool) -> None:
    user, first, second = site.account("ask"), person(), person()
    first.sign_in(user)
    second.sign_in(user, remember=remember)
    second.press(END_AND_SIGN_IN)
    assert second.signed_in_as() == user
    cookie, (session,) = session_cookie(second), site.open_sessions(user)
    assert cookie is not None
    lasts = float(str(cookie["expires"]))
    assert lasts > time.time() + 86_400 if remember else lasts == -1
    assert bool(session["persistent"]) is remember


def test_cancelling_signs_nobody_in_and_ends_nothing(site: Site, person: People) -> None:
    user, first, second = site.account("ask"), person(), person()
    first.sign_in(user)
    second.sign_in(user)
    second.press("Cancel, do not sign me in")
    assert second.path == "/login/"
    assert second.signed_in_as() == ""
    assert first.signed_in_as() == user
    assert second.go("/sessions/choose/").status == 410
    assert second.heading == "Please sign in again"


def test_the_question_is_answered_with_the_keyboard_alone(site: Site, person: People) -> None:
    user, first, other, second = site.account("ask_of_two"), person(user_agent=LINUX), person(), person(scripts=True)
    first.sign_in(user)
    other.sign_in(user)
    second.go("/login/")
    keyboard = second.page.keyboard
    second.page.get_by_label("User name").focus()
    keyboard.type(user)
    keyboard.press("Tab")
    keyboard.type("correct horse battery")
    second.act(lambda: keyboard.press("Enter"))
    assert second.path == "/sessions/choose/"
    assert second.page.get_by_role("radio").count() == 2
    assert second.page.locator(":checked").count() == 0
    firefox = second.page.get_by_role("radio", name="Firefox on Linux")
    keyboard.press("Tab")
    while not firefox.evaluate("radio => radio === document.activeElement"):
        keyboard.press("ArrowDown")
    keyboard.press("Space")
    assert firefox.is_checked()
    keyboard.press("Tab")
    assert second.page.evaluate("document.activeElement.textContent") == END_AND_SIGN_IN
    second.act(lambda: keyboard.press("Enter"))
    assert second.signed_in_as() == user
    assert first.signed_in_as() == ""
    assert other.signed_in_as() == user


def test_an_answer_without_a_choice_is_asked_for_again(site: Site, person: People) -> None:
    user, first, other, second = site.account("ask_of_two"), person(), person(), person()
    first.sign_in(user)
    other.sign_in(user)
    second.sign_in(user)
    # Only a hand-made form gets past the browser's own check of the radio buttons.
    second.page.locator("form").evaluate("form => { form.noValidate = true; }")
    assert second.press(END_AND_SIGN_IN).status == 409
    assert second.page.get_by_role("alert").inner_text() == "Choose a session to end."
    assert second.signed_in_as() == ""
    assert len(site.open_sessions(user)) == 2


def test_a_question_left_for_too_long_starts_over(site: Site, person: People) -> None:
    user, first, second = site.account("ask"), person(), person()
    first.sign_in(user)
    second.sign_in(user)
    site.age_tickets(minutes=6)
    assert second.press(END_AND_SIGN_IN).status == 410
    assert second.heading == "Please sign in again"
    assert first.signed_in_as() == user
    second.go("/login/")
    second.fill_in(user)
    assert second.path == "/sessions/choose/"


def test_a_session_that_ends_meanwhile_leaves_nothing_to_choose(site: Site, person: People) -> None:
    user, first, second = site.account("ask"), person(), person()
    first.sign_in(user)
    second.sign_in(user, DEEP)
    first.press("Sign out")
    second.go("/sessions/choose/")
    assert "there is room for this one" in second.text
    second.press("Sign in")
    assert second.path == DEEP
