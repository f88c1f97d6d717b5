"""Texts of strangers in messages: nothing breaks out of its line, turns text around, or becomes a link."""

from __future__ import annotations

import unicodedata

import pytest

from sojourn.contrib.django.notices.plain import LONGEST, plain, shortened, unlinked, unlinked_html

NASTY = [
    "Firefox\r\nBcc: eve@evil.example",
    "Firefox\nX: 1",
    "a\x00b\x1bc\x7fd",
    "\u2028line\u2029paragraph\x85next",
    "\u202egnp.exe\u202c",
    "\u2066isolated\u2069 \u200e\u200f\u061c",
    "zero\u200bwidth\u200d\ufeff\u2060joined",
    "tag\U000e0041\U000e007f",
    "\ud800surrogate",
    "\u3164\u115f\u1160\uffa0\u2800fillers\u034f",
    "\ue000private",
]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_nothing_invisible_and_no_end_of_a_line_is_left(text: str) -> None:
    for made in (plain(text), unlinked(text), str(unlinked_html(text))):
        assert {unicodedata.category(c) for c in made} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} == set()
        assert not set("\u3164\u115f\u1160\uffa0\u2800\u034f") & set(made)
        assert len(made.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "evil.example",
        "https://evil.example/reset",
        "HTTP:evil",
        "mail eve@evil.example now",
        "evil\uff0eexample",
        "evil\u3002example",
        "www.evil.example",
        "//evil",
        "javascript:alert(1)",
    ],
)
def test_a_name_does_not_become_a_link(text: str) -> None:
    for mark in ".:@\uff0e\u3002":
        for made in (unlinked(text), str(unlinked_html(text))):
            position = made.find(mark)
            assert position < 0 or made[position + 1] in {" ", "<"}


def test_html_is_escaped_and_keeps_its_direction_to_itself() -> None:
    assert unlinked_html("<b>&\"'") == "<bdi>&lt;b&gt;&amp;&quot;&#x27;</bdi>"
    assert unlinked_html("<i>.</i>") == "<bdi>&lt;i&gt;<span>.</span>&lt;<span>/</span>i&gt;</bdi>"
    assert unlinked_html("") == "<bdi></bdi>"


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("Zoë, phone", "St. Gallen, Switzerland", "東京", "القاهرة", "Firefox on Windows"):
        assert plain(name) == unlinked(name) == name


def test_a_text_without_an_end_is_cut() -> None:
    assert len(plain("x" * 100_000)) == LONGEST


@pytest.mark.parametrize(
    ("address", "precision", "shown"),
    [
        ("192.0.2.77", "full", "192.0.2.77"),
        ("192.0.2.77", "network", "192.0.2.*"),
        ("2001:db8:1:2::7", "full", "2001:db8:1:2::7"),
        ("2001:db8:1:2::7", "network", "2001:db8:1:*"),
        ("2001:db8::7", "network", "2001:db8:*"),
        ("192.0.2.77", "none", ""),
        ("", "full", ""),
        ("evil.example", "full", ""),
        ("192.0.2.0/24", "network", "192.0.2.*"),
        ("2001:db8:1::/48", "full", "2001:db8:1::/48"),
        ("2001:db8:1::/48", "none", ""),
    ],
)
def test_an_address_is_shown_as_far_as_the_site_wants(address: str, precision: str, shown: str) -> None:
    assert shortened(address, precision) == shown
