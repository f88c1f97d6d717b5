"""An administrator who reads German reads German on every page of ours in the admin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import People
from tests.browser.german import TIME, fits, is_german
from tests.browser.person import Person
from tests.browser.server import Site, running_site

LIST = "/admin/sojourn/session/"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: in the end, everybody is signed out of it."""
    with running_site(tmp_path_factory.mktemp("german")) as running:
        yield running


@pytest.fixture(scope="module")
def boss(site: Site) -> str:
    """The administrator of a site with a few people."""
    return site.crowd(30, 300)


@pytest.fixture
def admin(person: People, boss: str) -> Person:
    """The administrator, who reads German."""
    somebody = person(locale="de-DE", scripts=True)
    somebody.sign_in(boss)
    return somebody


def a_session(somebody: Person) -> None:
    somebody.go(LIST + "?standing=over&reason=operator")
    somebody.act(somebody.page.locator("td[data-label=Gerät] a").first.click)


def a_user(somebody: Person) -> None:
    somebody.go(LIST + "?user=cleo")
    somebody.act(somebody.page.locator("td[data-label=Benutzer] a").first.click)


def a_pause(somebody: Person) -> None:
    a_user(somebody)
    somebody.follow("Anmeldungen aussetzen")


def a_wrong_pause(somebody: Person) -> None:
    a_pause(somebody)
    somebody.page.get_by_label("Ihre Begründung").fill("Zu früh")
    somebody.page.get_by_label("Bis").fill("2001-01-01T12:00")
    somebody.press("Anmeldungen aussetzen")


def a_paused_user(somebody: Person) -> None:
    somebody.go(LIST + "?user=dora")
    somebody.act(somebody.page.locator("td[data-label=Benutzer] a").first.click)
    if somebody.page.get_by_role("link", name="Anmeldungen aussetzen").count():
        somebody.follow("Anmeldungen aussetzen")
        somebody.page.get_by_label("Ihre Begründung").fill("Wird untersucht")
        somebody.press("Anmeldungen aussetzen")


def a_resumption(somebody: Person) -> None:
    a_paused_user(somebody)
    somebody.follow("Anmeldungen wieder zulassen")


def end_one(somebody: Person) -> None:
    somebody.go(LIST + "?user=boss")
    somebody.act(somebody.page.locator("td[data-label=Gerät] a").first.click)
    somebody.follow("Diese Sitzung beenden")


def end_selected(somebody: Person) -> None:
    somebody.go(LIST + "?device=firefox")
    for number in range(2):
        somebody.page.locator("td.sja-pick input").nth(number).check()
    somebody.press("Ausgewählte Sitzungen beenden")


def ended_selected(somebody: Person) -> None:
    end_selected(somebody)
    somebody.page.get_by_label("Ihre Begründung").fill("Ein Gerät ist verloren")
    somebody.press("2 Sitzungen beenden")


def end_of_user(somebody: Person) -> None:
    a_user(somebody)
    somebody.follow("Alle Sitzungen dieses Benutzers beenden")


def end_everybodys(somebody: Person) -> None:
    somebody.go(LIST + "end-all/")
    somebody.page.get_by_label("Ihre Begründung").fill("Übung")
    somebody.page.get_by_label("Geben Sie „alle Sitzungen beenden“ ein").fill("end all sessions")
    somebody.press("Alle Sitzungen beenden")


def everybodys_ended(somebody: Person) -> None:
    end_everybodys(somebody)
    somebody.page.get_by_label("Geben Sie „alle Sitzungen beenden“ ein").fill("Alle Sitzungen beenden")
    somebody.press("Alle Sitzungen beenden")


def at(path: str) -> Callable[[Person], None]:
    return lambda somebody: somebody.go(LIST + path) and None


ADMINS: dict[str, tuple[Callable[[Person], None], str]] = {
    "list": (at("?standing=any"), "Sitzungen"),
    "search": (at("?user=a&device=fire&reason=logout&since=2001-01-01T12:00"), "Sitzungen"),
    "wrong search": (at("?reason=gut&address=" + "1" * 65), "Sitzungen"),
    "nothing found": (at("?user=nobody"), "Sitzungen"),
    "day": (at("dashboard/?period=day"), "Sitzungen im Überblick"),
    "week": (at("dashboard/"), "Sitzungen im Überblick"),
    "month": (at("dashboard/?period=month"), "Sitzungen im Überblick"),
    "session": (a_session, "Sitzung von "),
    "user": (a_user, "Sitzungen von "),
    "pause": (a_pause, "Anmeldungen dieses Benutzers aussetzen?"),
    "wrong pause": (a_wrong_pause, "Anmeldungen dieses Benutzers aussetzen?"),
    "paused": (a_paused_user, "Sitzungen von "),
    "resume": (a_resumption, "Anmeldungen dieses Benutzers wieder zulassen?"),
    "end one": (end_one, "Diese Sitzung beenden?"),
    "end selected": (end_selected, "Ausgewählte Sitzungen beenden?"),
    "ended selected": (ended_selected, "Sitzungen"),
    "end matching": (at("end-matching/"), "Alle gefundenen Sitzungen beenden?"),
    "end of a user": (end_of_user, "Alle Sitzungen dieses Benutzers beenden?"),
    "end everybody's": (end_everybodys, "Alle Sitzungen aller Benutzer beenden?"),
}


@pytest.mark.parametrize("page", ADMINS)
def test_a_page_says_nothing_in_english(admin: Person, page: str) -> None:
    way, heading = ADMINS[page]
    way(admin)
    assert admin.heading.startswith(heading)
    is_german(admin)
    if page in {"list", "session", "user", "paused"}:
        assert re.search(TIME, admin.text)
    fits(admin, "#content *")


def test_a_user_s_own_page_leads_to_their_sessions(admin: Person) -> None:
    a_user(admin)
    admin.follow("Konto dieses Benutzers")
    admin.act(admin.page.locator("#content-main").get_by_role("link", name="Sitzungen", exact=True).click)
    assert admin.heading.startswith("Sitzungen von ")


def test_who_is_kept_from_signing_in_is_told_so(admin: Person, person: People, site: Site) -> None:
    user, out = site.account("roomy"), person(locale="de-DE")
    person().sign_in(user)
    admin.go(LIST + f"?user={user}")
    admin.follow(user)
    admin.follow("Anmeldungen aussetzen")
    admin.page.get_by_label("Ihre Begründung").fill("Wird untersucht")
    admin.page.get_by_label("Bis").fill("2030-01-01T12:00")
    admin.press("Anmeldungen aussetzen")
    assert "bis 1. Januar 2030 12:00" in admin.text
    out.sign_in(user)
    assert out.heading == "Sie sind nicht angemeldet"
    assert "nach dem 1. Januar 2030 12:00 UTC" in out.text
    is_german(out)
    fits(out, "body *")


def test_everybody_is_signed_out_by_the_german_words(admin: Person) -> None:
    everybodys_ended(admin)
    assert admin.heading == "Alle Sitzungen sind beendet"
    is_german(admin)
    fits(admin, "#content *")
