"""A reader of German reads German on our pages, on a site that has the languages of its readers."""

from __future__ import annotations

from tests.browser.conftest import People
from tests.browser.person import LINUX
from tests.browser.server import PASSWORD, Site


def test_a_refusal_is_told_in_german(site: Site, person: People) -> None:
    user, first, second = site.account("refuse"), person(), person(locale="de-DE")
    first.sign_in(user)
    assert second.sign_in(user).status == 409
    assert second.page.locator("html").get_attribute("lang") == "de"
    assert second.heading == "Sie sind nicht angemeldet"
    assert "You are" not in second.text


def test_the_question_is_asked_and_answered_in_german(site: Site, person: People) -> None:
    user, first, second = site.account("ask"), person(user_agent=LINUX, locale="de-DE"), person(locale="de-DE")
    first.sign_in(user)
    second.sign_in(user)
    assert second.heading == "Sie sind anderswo angemeldet"
    second.press("Gewählte Sitzung beenden und anmelden")
    assert second.signed_in_as() == user
    assert first.go("/report/").status == 401
    assert first.heading == "Sie wurden abgemeldet"


def test_ones_sessions_are_listed_and_ended_in_german(site: Site, person: People) -> None:
    user, here, there = site.account("roomy"), person(locale="de-DE"), person(user_agent=LINUX)
    there.sign_in(user)
    here.sign_in(user)
    site.age(user, "authenticated", minutes=20)
    here.go("/sessions/")
    assert here.heading == "Ihre Sitzungen"
    assert "2 von 3" in here.text
    here.press("Diese Sitzung beenden")
    here.page.get_by_label("Passwort").fill(PASSWORD)
    here.press("Bestätigen")
    assert here.page.get_by_role("status").inner_text() == "1 Sitzung wurde beendet."
    assert there.go("/").status == 401
