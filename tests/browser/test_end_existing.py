"""At the limit, end the existing session: both browsers are told, each what it needs to know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.browser.conftest import People
from tests.browser.person import IPHONE, LINUX
from tests.browser.server import Site


def test_the_second_browser_is_signed_in_and_told_what_was_ended(site: Site, person: People) -> None:
    user, first, second = site.account("end_existing"), person(user_agent=LINUX), person()
    first.sign_in(user)
    assert "was ended" not in first.text
    assert second.sign_in(user).status == 200
    notice = second.page.get_by_role("status").inner_text()
    assert "your session on Firefox on Linux was ended" in notice
    assert f"You are {user}." in second.text
    assert second.follow("Your sessions").status == 200
    assert "Firefox on Linux" in second.page.get_by_role("status").inner_text()
    second.go("/sessions/")
    assert second.page.get_by_role("status").count() == 0


def test_the_first_browser_is_told_at_its_next_click_why_when_and_by_which_device(site: Site, person: People) -> None:
    user, first, second = site.account("end_existing"), person(user_agent=LINUX), person(user_agent=IPHONE)
    first.sign_in(user)
    second.sign_in(user)
    answer = first.follow("The report")
    assert answer.status == 401
    assert answer.request.url.endswith("/report/?year=2026&part=2")
    assert first.heading == "You have been signed out"
    assert "new sign-in to your account" in first.text
    assert "The number of open sessions is limited" in first.text
    assert "It ended on " in first.text
    ended_at = datetime.fromisoformat(first.page.locator("main > p time").get_attribute("datetime") or "")
    assert timedelta(0) <= datetime.now(UTC) - ended_at < timedelta(minutes=2)
    newer = first.page.get_by_role("region", name="The new session").inner_text()
    assert "Mobile Safari on iOS" in newer
    assert "Private to" not in first.text


def test_signing_in_again_leads_back_to_where_the_ended_browser_was(site: Site, person: People) -> None:
    user, first, second = site.account("end_existing"), person(), person()
    first.sign_in(user)
    second.sign_in(user)
    first.follow("The report")
    first.follow("Sign in again")
    first.fill_in(user)
    assert first.path == "/report/?year=2026&part=2"
    assert f"Private to {user}: year=2026&part=2" in first.text
    assert len(site.open_sessions(user)) == 1


def test_the_ended_browser_is_told_once_and_is_then_a_stranger(site: Site, person: People) -> None:
    user, first, second = site.account("end_existing"), person(), person()
    first.sign_in(user)
    second.sign_in(user)
    assert first.go("/").status == 401
    assert first.go("/").status == 200
    assert "Nobody is signed in." in first.text
    first.go("/report/")
    assert first.path == "/login/?next=/report/"


def test_signing_in_twice_in_one_browser_ends_nothing_of_anybody_else(site: Site, person: People) -> None:
    user, first = site.account("end_existing"), person()
    first.sign_in(user)
    first.sign_in(user)
    assert "was ended" not in first.text
    assert first.signed_in_as() == user
    assert len(site.open_sessions(user)) == 1
