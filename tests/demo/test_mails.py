"""The demonstration's mails: what its users are written to can be read on a page, a moment later."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.demo.visitor import Demo, Visitor, running

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running() as started:
        yield started


def read(visitor: Visitor, what: str) -> str:
    """The page of mails, once it says this: a thread of the demonstration's writes them."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        text = visitor.get("mails/").text
        if what in text:
            return text
        time.sleep(0.1)
    raise AssertionError(f"no mail says {what!r}")


def test_a_sign_in_in_another_browser_is_read_of_and_its_link_leads_to_a_question(demo: Demo) -> None:
    home = Visitor(demo.url)
    assert "Nothing yet" in home.get("mails/").text
    home.sign_in("ann", demo.passwords["ann"])
    Visitor(demo.url).sign_in("ann", demo.passwords["ann"])
    text = read(home, "Sign-in on a new device")
    assert "To ann@demo.example" in text
    assert "This machine" in text
    (link,) = set(re.findall(rf'href="{demo.url}(sessions/not-me/[^"]*)"', text))
    assert home.get(link.replace("&amp;", "&")).status == 200

    name = re.search(r'href="/(mails/\d+/)"', text)
    assert name is not None
    page = home.get(name[1])
    assert "Sign-in on a new device" in page.text
    assert "script" not in page.text


@pytest.mark.parametrize("name", ["1", "%2e%2e%2fdemo", "9" * 30, "x"])
def test_a_mail_that_there_is_not_is_not_found(demo: Demo, name: str) -> None:
    assert Visitor(demo.url).get(f"mails/{name}/").status == 404
