"""The page "your sessions": what is open, which one is this, and how to end the others."""

from __future__ import annotations

import re
from typing import Any

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
    assert marked.get_by_role("button", name="End this session").count() == 0


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
    site.age(user, "last_seen", "deadline", minutes=31)
    assert desk.go("/report/").status == 401
    assert "not used for some time" in desk.text
    assert desk.signed_in_as() == ""


def test_a_device_is_named_by_keyboard_alone_and_known_by_its_name_everywhere(site: Site, person: People) -> None:
    user, desk, _, library = three(site, person)
    desk.go("/sessions/")
    item = desk.page.get_by_role("listitem").filter(has_text="Firefox on Linux")
    item.get_by_text("Name this device").focus()
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("Library, second floor")
    desk.act(lambda: desk.page.keyboard.press("Enter"))
    assert desk.path == "/sessions/"
    assert desk.page.get_by_role("status").inner_text() == ("The device is called “Library, second floor” from now on.")
    named = desk.page.get_by_role("heading", name="Library, second floor", level=3)
    for region in ("Open now", "Devices that you have signed in on"):
        assert desk.page.get_by_role("region", name=region).filter(has=named).count() == 1
    assert named.count() == 2
    for item in desk.page.get_by_role("listitem").filter(has=named).all():
        assert "Firefox on Linux" in item.inner_text()
    library.go("/sessions/")
    library.press("End this session", within=library.page.get_by_role("listitem").filter(has_text="Chrome on Windows"))
    assert desk.go("/").status == 401
    by = desk.page.get_by_role("region", name="The session that did this")
    assert "Library, second floor" in by.inner_text()
    assert len(site.open_sessions(user)) == 2


def test_the_name_can_be_taken_away_again(site: Site, person: People) -> None:
    user, desk = site.account("roomy"), person()
    desk.sign_in(user)
    desk.go("/sessions/")
    for text, heading in (("Desk", "Desk"), ("", "Chrome on Windows")):
        opened = desk.page.get_by_role("region", name="Open now")
        known = desk.page.get_by_role("region", name="Devices that you have signed in on")
        opened.locator("summary").click()
        opened.get_by_label("Name of the device").fill(text)
        desk.press("Save the name", within=opened)
        assert heading in opened.get_by_role("heading", level=3).inner_text()
        assert heading in known.get_by_role("heading", level=3).inner_text()


def test_a_policy_of_several_limits_is_told_limit_by_limit(site: Site, person: People) -> None:
    user, desk = site.account("one_each"), person()
    person(user_agent=IPHONE).sign_in(user)
    desk.sign_in(user)
    desk.go("/sessions/")
    limits = desk.page.get_by_role("region", name="How much is in use").get_by_role("listitem").all_inner_texts()
    assert [text.strip() for text in limits] == [
        "2 of 2 allowed sessions are in use. A sign-in on another device will be refused.",
        "Computers: 1 of 1 allowed session is in use.",
        "Phones: 1 of 1 allowed session is in use.",
    ]


def test_a_script_of_the_site_reads_ends_and_proves_by_json(site: Site, person: People) -> None:
    """As an application in the browser does it: with what the list came with, and nothing else."""
    user, desk, pocket, library = site.account("roomy"), person(scripts=True), person(), person()
    for each in (desk, pocket, library):
        each.sign_in(user)
    site.age(user, "authenticated", minutes=20)
    desk.go("/")
    call = """async ([path, body, token]) => {
        const answer = await fetch("/sessions/api/" + path, {method: body === null ? "GET" : "POST",
            headers: {"Content-Type": "application/json", "X-CSRFToken": token},
            body: body === null ? undefined : JSON.stringify(body)});
        return [answer.status, await answer.json()];
    }"""

    def ask(path: str, body: object = None, token: str = "") -> tuple[int, dict[str, Any]]:
        status, found = desk.page.evaluate(call, [path, body, token])
        return status, found

    status, found = ask("")
    assert (status, len(found["open"]), found["reauthentication"]["recent"]) == (200, 3, False)
    token = found["csrf_token"]
    other = next(each["sid"] for each in found["open"] if not each["current"])
    assert ask("end/", {"sids": [other]})[1]["type"] == "urn:sojourn:problem:csrf-failed"
    status, refusal = ask("end/", {"sids": [other]}, token)
    assert (status, refusal["type"]) == (403, "urn:sojourn:problem:reauthentication-required")
    assert refusal["url"] == "/sessions/api/reauthenticate/"
    assert ask("reauthenticate/", {"password": PASSWORD}, token)[0] == 200
    status, ended = ask("end/", {"sids": [other]}, token)
    assert (status, [each["sid"] for each in ended["ended"]]) == (200, [other])
    assert len(site.open_sessions(user)) == 2
    assert ask("sign-out/", {}, token) == (200, {"outcome": "signed-out", "detail": "You are signed out."})
    assert ask("")[0] == 401
    assert desk.signed_in_as() == ""
