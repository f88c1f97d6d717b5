"""A reader of German reads German on every page of ours, on a site that has the languages of its readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import People
from tests.browser.german import TIME, fits, is_german
from tests.browser.person import IPHONE, LINUX, Person
from tests.browser.server import PASSWORD, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MINUTE = 60


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


def refused(site: Site, person: People) -> Person:
    user, second = site.account("refuse"), person()
    person(user_agent=LINUX).sign_in(user)
    second.sign_in(user)
    return second


def choose(site: Site, person: People) -> Person:
    user, newcomer = site.account("ask"), person()
    person(user_agent=LINUX).sign_in(user)
    newcomer.sign_in(user)
    return newcomer


def choose_with_error(site: Site, person: People) -> Person:
    user, newcomer = site.account("roomy"), person()
    for agent in (LINUX, IPHONE):
        person(user_agent=agent).sign_in(user)
    site.hold(user, "ask_of_two")
    newcomer.sign_in(user)
    newcomer.page.locator("form").evaluate("form => { form.noValidate = true; }")
    newcomer.press("Gewählte Sitzung beenden und anmelden")
    return newcomer


def choose_too_late(site: Site, person: People) -> Person:
    newcomer = choose(site, person)
    site.age_tickets(minutes=6)
    newcomer.go("/sessions/choose/")
    return newcomer


def ended_by_another(site: Site, person: People) -> Person:
    user, first = site.account("end_existing"), person()
    first.sign_in(user)
    person(user_agent=IPHONE).sign_in(user)
    first.go("/report/")
    return first


def ended_by_time(site: Site, person: People) -> Person:
    user, sleeper = site.account("roomy"), person()
    sleeper.sign_in(user)
    site.age(user, "last_seen", minutes=31)
    site.age(user, "deadline", minutes=31)
    sleeper.go("/report/")
    return sleeper


def keep_ending_each_other(site: Site, person: People) -> Person:
    user, first, second = site.account("end_existing"), person(), person(user_agent=LINUX)
    for each in (first, second, first, second, first):
        each.go("/login/")  # where one is told that the session is over
        each.sign_in(user)
    assert "wurde Ihre Sitzung auf Firefox unter Linux beendet." in first.text
    assert "beenden sich immer wieder gegenseitig" in first.text
    first.go("/sessions/")
    return first


def your_sessions(site: Site, person: People) -> Person:
    """With names, limits of several kinds, one that was ended, and what the last ending came to."""
    user, somebody = site.account("one_each"), person()
    person(user_agent=IPHONE).sign_in(user)
    somebody.sign_in(user)
    somebody.go("/sessions/")
    somebody.page.locator("summary").first.click()
    somebody.page.get_by_label("Name des Geräts").first.fill("Büro")
    somebody.press("Namen speichern")
    return somebody


def your_sessions_with_a_wrong_name(site: Site, person: People) -> Person:
    somebody = your_sessions(site, person)
    somebody.page.locator("summary").first.click()
    field = somebody.page.get_by_label("Name des Geräts").first
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill("Der mit dem längsten Namen " * 5)
    somebody.press("Namen speichern")
    return somebody


def confirm(site: Site, person: People) -> Person:
    user, somebody = site.account("roomy"), person()
    person(user_agent=IPHONE).sign_in(user)
    somebody.sign_in(user)
    site.age(user, "authenticated", minutes=20)
    somebody.go("/sessions/")
    somebody.press("Alle anderen Sitzungen beenden")
    return somebody


def confirm_with_error(site: Site, person: People) -> Person:
    somebody = confirm(site, person)
    somebody.page.get_by_label("Passwort").fill(PASSWORD.upper())
    somebody.press("Bestätigen")
    return somebody


def signed_out(site: Site, person: People) -> Person:
    somebody = person()
    somebody.sign_in(site.account("roomy"), "/sessions/")
    somebody.press("Abmelden")
    return somebody


def unavailable(site: Site, person: People) -> Person:
    somebody = person()
    somebody.sign_in(site.account("roomy"))
    with site.without_its_store():
        somebody.go("/report/")
    return somebody


def _sitter(site: Site, person: People) -> tuple[str, Person]:
    user, somebody = site.account("roomy"), person()
    somebody.context.clock.install()
    somebody.sign_in(user, "/sessions/")
    return user, somebody


def _wait(site: Site, user: str, somebody: Person, seconds: float) -> None:
    for column in ("last_seen", "deadline", "created", "authenticated", "expires"):
        site.age(user, column, seconds / 60)
    somebody.context.clock.fast_forward(int(seconds * 1000))


def warned(site: Site, person: People) -> Person:
    user, somebody = _sitter(site, person)
    _wait(site, user, somebody, 28.5 * MINUTE)
    somebody.page.get_by_role("button", name="Angemeldet bleiben").wait_for()
    assert re.search(r"1 Minute und \d+ Sekunden|1 Minute \d+ Sekunden", somebody.page.content())
    assert somebody.page.title().startswith("Sie werden bald abgemeldet")
    return somebody


def over(site: Site, person: People) -> Person:
    user, somebody = _sitter(site, person)
    _wait(site, user, somebody, 31 * MINUTE)
    somebody.page.get_by_role("link", name="Erneut anmelden").wait_for()
    assert somebody.page.title() == "Sie wurden abgemeldet"
    return somebody


PEOPLES: dict[Callable[[Site, People], Person], str] = {
    refused: "Sie sind nicht angemeldet",
    choose: "Sie sind anderswo angemeldet",
    choose_with_error: "Sie sind anderswo angemeldet",
    choose_too_late: "Bitte melden Sie sich erneut an",
    ended_by_another: "Sie wurden abgemeldet",
    ended_by_time: "Sie wurden abgemeldet",
    keep_ending_each_other: "Ihre Sitzungen",
    your_sessions: "Ihre Sitzungen",
    your_sessions_with_a_wrong_name: "Ihre Sitzungen",
    confirm: "Bestätigen Sie, dass Sie es sind",
    confirm_with_error: "Bestätigen Sie, dass Sie es sind",
    signed_out: "Sie sind abgemeldet",
    unavailable: "Bitte versuchen Sie es gleich noch einmal",
    warned: "Sie werden bald abgemeldet",
    over: "Sie wurden abgemeldet",
}
HAS_TIMES = {refused, choose, ended_by_another, ended_by_time, your_sessions}


@pytest.mark.parametrize("way", PEOPLES, ids=lambda way: way.__name__)
def test_a_page_of_ours_says_nothing_in_english(
    chromium_browser: Browser, site: Site, way: Callable[[Site, People], Person]
) -> None:
    made: list[Person] = []

    def new(**options: Any) -> Person:
        made.append(Person(chromium_browser, site.url, scripts=True, locale="de-DE", **options))
        return made[-1]

    somebody = way(site, new)
    dialog = somebody.page.locator("dialog[open]")
    heading = dialog.get_by_role("heading").inner_text() if dialog.count() else somebody.heading
    assert heading == PEOPLES[way]
    is_german(somebody)
    assert way not in HAS_TIMES or re.search(TIME, somebody.text)
    fits(somebody, "body *")
    for each in made:
        each.leave()
