"""What the tests of German pages share: nothing English is on them, and nothing German is too long for them."""

from __future__ import annotations

import re

from tests.browser.person import Person
from tests.catalogue import english_on, said

TIME = r"\d{1,2}\. (Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember) \d{4}"


def is_german(somebody: Person) -> None:
    """All that the page says is German, its times too, and its drawings have numbers that browsers read."""
    html = somebody.page.content()
    assert said(html)[0] == "de"
    found = list(english_on(html))
    assert not found, "\n".join(found)
    assert re.search(r' (x|y|width|height|max|value)="\d+,\d', html) is None


def fits(somebody: Person, ours: str) -> None:
    """German words are long: none sticks out of a phone, or is cut off in a button."""
    for width in (1200, 360, 320):
        somebody.page.set_viewport_size({"width": width, "height": 640})
        assert somebody.page.evaluate("document.documentElement.scrollWidth") <= width
        out = somebody.page.evaluate(
            "([ours, width]) => [...document.querySelectorAll(ours)].filter(each => each.checkVisibility())"
            ".filter(each => !each.closest('.sj-hidden, .sja-hidden, thead, .sjd-scroll'))"
            ".filter(each => each.getBoundingClientRect().right > width + 0.5"
            " || (each.matches('a, button, label, dt, dd, th, td') && each.scrollWidth > each.clientWidth + 1"
            " && getComputedStyle(each).display !== 'inline'))"
            ".map(each => each.outerHTML.slice(0, 200))",
            [ours, width],
        )
        assert out == [], width
