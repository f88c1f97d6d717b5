"""A reader of German reads German on every page of ours, on a site that has the languages of its readers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser import scenes
from tests.browser.conftest import People, people_at
from tests.browser.german import TIME, fits, is_german
from tests.browser.person import LINUX, Person
from tests.browser.scenes import Scene
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
    somebody = scenes.on_two_devices(site, person)
    scenes.call_device(somebody, 0, "Büro")
    return somebody


def your_sessions_with_a_wrong_name(site: Site, person: People) -> Person:
    somebody = your_sessions(site, person)
    scenes.call_device(somebody, 0, "Der mit dem längsten Namen " * 5)
    return somebody


def signed_out(site: Site, person: People) -> Person:
    somebody = person()
    somebody.sign_in(site.account("roomy"), "/sessions/")
    somebody.press("Abmelden")
    return somebody


def _sitter(site: Site, person: People) -> tuple[str, Person]:
    user, somebody = site.account("roomy"), person()
    somebody.context.clock.install()
    somebody.sign_in(user, "/sessions/")
    return user, somebody


def _wait(site: Site, user: str, somebody: Person, seconds: float) -> None:
    site.age(user, "last_seen", "deadline", "created", "authenticated", "expires", minutes=seconds / 60)
    somebody.context.clock.fast_forward(int(seconds * 1000))


def warned(site: Site, person: People) -> Person:
    user, somebody = _sitter(site, person)
    _wait(site, user, somebody, 28.1 * MINUTE)
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


PEOPLES: dict[Scene, str] = {
    scenes.refused: "Sie sind nicht angemeldet",
    scenes.choose_one: "Sie sind anderswo angemeldet",
    scenes.choose_with_error: "Sie sind anderswo angemeldet",
    scenes.choice_over: "Bitte melden Sie sich erneut an",
    scenes.ended_by_another: "Sie wurden abgemeldet",
    scenes.ended_by_time: "Sie wurden abgemeldet",
    keep_ending_each_other: "Ihre Sitzungen",
    your_sessions: "Ihre Sitzungen",
    your_sessions_with_a_wrong_name: "Ihre Sitzungen",
    scenes.confirm: "Bestätigen Sie, dass Sie es sind",
    scenes.confirm_with_error: "Bestätigen Sie, dass Sie es sind",
    signed_out: "Sie sind abgemeldet",
    scenes.not_me: "Waren Sie das nicht?",
    scenes.not_me_here: "Waren Sie das nicht?",
    scenes.not_me_elsewhere: "Waren Sie das nicht?",
    scenes.not_me_too_late: "Waren Sie das nicht?",
    scenes.not_me_refused: "Waren Sie das nicht?",
    scenes.not_me_done: "Danke für Ihre Meldung",
    scenes.not_me_used: "Dieser Link lässt sich nicht benutzen",
    scenes.not_me_expired: "Dieser Link lässt sich nicht benutzen",
    scenes.not_me_broken: "Dieser Link lässt sich nicht benutzen",
    scenes.was_it_you: "Waren Sie das?",
    scenes.disowned: "Danke für Ihre Meldung",
    scenes.asked_elsewhere: "Ihre Sitzungen",
    scenes.signed_out_live: "Sie wurden abgemeldet",
    scenes.device_trusted: "Ihre Sitzungen",
    scenes.device_trusted_no_longer: "Ihre Sitzungen",
    scenes.device_forgotten: "Ihre Sitzungen",
    scenes.confirm_trust: "Bestätigen Sie, dass Sie es sind",
    scenes.notice_muted: "Ihre Sitzungen",
    scenes.confirm_mute: "Bestätigen Sie, dass Sie es sind",
    scenes.unavailable: "Bitte versuchen Sie es gleich noch einmal",
    warned: "Sie werden bald abgemeldet",
    over: "Sie wurden abgemeldet",
}
HAS_TIMES = {scenes.refused, scenes.choose_one, scenes.ended_by_another, scenes.ended_by_time, your_sessions}


@pytest.mark.parametrize("way", PEOPLES, ids=lambda way: way.__name__)
def test_a_page_of_ours_says_nothing_in_english(chromium_browser: Browser, site: Site, way: Scene) -> None:
    with people_at(chromium_browser, site, scripts=True, locale="de-DE") as person:
        somebody = way(site, person)
        dialog = somebody.page.locator("dialog[open]")
        heading = dialog.get_by_role("heading").inner_text() if dialog.count() else somebody.heading
        assert heading == PEOPLES[way]
        is_german(somebody)
        assert way not in HAS_TIMES or re.search(TIME, somebody.text)
        fits(somebody, "body *")
