"""The ways by which people come to our pages, for the tests that look at each of these, in any language we have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.conftest import People
from tests.browser.person import IPHONE, LINUX, Person
from tests.browser.server import PASSWORD, Site

Scene = Callable[[Site, People], Person]


@dataclass(frozen=True, slots=True)
class Words:
    """What people look for on a page to go on."""

    choose: str
    end_others: str
    password: str
    confirm: str
    device_name: str
    save_name: str


WORDS = {
    "en-GB": Words(
        choose="End the selected session and sign in",
        end_others="End all other sessions",
        password="Password",
        confirm="Confirm",
        device_name="Name of the device",
        save_name="Save the name",
    ),
    "de-DE": Words(
        choose="Gewählte Sitzung beenden und anmelden",
        end_others="Alle anderen Sitzungen beenden",
        password="Passwort",
        confirm="Bestätigen",
        device_name="Name des Geräts",
        save_name="Namen speichern",
    ),
}


def refused(site: Site, person: People) -> Person:
    user, second = site.account("refuse"), person()
    person(user_agent=LINUX).sign_in(user)
    second.sign_in(user)
    return second


def _asked(site: Site, person: People, limit: str, sessions: int) -> Person:
    user, newcomer = site.account("roomy" if sessions > 1 else limit), person()
    for agent in (LINUX, IPHONE)[:sessions]:
        person(user_agent=agent).sign_in(user)
    site.hold(user, limit)
    newcomer.sign_in(user)
    return newcomer


def choose_one(site: Site, person: People) -> Person:
    return _asked(site, person, "ask", 1)


def choose_one_of_two(site: Site, person: People) -> Person:
    return _asked(site, person, "ask_of_two", 2)


def choose_all(site: Site, person: People) -> Person:
    return _asked(site, person, "ask", 2)


def choose_with_error(site: Site, person: People) -> Person:
    newcomer = choose_one_of_two(site, person)
    newcomer.page.locator("form").evaluate("form => { form.noValidate = true; }")
    newcomer.press(WORDS[newcomer.locale].choose)
    return newcomer


def choice_over(site: Site, person: People) -> Person:
    newcomer = choose_one(site, person)
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


def on_two_devices(site: Site, person: People) -> Person:
    """With limits of several kinds."""
    user, somebody = site.account("one_each"), person()
    person(user_agent=IPHONE).sign_in(user)
    somebody.sign_in(user)
    somebody.go("/sessions/")
    return somebody


def call_device(somebody: Person, which: int, name: str) -> None:
    """Name one of the devices that are listed, as long as it pleases: the browser does not hold them to a length."""
    somebody.page.locator("summary").nth(which).click()
    field = somebody.page.get_by_label(WORDS[somebody.locale].device_name).nth(which)
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill(name)
    somebody.press(WORDS[somebody.locale].save_name)


def confirm(site: Site, person: People) -> Person:
    user, somebody = site.account("roomy"), person()
    person(user_agent=IPHONE).sign_in(user)
    somebody.sign_in(user)
    site.age(user, "authenticated", minutes=20)
    somebody.go("/sessions/")
    somebody.press(WORDS[somebody.locale].end_others)
    return somebody


def confirm_with_error(site: Site, person: People) -> Person:
    somebody = confirm(site, person)
    somebody.page.get_by_label(WORDS[somebody.locale].password).fill(PASSWORD.upper())
    somebody.press(WORDS[somebody.locale].confirm)
    return somebody


def unavailable(site: Site, person: People) -> Person:
    user, somebody = site.account("roomy"), person()
    somebody.sign_in(user)
    with site.without_its_store():
        somebody.go("/report/")
    return somebody
