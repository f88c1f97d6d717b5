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
    trust: str
    distrust: str
    forget: str
    mute: str


WORDS = {
    "en-GB": Words(
        choose="End the selected session and sign in",
        end_others="End all other sessions",
        password="Password",
        confirm="Confirm",
        device_name="Name of the device",
        save_name="Save the name",
        trust="Trust this device",
        distrust="Trust it no longer",
        forget="Forget this device",
        mute="Do not tell me",
    ),
    "de-DE": Words(
        choose="Gewählte Sitzung beenden und anmelden",
        end_others="Alle anderen Sitzungen beenden",
        password="Passwort",
        confirm="Bestätigen",
        device_name="Name des Geräts",
        save_name="Namen speichern",
        trust="Diesem Gerät vertrauen",
        distrust="Nicht mehr vertrauen",
        forget="Dieses Gerät vergessen",
        mute="Nicht benachrichtigen",
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
    first.page.goto("about:blank")  # no page of the site is open, which would be told at once
    person(user_agent=IPHONE).sign_in(user)
    first.go("/report/")
    return first


def ended_by_time(site: Site, person: People) -> Person:
    user, sleeper = site.account("roomy"), person()
    sleeper.sign_in(user)
    sleeper.page.goto("about:blank")  # no page of the site is open, which would ask in between, and be told
    site.age(user, "last_seen", "deadline", minutes=31)
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
    """Name the device of an open session, as long as it pleases: the browser does not hold them to a length."""
    session = somebody.page.locator("section[aria-labelledby=sj-open] > ul > li").nth(which)
    session.locator("summary").click()
    field = session.get_by_label(WORDS[somebody.locale].device_name)
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill(name)
    somebody.press(WORDS[somebody.locale].save_name, within=session)


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


def not_me(site: Site, person: People) -> Person:
    """With the link of a message in hand, in a browser in which nobody is signed in."""
    user, reader = site.account("roomy"), person()
    for agent in (LINUX, IPHONE):
        person(user_agent=agent).sign_in(user)
    reader.go(site.link(user))
    return reader


def not_me_here(site: Site, person: People) -> Person:
    """The same in the very browser that it is about."""
    user, reader = site.account("roomy"), person()
    reader.sign_in(user)
    reader.go(site.link(user))
    return reader


def not_me_too_late(site: Site, person: People) -> Person:
    """The same after the password was changed."""
    user, reader = site.account("roomy"), person()
    person().sign_in(user)
    link = site.link(user)  # an open page of that session notices the change, and ends
    site.change_password(user)
    reader.go(link)
    return reader


def not_me_refused(site: Site, person: People) -> Person:
    """With the link of a message about a sign-in that was refused."""
    reader = refused(site, person)
    reader.go(site.link(site.last_account, "refused"))
    return reader


def not_me_done(site: Site, person: People) -> Person:
    reader = not_me(site, person)
    reader.act(reader.page.locator("button[value=session]").click)
    return reader


def not_me_used(site: Site, person: People) -> Person:
    reader = not_me(site, person)
    path = reader.path
    reader.act(reader.page.locator("button[value=session]").click)
    reader.go(path)
    return reader


def was_it_you(site: Site, person: People) -> Person:
    """Asked about a sign-in elsewhere."""
    user, owner = site.account("roomy"), person()
    owner.sign_in(user)
    person(user_agent=IPHONE).sign_in(user)
    owner.go(f"/sessions/it-was-me/{site.open_sessions(user)[-1]['sid']}/?next=/report/")
    return owner


def disowned(site: Site, person: People) -> Person:
    owner = was_it_you(site, person)
    owner.act(owner.page.locator("form[action*=it-was-not-me] button").click)
    return owner


def asked_elsewhere(site: Site, person: People) -> Person:
    """On a page of theirs, asked about a sign-in elsewhere."""
    user, owner = site.account("roomy"), person()
    owner.sign_in(user, "/sessions/")
    person(user_agent=IPHONE).sign_in(user)
    owner.go("/sessions/")
    return owner


def signed_out_live(site: Site, person: People) -> Person:
    """On an open page, which notices that its session was ended. With script."""
    user, owner = site.account("end_existing"), person()
    owner.sign_in(user, "/sessions/")
    person(user_agent=IPHONE).sign_in(user)
    owner.page.locator("dialog[data-part=curtain][open]").wait_for()
    return owner


def _first_device(somebody: Person, press: str) -> None:
    """Open what is to be done with the first of the known devices, and press a button of it."""
    somebody.page.locator(".sj-known summary").first.click()
    somebody.press(press, within=somebody.page.locator(".sj-known li").first)


def device_trusted(site: Site, person: People) -> Person:
    somebody = on_two_devices(site, person)
    _first_device(somebody, WORDS[somebody.locale].trust)
    return somebody


def device_trusted_no_longer(site: Site, person: People) -> Person:
    somebody = device_trusted(site, person)
    somebody.page.locator(".sj-known li", has=somebody.page.locator("form[action*=distrust]")).locator(
        "summary"
    ).click()
    somebody.press(WORDS[somebody.locale].distrust)
    return somebody


def device_forgotten(site: Site, person: People) -> Person:
    somebody = on_two_devices(site, person)
    _first_device(somebody, WORDS[somebody.locale].forget)
    return somebody


def confirm_trust(site: Site, person: People) -> Person:
    """Asked who it is before a device is trusted."""
    somebody = on_two_devices(site, person)
    site.age(site.last_account, "authenticated", minutes=20)
    _first_device(somebody, WORDS[somebody.locale].trust)
    return somebody


def _mute(somebody: Person) -> None:
    somebody.act(somebody.page.get_by_role("button", name=WORDS[somebody.locale].mute).first.click)


def notice_muted(site: Site, person: People) -> Person:
    somebody = on_two_devices(site, person)
    _mute(somebody)
    return somebody


def confirm_mute(site: Site, person: People) -> Person:
    """Asked who it is before a notice is silenced."""
    somebody = on_two_devices(site, person)
    site.age(site.last_account, "authenticated", minutes=20)
    _mute(somebody)
    return somebody


def not_me_expired(site: Site, person: People) -> Person:
    user, reader = site.account("roomy"), person()
    person().sign_in(user)
    reader.go(site.link(user, days=7))
    return reader


def not_me_broken(site: Site, person: People) -> Person:
    reader = person()
    reader.go("/sessions/not-me/?token=broken")
    return reader


def not_me_elsewhere(site: Site, person: People) -> Person:
    """In a browser that is signed in to another account."""
    user, reader = site.account("roomy"), person()
    person().sign_in(user)
    path = site.link(user)
    reader.sign_in(site.account("roomy"))
    reader.go(path)
    return reader


def unavailable(site: Site, person: People) -> Person:
    user, somebody = site.account("roomy"), person()
    somebody.sign_in(user)
    with site.without_its_store():
        somebody.go("/report/")
    return somebody
