"""The page "your sessions": what is open, which one is this, and how to end the others."""

from __future__ import annotations

import re

from tests.browser.conftest import People
from tests.browser.person import IPHONE, LINUX, Person
from tests.browser.server import PASSWORD, Site


def three(site: Site, person: People) -> tuple[str, Person, Person, Person]:
    """An account and its three browsers: at the desk, in the pocket, in the library."""
    user, desk, pocket, library = site.account("roomy"), person(), person(user_agent=IPHONE), person(user_agent=LINUX)
    for each in (desk, pocket, library):
        each.sign_in(user)
    return user, desk, pocket, library


def test_the_page_lists_what_is_open_and_marks_this_browser(site: Site, person: People) -> None:
    _, desk, _, _ = three(site, person)
    desk.follow("Your sessions")
    assert "3 of 3 allowed sessions are in use" in desk.text
    items = desk.page.get_by_role("region", name="Open now").locator("ul > li")
    assert items.count() == 3
    marked = items.filter(has_text="This browser")
    assert marked.count() == 1
    assert "Chrome on Windows" in marked.inner_text()
    assert marked.get_by_role("button").count() == 0


def test_ending_one_session_ends_that_one_only_and_tells_it(site: Site, person: People) -> None:
    user, desk, pocket, library = three(site, person)
    desk.follow("Your sessions")
    desk.press("End this session", within=desk.page.get_by_role("listitem").filter(has_text="Firefox on Linux"))
    assert desk.path == "/sessions/"
    assert desk.page.get_by_role("status").inner_text() == "1 session was ended."
    ended = desk.page.get_by_role("region", name="Ended recently")
    assert "Firefox on Linux" in ended.inner_text()
    assert "Ended from another session" in ended.inner_text()
    assert library.go("/").status == 401
    assert "from another session of your account" in library.text
    assert "Chrome on Windows" in library.page.get_by_role("region", name="The session that did this").inner_text()
    assert pocket.signed_in_as() == user
    assert desk.signed_in_as() == user


def test_ending_all_others_spares_this_browser(site: Site, person: People) -> None:
    user, desk, pocket, library = three(site, person)
    desk.follow("Your sessions")
    desk.press("End all other sessions")
    assert desk.page.get_by_role("status").inner_text() == "2 sessions were ended."
    assert desk.page.get_by_role("button", name="End all other sessions").count() == 0
    assert (pocket.go("/").status, library.go("/").status) == (401, 401)
    assert desk.signed_in_as() == user


def test_the_password_is_asked_for_again_when_it_was_given_long_ago(site: Site, person: People) -> None:
    user, desk, pocket, library = three(site, person)
    site.age(user, "authenticated", minutes=20)
    desk.follow("Your sessions")
    desk.press("End all other sessions")
    assert desk.heading == "Confirm that it is you"
    assert "All your other sessions will be ended." in desk.text
    assert len(site.open_sessions(user)) == 3
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.press("Confirm")
    assert desk.path == "/sessions/"
    assert len(site.open_sessions(user)) == 1
    assert pocket.signed_in_as() == library.signed_in_as() == ""


def test_the_password_holds_for_the_next_ending_too(site: Site, person: People) -> None:
    user, desk, _, _ = three(site, person)
    site.age(user, "authenticated", minutes=20)
    desk.go("/sessions/")
    desk.press("End this session", within=desk.page.get_by_role("listitem").filter(has_text="Firefox on Linux"))
    assert "Your session on Firefox on Linux will be ended." in desk.text
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.press("Confirm")
    desk.press("End this session")
    assert desk.page.get_by_role("status").inner_text() == "1 session was ended."
    assert len(site.open_sessions(user)) == 1


def test_a_wrong_password_ends_nothing_and_says_so(site: Site, person: People) -> None:
    user, desk, pocket, _ = three(site, person)
    site.age(user, "authenticated", minutes=20)
    desk.go("/sessions/")
    desk.press("End all other sessions")
    desk.page.get_by_label("Password").fill("wrong horse battery")
    desk.press("Confirm")
    assert desk.page.get_by_role("alert").inner_text() == "This password is not right. Please try again."
    assert re.match("Error:", desk.page.title())
    assert desk.page.get_by_label("Password").input_value() == ""
    assert "wrong horse" not in desk.page.content()
    assert len(site.open_sessions(user)) == 3
    assert pocket.signed_in_as() == user
    desk.follow("Cancel")
    assert desk.path == "/sessions/"
    assert desk.signed_in_as() == user


def test_a_session_that_was_not_used_for_too_long_says_so(site: Site, person: People) -> None:
    user, desk = site.account("roomy"), person()
    desk.sign_in(user)
    site.age(user, "last_seen", minutes=31)
    site.age(user, "deadline", minutes=31)
    assert desk.go("/report/").status == 401
    assert "not used for some time" in desk.text
    assert desk.signed_in_as() == ""
