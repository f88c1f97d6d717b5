"""The sessions in Django's admin, with ten thousand of three thousand users: searching, ending many, on any screen.

Everything is done without script, but for the two comforts that are one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import People
from tests.browser.person import IPHONE, Person
from tests.browser.server import Site, running_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

USERS, SESSIONS = 3_000, 10_000
LIST = "/admin/sojourn/session/"
MOST_BYTES = 200_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: the others count their sessions."""
    with running_site(tmp_path_factory.mktemp("crowded")) as running:
        yield running


@pytest.fixture(scope="module")
def boss(site: Site) -> str:
    """The administrator of a site full of people."""
    return site.crowd(USERS, SESSIONS)


@pytest.fixture
def admin(person: People, boss: str) -> Person:
    """The administrator, at the list of sessions."""
    somebody = person(viewport={"width": 1200, "height": 900})
    somebody.sign_in(boss)
    somebody.go(LIST)
    return somebody


def rows(somebody: Person) -> Locator:
    return somebody.page.locator("#content .sja-rows tbody tr")


def names(somebody: Person) -> list[str]:
    return somebody.page.locator("#content .sja-rows tbody td[data-label=User] a").all_inner_texts()


def found(somebody: Person) -> int:
    number = re.search(r"[\d,.]+", somebody.page.get_by_role("status").first.inner_text())
    assert number is not None
    return int(re.sub(r"\D", "", number[0]))


def search(somebody: Person, **filled: str) -> None:
    somebody.go(LIST)
    if set(filled) - {"User name, e-mail address or subject", "State"}:
        somebody.page.get_by_text("More to search for").click()
    for label, value in filled.items():
        field = somebody.page.get_by_label(label)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    somebody.press("Search")


USER = "User name, e-mail address or subject"


class TestSearching:
    def test_a_user_is_found_by_a_part_of_their_name(self, admin: Person) -> None:
        search(admin, **{USER: "fay17", "State": "Open and ended"})
        assert found(admin) == rows(admin).count() > 3
        assert {name[:5] for name in names(admin)} == {"fay17"}

    def test_and_by_everything_at_once(self, admin: Person) -> None:
        filled = {"Kind of device": "Phone", "Browser or operating system": "ios", "Address begins with": "10.1"}
        search(admin, **filled, **{USER: "@example.org", "State": "Ended", "Why it ended": "Signed out"})
        assert 0 < rows(admin).count() <= found(admin)
        for text in rows(admin).all_inner_texts():
            assert "Safari on iOS" in text
            assert "10.1" in text
            assert "Signed out" in text

    def test_page_by_page_down_and_up(self, admin: Person) -> None:
        search(admin, State="Open and ended")
        assert found(admin) == 10_000
        first = admin.page.locator("td[data-label=Device] a").first.get_attribute("href")
        seen = {*admin.page.locator("td[data-label=Device] a").evaluate_all("links => links.map(link => link.href)")}
        for _ in range(3):
            admin.follow("Older")
            links = admin.page.locator("td[data-label=Device] a").evaluate_all("links => links.map(link => link.href)")
            assert not seen & {*links}
            seen |= {*links}
        assert len(seen) == 200
        for _ in range(3):
            admin.follow("Newer")
        assert admin.page.locator("td[data-label=Device] a").first.get_attribute("href") == first

    def test_what_cannot_be_searched_for_is_said_where_it_was_written(self, admin: Person) -> None:
        admin.go(LIST + "?address=" + "1" * 65)
        assert "Please correct what is marked" in admin.text
        assert admin.page.get_by_label("Address begins with").get_attribute("aria-invalid") == "true"


