"""At the limit, refuse: the second browser is told what is open, and the first notices nothing."""

from __future__ import annotations

from tests.browser.conftest import People
from tests.browser.person import IPHONE, LINUX
from tests.browser.server import Site


def test_the_second_browser_is_refused_and_told_what_is_open(site: Site, person: People) -> None:
    user, first, second = site.account("refuse"), person(user_agent=LINUX), person(user_agent=IPHONE)
    first.sign_in(user)
    answer = second.sign_in(user)
    assert answer.status == 409
    assert second.heading == "You are not signed in"
    assert "Firefox" in second.page.get_by_role("listitem").filter(has_text="Linux").inner_text()
    assert "sign out there" in second.text
    assert second.signed_in_as() == ""


def test_the_first_browser_stays_signed_in_when_the_second_is_refused(site: Site, person: People) -> None:
    user, first, second = site.account("refuse"), person(), person()
    first.sign_in(user)
    second.sign_in(user)
    assert first.signed_in_as() == user
    assert first.go("/report/").status == 200
    assert len(site.open_sessions(user)) == 1


def test_after_the_first_has_signed_out_the_second_can_sign_in(site: Site, person: People) -> None:
    user, first, second = site.account("refuse"), person(), person()
    first.sign_in(user)
    second.sign_in(user)
    first.press("Sign out")
    assert second.follow("Sign in again").status == 200
    assert second.fill_in(user).status == 200
    assert second.signed_in_as() == user
    assert first.signed_in_as() == ""
