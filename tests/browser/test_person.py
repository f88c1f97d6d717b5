"""What every visit is searched for can be found: a page with the fault is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import People
from tests.browser.person import Person
from tests.browser.server import Site
from tests.browser.site.policy import POLICY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route


@pytest.fixture
def careless(chromium_browser: Browser, site: Site) -> Person:
    """Somebody who is signed in, and whom nobody looks after at the end."""
    somebody = Person(chromium_browser, site.url)
    somebody.sign_in(site.account("roomy"))
    return somebody


def show(visitor: Person, body: str) -> None:
    """Let the site answer with a page that it would never send."""

    def answer(route: Route) -> None:
        headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html"}
        route.fulfill(status=200, headers=headers, body=f"<!doctype html><title>Careless</title>{body}")

    visitor.page.route("**/careless/**", answer)
    visitor.go("/careless/")


@pytest.mark.parametrize("name", ["sessionid", "sojourn_device", "csrftoken"])
def test_a_cookie_in_a_page_is_noticed(careless: Person, name: str) -> None:
    value = next(cookie["value"] for cookie in careless.context.cookies() if cookie["name"] == name)
    show(careless, f"<p>{value}</p>")
    with pytest.raises(AssertionError, match="a cookie's value in this page"):
        careless.leave()


def test_a_cookie_in_an_address_is_noticed(careless: Person) -> None:
    value = next(cookie["value"] for cookie in careless.context.cookies() if cookie["name"] == "sessionid")
    show(careless, "<p>nothing</p>")
    careless.go(f"/careless/?session={value}")
    with pytest.raises(AssertionError, match="a cookie's value in this address"):
        careless.leave()


def test_a_token_in_a_page_is_noticed(careless: Person) -> None:
    show(careless, f"<p>soj_00{'x' * 43}</p>")
    with pytest.raises(AssertionError, match="a token in this page"):
        careless.leave()


@pytest.mark.parametrize(
    "body", ["<style>p { color: red }</style>", "<p style='color: red'>", "<img src='https://elsewhere.invalid/a.png'>"]
)
def test_what_the_policy_forbids_is_noticed(careless: Person, body: str) -> None:
    show(careless, body)
    with pytest.raises(AssertionError, match="Content Security Policy"):
        careless.leave()


def test_an_ordinary_visit_has_its_secrets_and_keeps_them(site: Site, person: People) -> None:
    visitor = person()
    visitor.sign_in(site.account("roomy"))
    visitor.go("/sessions/")
    names = {cookie["name"] for cookie in visitor.context.cookies()}
    assert names == {"sessionid", "sojourn_device", "csrftoken"}
    assert len(visitor.secrets) >= 3
    visitor.check()