class TestEnding:
    def test_those_that_are_checked(self, admin: Person, site: Site, boss: str) -> None:
        search(admin, **{"Browser or operating system": "curl"})
        before = found(admin)
        first = admin.page.locator("td[data-label=Device] a").first.get_attribute("href")
        assert first is not None
        for number in range(3):
            rows(admin).nth(number).get_by_role("checkbox").check()
        admin.press("End the selected sessions")
        assert admin.heading == "End the selected sessions?"
        assert rows(admin).count() == 3
        admin.page.get_by_label("Your reason").fill("A script that ran away")
        admin.press("End 3 sessions")
        assert "3 sessions were ended." in admin.text
        search(admin, **{"Browser or operating system": "curl"})
        assert found(admin) == before - 3
        admin.go(first)
        assert "Ended by an administrator" in admin.text
        assert "A script that ran away" in admin.text
        assert f"admin:{boss}" in admin.text

    def test_all_that_a_search_finds(self, admin: Person) -> None:
        search(admin, **{"Browser or operating system": "Android"})
        many = found(admin)
        assert many > 500
        admin.follow("End all that the search finds")
        assert f"These are {many} sessions." in admin.text
        admin.page.get_by_label("Your reason").fill("All of them were called back")
        response = admin.press("End them all")
        while admin.heading == "Ending sessions":
            response = admin.press("Go on")
        assert response.status == 200
        assert f"{many} sessions were ended." in admin.text
        assert found(admin) == 0

    def test_a_script_goes_on_by_itself_and_checks_all_boxes_of_a_page(self, person: People, boss: str) -> None:
        quick = person(scripts=True)
        quick.sign_in(boss)
        search(quick, **{"Browser or operating system": "Edge"})
        quick.page.get_by_label("Select all on this page").check()
        boxes = quick.page.locator("td.sja-pick input")
        assert boxes.count() == 50
        assert boxes.evaluate_all("all => all.every(box => box.checked)")
        quick.follow("End all that the search finds")
        quick.page.get_by_label("Your reason").fill("Edge was called back")
        # No page of it stays for long enough to be looked at before the last one.
        quick.page.get_by_role("button", name="End them all").click()
        quick.page.get_by_text(re.compile(r"\d+ sessions were ended\.")).wait_for()
        quick.look()
        assert quick.path.startswith(LIST + "?")

    def test_one_s_own_is_marked_and_spared(self, admin: Person, boss: str) -> None:
        search(admin, **{USER: boss})
        assert rows(admin).filter(has_text="Yours").count() == 1
        admin.follow("End all that the search finds")
        admin.page.get_by_label("Your reason").fill("Let us see")
        admin.press("End them all")
        assert admin.go(LIST).status == 200

    def test_a_browser_of_the_user_is_dead_and_learns_neither_who_nor_why(
        self, admin: Person, person: People, site: Site, boss: str
    ) -> None:
        user, theirs = site.account("roomy"), person(user_agent=IPHONE)
        theirs.sign_in(user, "/report/")
        search(admin, **{USER: user})
        admin.follow(user)
        admin.follow("End all sessions of this user")
        admin.page.get_by_label("Your reason").fill("A stolen phone")
        admin.press("End all sessions of this user")
        assert theirs.go("/report/").status == 401
        assert "stolen" not in theirs.page.content()
        assert boss not in theirs.page.content()

    def test_a_paused_user_stays_out_until_they_are_let_in(self, admin: Person, person: People, site: Site) -> None:
        user = site.account("roomy")
        person().sign_in(user)
        search(admin, **{USER: user})
        admin.follow(user)
        admin.follow("Pause their sign-ins")
        admin.page.get_by_label("Your reason").fill("Under investigation")
        admin.press("Pause sign-ins")
        assert "Under investigation" in admin.text
        out = person(user_agent=IPHONE)
        out.sign_in(user)
        assert out.signed_in_as() == ""
        assert "investigation" not in "".join(out.sources)
        admin.follow("Let them sign in again")
        admin.page.get_by_label("Your reason").fill("All is well")
        admin.press("Let them sign in")
        out.sign_in(user)
        assert out.signed_in_as() == user


def the_list(somebody: Person) -> None:
    somebody.go(LIST + "?standing=any")


def the_search(somebody: Person) -> None:
    somebody.go(LIST + "?user=ada&device=fire&address=" + "1" * 65)


def some_users(somebody: Person) -> None:
    somebody.go(LIST + "?user=cleo&standing=any&device=fire")


def a_session(somebody: Person) -> None:
    the_list(somebody)
    somebody.act(somebody.page.locator("td[data-label=Device] a").first.click)


def a_user(somebody: Person) -> None:
    somebody.go(LIST + "?user=cleo")
    somebody.act(somebody.page.locator("td[data-label=User] a").first.click)


def a_pause(somebody: Person) -> None:
    a_user(somebody)
    somebody.follow("Pause their sign-ins")


def the_selected(somebody: Person) -> None:
    somebody.go(LIST)
    rows(somebody).last.get_by_role("checkbox").check()
    somebody.press("End the selected sessions")


def matching(somebody: Person) -> None:
    somebody.go(LIST + "end-matching/?device=firefox")


