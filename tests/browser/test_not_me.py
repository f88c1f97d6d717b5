"""This wasn't me: the link in a message, in a real browser without script."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import scenes
from tests.browser.conftest import People
from tests.browser.person import IPHONE, LINUX
from tests.browser.scenes import Scene
from tests.browser.server import Site

MOST_BYTES = 150_000


def test_who_reads_the_message_ends_the_stranger_s_session(site: Site, person: People) -> None:
    user, owner, thief, reader = site.account("roomy"), person(user_agent=LINUX), person(user_agent=IPHONE), person()
    owner.sign_in(user)
    thief.sign_in(user)
    reader.go(site.link(user))
    assert "Mobile Safari on iOS" in reader.text
    assert reader.press("It was not me: end that session").status == 200
    assert "1 session was ended." in reader.text
    assert reader.page.get_by_role("link", name="Set a new password").get_attribute("href") == "/new-password/"
    assert thief.go("/report/").status == 401
    assert "not theirs" in thief.text
    assert owner.go("/report/").status == 200


def test_to_open_every_link_of_the_message_ends_nothing(site: Site, person: People) -> None:
    user, owner, scanner = site.account("roomy"), person(), person()
    owner.sign_in(user)
    path = site.link(user)
    for _ in range(3):
        assert scanner.go(path).status == 200
    assert scanner.context.request.head(site.url + path).status == 200
    for address in scanner.page.get_by_role("link").all():
        scanner.context.request.get(site.url + str(address.get_attribute("href")))
    assert owner.go("/report/").status == 200
    assert scanner.go(path).status == 200


def test_the_token_is_in_no_address_but_the_link_s_own(site: Site, person: People) -> None:
    user, owner, reader = site.account("roomy"), person(), person()
    owner.sign_in(user)
    path = site.link(user)
    reader.go(path)
    reader.press("End all sessions of this account")
    reader.follow("Sign in")
    assert reader.addresses.count(site.url + path) == 1
    assert [address for address in reader.addresses if "token" in address] == [site.url + path]


def test_the_owner_s_own_browser_is_signed_out_and_not_told_again(site: Site, person: People) -> None:
    user, owner = site.account("roomy"), person()
    owner.sign_in(user)
    owner.go(site.link(user))
    assert "That is the browser you are using now" in owner.text
    owner.press("End all sessions of this account")
    assert owner.signed_in_as() == ""


def test_who_was_refused_makes_room_with_the_link(site: Site, person: People) -> None:
    user, forgotten, owner = site.account("refuse"), person(user_agent=LINUX), person()
    forgotten.sign_in(user)
    assert owner.sign_in(user).status == 409
    owner.go(site.link(user, "refused"))
    assert "Firefox on Linux" in owner.text
    owner.press("End all sessions of this account")
    assert owner.sign_in(user).status == 200
    assert owner.signed_in_as() == user


def test_a_link_that_is_too_old_says_so(site: Site, person: People) -> None:
    user, owner, reader = site.account("roomy"), person(), person()
    owner.sign_in(user)
    assert reader.go(site.link(user, days=7)).status == 410
    assert "It is too old." in reader.text


def test_it_was_me_leads_back_and_it_was_not_me_ends_it(site: Site, person: People) -> None:
    user, owner, other = site.account("roomy"), person(), person(user_agent=IPHONE)
    owner.sign_in(user)
    other.sign_in(user)
    asked = f"/sessions/it-was-me/{site.open_sessions(user)[-1]['sid']}/?next=/report/"
    owner.go(asked)
    owner.press("It was me")
    assert owner.path == "/report/"
    assert other.go("/report/").status == 200
    owner.go(asked)
    owner.press("It was not me")
    assert "Mobile Safari on iOS was ended. You stay signed in here." in owner.text
    assert other.go("/report/").status == 401


@pytest.mark.parametrize(
    ("name", "way", "width", "height", "scheme"),
    [
        ("not-me", scenes.not_me, 1000, 820, "light"),
        ("not-me-dark", scenes.not_me, 1000, 820, "dark"),
        ("not-me-phone", scenes.not_me, 360, 900, "light"),
        ("not-me-phone-dark", scenes.not_me, 360, 900, "dark"),
        ("not-me-too-late", scenes.not_me_too_late, 1000, 980, "light"),
        ("not-me-refused", scenes.not_me_refused, 1000, 900, "light"),
        ("not-me-done", scenes.not_me_done, 1000, 620, "light"),
    ],
)
def test_pictures_for_the_documentation(
    site: Site,
    person: People,
    screenshots_to: Path,
    name: str,
    way: Scene,
    width: int,
    height: int,
    scheme: str,
) -> None:
    somebody = way(site, person)
    somebody.page.set_viewport_size({"width": width, "height": height})
    somebody.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    picture = screenshots_to / f"{name}.png"
    somebody.page.screenshot(path=picture)
    assert 10_000 < picture.stat().st_size < MOST_BYTES