def everybody(somebody: Person) -> None:
    somebody.go(LIST + "end-all/")
    somebody.page.get_by_label("Your reason").fill("x")
    somebody.page.locator("form.sja-confirm").evaluate("form => { form.noValidate = true; }")
    somebody.press("End all sessions")


def at_a_glance(somebody: Person) -> None:
    somebody.go(LIST)
    somebody.follow("At a glance")
    somebody.follow("30 days")


HEADINGS: dict[Callable[[Person], None], str] = {
    the_list: "Sessions",
    the_search: "Sessions",
    a_session: "Session of",
    a_user: "Sessions of",
    a_pause: "Pause the sign-ins of this user?",
    the_selected: "End the selected sessions?",
    matching: "End all sessions that the search finds?",
    everybody: "End all sessions of everybody?",
    at_a_glance: "Sessions at a glance",
}


@pytest.fixture(scope="module", params=HEADINGS, ids=lambda way: way.__name__)
def arrived(request: pytest.FixtureRequest, chromium_browser: Browser, site: Site, boss: str) -> Iterator[Person]:
    """The administrator on one of the pages; its tests share the visit."""
    way: Callable[[Person], None] = request.param
    somebody = Person(chromium_browser, site.url, scripts=True)  # axe is one
    somebody.sign_in(boss)
    way(somebody)
    assert somebody.heading.startswith(HEADINGS[way])
    somebody.check()  # now: axe itself trips over the policy
    yield somebody
    somebody.context.close()


class TestEveryPage:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, arrived: Person, scheme: str) -> None:
        page = arrived.page
        page.set_viewport_size({"width": 1280, "height": 720})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        # Django's links fade from light to dark: look at the colours when they have arrived.
        page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
        results = Axe().run(page)
        assert results.response["passes"], "axe looked at nothing"
        assert results.violations_count == 0, results.generate_report()

    @pytest.mark.parametrize("width", [360, 320])
    def test_a_phone_shows_it_without_scrolling_sideways(self, arrived: Person, width: int) -> None:
        arrived.page.set_viewport_size({"width": width, "height": 640})
        assert arrived.page.evaluate("document.documentElement.scrollWidth") <= width
        right = arrived.page.evaluate(
            "Math.max(...[...document.querySelectorAll('#content *:not(.sja-hidden, .sja-hidden *, thead, thead *)')]"
            ".map(element => element.getBoundingClientRect().right))"
        )
        assert right <= width

    def test_the_focus_can_be_seen_wherever_the_keyboard_goes(self, arrived: Person) -> None:
        page = arrived.page
        page.set_viewport_size({"width": 1280, "height": 720})
        ours = "#content :is(a[href], button, summary, select, input:not([type=hidden]))"
        stops = page.locator(ours).evaluate_all("all => all.filter(each => each.checkVisibility()).length")
        page.locator("#content").evaluate("content => { content.tabIndex = -1; content.focus(); }")
        seen = set()
        for _ in range(min(stops, 25)):
            page.keyboard.press("Tab")
            name, style, width, in_view = page.evaluate(
                "(() => { const at = document.activeElement, look = getComputedStyle(at),"
                "box = at.getBoundingClientRect(); return [at.outerHTML.slice(0, 200), look.outlineStyle,"
                "parseFloat(look.outlineWidth), box.top >= 0 && box.bottom <= innerHeight] })()"
            )
            assert (style, in_view) == ("solid", True), name
            assert width >= 2, name
            seen.add(name)
        assert seen


@pytest.mark.parametrize(
    ("name", "way", "width", "height", "scheme"),
    [
        ("admin-sessions", some_users, 1200, 900, "light"),
        ("admin-dashboard", at_a_glance, 1200, 900, "light"),
        ("admin-user-dark", a_user, 1200, 900, "dark"),
        ("admin-sessions-phone", some_users, 360, 800, "light"),
    ],
)
def test_pictures_for_the_documentation(
    person: People,
    boss: str,
    screenshots_to: Path,
    name: str,
    way: Callable[[Person], None],
    width: int,
    height: int,
    scheme: str,
) -> None:
    somebody = person(viewport={"width": width, "height": height}, color_scheme=scheme)
    somebody.sign_in(boss)
    way(somebody)
    picture = screenshots_to / f"{name}.png"
    somebody.page.screenshot(path=picture)
    assert 10_000 < picture.stat().st_size < MOST_BYTES
